# One entry for each top-level key of flags.yaml.
resource "quiva_kv_entry" "flag" {
  for_each = yamldecode(file("${path.module}/flags.yaml"))

  bucket = "feature-flags"
  key    = each.key
  value  = each.value
}
