resource "quiva_kv_bucket" "settings" {
  bucket  = "shop-settings"
  history = 5
}

resource "quiva_kv_entries" "limits" {
  bucket  = quiva_kv_bucket.settings.bucket
  entries = { checkout = { requests_per_minute = 600 } }

  lifecycle {
    replace_triggered_by = [quiva_kv_bucket.settings.history]
  }
}
