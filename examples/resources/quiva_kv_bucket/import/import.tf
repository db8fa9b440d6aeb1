import {
  to = quiva_kv_bucket.settings
  id = "shop-settings"
}

resource "quiva_kv_bucket" "settings" {
  bucket = "shop-settings"
}
