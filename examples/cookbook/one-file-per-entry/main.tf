locals {
  directory = "${path.module}/flags"
}

# flags/checkout.yaml is the entry "checkout".
resource "quiva_kv_entries" "flags" {
  bucket = "feature-flags"
  entries = {
    for file in fileset(local.directory, "*.yaml") :
    trimsuffix(file, ".yaml") => yamldecode(file("${local.directory}/${file}"))
  }
}
