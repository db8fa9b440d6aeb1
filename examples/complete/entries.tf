locals {
  # The flags of all environments, and the differences of some.
  base = {
    new-checkout = { enabled = true, rollout = { percentage = 25, sticky_by = "customer_id" } }
    express-pay  = { enabled = true, wallets = ["apple-pay", "google-pay"] }
    gift-cards   = { enabled = false, owner = "team-growth" }
  }
  overlays = {
    production = {}
    staging    = { new-checkout = { rollout = { percentage = 100 } }, gift-cards = { enabled = true, owner = null } }
  }
  flags = provider::quiva::merge(local.base, local.overlays[var.environment])

  markets = yamldecode(file("${path.module}/markets.yaml"))

  # Each market is checked against the schema, before any of them is written.
  market_errors = provider::quiva::schema_errors(local.markets, {
    additionalProperties = jsondecode(file("${path.module}/market.schema.json"))
  })
}

# One resource for each entry: a flag is a line of the plan, and other resources
# can refer to it.
resource "quiva_kv_entry" "flag" {
  for_each = local.flags

  bucket = quiva_kv_bucket.settings.bucket
  key    = "flags.${each.key}"
  value  = each.value
}

# One resource for all entries of a file, whether it has forty or thousands. A
# market that somebody adds by hand is deleted again.
resource "quiva_kv_entries" "markets" {
  bucket     = quiva_kv_bucket.settings.bucket
  key_prefix = "market."
  entries    = local.markets
  exclusive  = {}

  lifecycle {
    precondition {
      condition     = length(local.market_errors) == 0
      error_message = join("\n  ", concat(["Markets do not match market.schema.json:"], local.market_errors))
    }
  }
}

resource "quiva_kv_entry" "preview_defaults" {
  bucket = quiva_kv_bucket.previews.bucket
  key    = "defaults"
  value = {
    flags      = local.flags
    expires_in = "72h"
  }
}

# Preview environments count in the same entry. What they write there stays.
resource "quiva_kv_entry_properties" "preview_quota" {
  bucket = quiva_kv_bucket.previews.bucket
  key    = "usage"
  properties = {
    quota = { requests_per_hour = var.preview_quota }
  }
}
