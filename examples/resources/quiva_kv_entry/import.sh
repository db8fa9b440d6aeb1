# The ID is the bucket, a slash and the key.
terraform import quiva_kv_entry.checkout feature-flags/payment.checkout

# An instance of a resource with for_each: quote its address for the shell.
terraform import 'quiva_kv_entry.flag["new-search"]' feature-flags/new-search
