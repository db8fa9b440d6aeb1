# Terraform alone owns the keys that begin with "flags.", except the counters that
# the service keeps there. The service owns all other keys of the bucket.
resource "quiva_kv_entries" "flags" {
  bucket     = "shop"
  key_prefix = "flags."

  entries = {
    "flags.checkout" = { enabled = true, rollout = 25 }
    "flags.search"   = { enabled = true }
  }

  exclusive = {
    except = ["flags.counters.*"]
  }
}
