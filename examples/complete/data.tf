# Each reads what has just been written.
data "quiva_kv_entry" "new_checkout" {
  bucket = quiva_kv_bucket.settings.bucket
  key    = quiva_kv_entry.flag["new-checkout"].key
}

data "quiva_kv_entries" "markets" {
  bucket      = quiva_kv_bucket.settings.bucket
  key_pattern = "market.*"

  depends_on = [quiva_kv_entries.markets]
}

# Finds markets by their currency, which the bucket indexes.
data "quiva_kv_entries" "euro_markets" {
  bucket = quiva_kv_bucket.settings.bucket
  search = { field = "currency", text = "EUR" }

  depends_on = [quiva_kv_entries.markets]
}

data "quiva_kv_bucket" "settings" {
  bucket = quiva_kv_bucket.settings.bucket

  depends_on = [quiva_kv_entry.flag, quiva_kv_entries.markets]
}

data "quiva_kv_buckets" "all" {
  depends_on = [
    quiva_kv_bucket.settings,
    quiva_kv_bucket.secrets,
    quiva_kv_bucket.previews,
  ]
}
