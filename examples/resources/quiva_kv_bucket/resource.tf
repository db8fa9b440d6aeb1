resource "quiva_kv_bucket" "settings" {
  bucket         = "shop-settings"
  description    = "Settings of the shop"
  history        = 5
  max_value_size = 64 * 1024
}

# Because of the reference, the bucket is created first and deleted last.
resource "quiva_kv_entry" "limits" {
  bucket = quiva_kv_bucket.settings.bucket
  key    = "limits"
  value  = { max_items = 100 }
}
