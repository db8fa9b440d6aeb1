resource "quiva_kv_entry" "checkout" {
  bucket = "feature-flags"
  key    = "payment.checkout"

  value = {
    enabled = true
    rollout = 25
    regions = ["eu", "us"]
    limits = {
      max_items   = 100
      max_invoice = null
    }
  }
}
