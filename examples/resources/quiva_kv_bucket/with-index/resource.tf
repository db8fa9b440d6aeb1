resource "quiva_kv_bucket" "products" {
  bucket    = "products"
  max_bytes = 10 * 1024 * 1024 * 1024 # 10 GiB

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
}
