# One entry for each top-level key of flags.yaml, all of them below team-a/.
resource "quiva_kv_entries" "flags" {
  bucket  = "feature-flags"
  entries = { for name, flag in yamldecode(file("${path.module}/flags.yaml")) : "team-a/${name}" => flag }
}
