# The shop's services read these settings. The limits stop a writer that runs wild.
resource "quiva_kv_bucket" "settings" {
  bucket         = "${var.prefix}-settings"
  description    = "Settings of the shop's services"
  history        = 5
  max_bytes      = 64 * 1024 * 1024
  max_value_size = 64 * 1024
  compression    = true

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

resource "quiva_kv_bucket" "secrets" {
  bucket      = "${var.prefix}-secrets"
  description = "Secrets of the shop's services"
}

# Preview environments write entries of their own here. They are deleted with the bucket.
resource "quiva_kv_bucket" "previews" {
  bucket        = "${var.prefix}-previews"
  storage       = "memory"
  force_destroy = true
}
