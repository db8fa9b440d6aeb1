# The ID is the bucket, a slash and the key.
terraform import quiva_kv_entry_properties.crawler feature-flags/agents.crawler
