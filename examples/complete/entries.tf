locals {
  flags = {
    new-checkout = { enabled = true, rollout = { percentage = 25, sticky_by = "customer_id" } }
    express-pay  = { enabled = true, wallets = ["apple-pay", "google-pay"] }
    gift-cards   = { enabled = false, owner = "team-growth" }
  }

  markets = yamldecode(file("${path.module}/markets.yaml"))
}

# One resource for each entry: a flag is a line of the plan, and other resources
# can refer to it.
resource "quiva_kv_entry" "flag" {
  for_each = local.flags

  bucket = quiva_kv_bucket.settings.bucket
  key    = "flags/${each.key}"
  value  = each.value
}

# One resource for all entries of a file, whether it has forty or thousands. The
# file is all there is: a market that somebody adds by hand is deleted again.
resource "quiva_kv_entries" "markets" {
  bucket     = quiva_kv_bucket.settings.bucket
  key_prefix = "market/"
  entries    = local.markets
  exclusive  = {}
}

resource "quiva_kv_entry" "preview_defaults" {
  bucket = quiva_kv_bucket.previews.bucket
  key    = "defaults"
  value = {
    flags      = local.flags
    expires_in = "72h"
  }
}
