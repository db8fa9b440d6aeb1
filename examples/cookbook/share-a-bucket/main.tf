# Terraform has the keys that begin with "flags/" for itself, except the counters
# that the service keeps there. All other keys of the bucket are the service's.
resource "quiva_kv_entries" "flags" {
  bucket     = "shop"
  key_prefix = "flags/"

  entries = {
    "flags/checkout" = { enabled = true, rollout = 25 }
    "flags/search"   = { enabled = true }
  }

  exclusive = {
    except = ["flags/counters/*"]
  }
}
