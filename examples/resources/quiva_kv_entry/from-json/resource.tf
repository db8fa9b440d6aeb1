resource "quiva_kv_entry" "routing" {
  bucket = "feature-flags"
  key    = "routing"
  value  = jsondecode(file("${path.module}/routing.json"))
}
