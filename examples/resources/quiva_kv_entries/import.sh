# All entries of the bucket.
terraform import quiva_kv_entries.flags feature-flags

# The entries whose keys begin with "search.", if that is the key_prefix. Quote the ID, so that the shell leaves * alone.
terraform import quiva_kv_entries.search 'feature-flags/search.*'
