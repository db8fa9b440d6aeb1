resource "quiva_kv_bucket" "markets" {
  bucket = "markets"

  indexing = {
    mappings = [
      { field = "currency", field_type = "keyword" },
      { field = "vat", field_type = "number" },
    ]
    partitions   = 1
    replicas     = 1
    storage_type = "file"
  }
}

resource "quiva_kv_entries" "markets" {
  bucket = quiva_kv_bucket.markets.bucket
  entries = {
    DE = { currency = "EUR", vat = 0.19 }
    FR = { currency = "EUR", vat = 0.2 }
    SE = { currency = "SEK", vat = 0.25 }
  }
}

data "quiva_kv_entries" "euro" {
  bucket = quiva_kv_bucket.markets.bucket
  search = { field = "currency", text = "EUR" }

  depends_on = [quiva_kv_entries.markets]
}

data "quiva_kv_entries" "high_vat" {
  bucket = quiva_kv_bucket.markets.bucket
  search = { field = "vat", min = 0.2 }

  depends_on = [quiva_kv_entries.markets]
}

output "markets" {
  value = {
    euro     = data.quiva_kv_entries.euro.keys     # DE, FR
    high_vat = data.quiva_kv_entries.high_vat.keys # FR, SE
  }
}
