import {
  to = quiva_kv_bucket.settings
  id = "shop-settings"
}
