resource "quiva_kv_bucket" "products" {
  bucket         = "products"
  description    = "Product data for the shop's search"
  history        = 10
  max_bytes      = 10 * 1024 * 1024 * 1024 # 10 GiB
  max_value_size = 1024 * 1024             # 1 MiB
  replicas       = 3
  storage        = "file"
  compression    = true

  indexing = {
    mappings = [
      { field = "name", field_type = "text" },
      { field = "price", field_type = "number" },
      { field = "category", field_type = "keyword" },
    ]
    partitions   = 3
    replicas     = 2
    storage_type = "file"
  }

  force_destroy = false
}
