# Each owns the paths that it names, and nothing else of the object "checkout".
resource "quiva_kv_entry_properties" "growth" {
  bucket     = "feature-flags"
  key        = "shop"
  properties = { checkout = { express = true } }
}

resource "quiva_kv_entry_properties" "platform" {
  bucket     = "feature-flags"
  key        = "shop"
  properties = { checkout = { timeout_seconds = 20 } }
}
