# One entry for each top-level key of flags.yaml, with keys such as "team-a.checkout".
resource "quiva_kv_entries" "flags" {
  bucket  = "feature-flags"
  entries = { for name, flag in yamldecode(file("${path.module}/flags.yaml")) : "team-a.${name}" => flag }
}
