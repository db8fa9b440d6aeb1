locals {
  # flags/checkout.json is the entry "checkout".
  flags = { for file in fileset(path.module, "flags/*.json") : trimsuffix(basename(file), ".json") => file("${path.module}/${file}") }
}

resource "quiva_kv_entries" "flags" {
  bucket  = "feature-flags"
  entries = local.flags

  lifecycle {
    precondition {
      condition     = length(local.flags) > 0
      error_message = "There are no files in ${path.module}/flags."
    }
  }
}
