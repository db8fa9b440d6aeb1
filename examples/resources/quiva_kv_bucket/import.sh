# The ID is the bucket's name.
terraform import quiva_kv_bucket.settings shop-settings
