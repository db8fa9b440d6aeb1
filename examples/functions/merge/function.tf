locals {
  environment = "staging"

  checkout = {
    enabled = true
    rollout = { percentage = 100, sticky_by = "customer_id" }
    regions = ["eu", "us"]
    on_call = "team-payments"
  }

  # The differences of each environment.
  overlays = {
    staging    = { rollout = { percentage = 25 }, regions = ["eu"], on_call = null }
    production = {}
  }
}

# { enabled = true, rollout = { percentage = 25, sticky_by = "customer_id" }, regions = ["eu"] }
resource "quiva_kv_entry" "checkout" {
  bucket = "feature-flags"
  key    = "checkout"
  value  = provider::quiva::merge(local.checkout, local.overlays[local.environment])
}
