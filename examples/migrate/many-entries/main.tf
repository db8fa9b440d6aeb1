# Before:
#
#   resource "restful_resource" "flag" {
#     for_each = local.flags
#
#     path          = "/storage/kv/feature-flags/entries/${each.key}"
#     create_method = "PUT"
#     read_selector = "body.value"
#     body          = each.value
#   }

removed {
  from = restful_resource.flag

  lifecycle {
    destroy = false
  }
}

resource "quiva_kv_entries" "flags" {
  bucket  = "feature-flags"
  entries = local.flags
}

locals {
  flags = {
    dark-mode  = { enabled = true }
    new-search = { enabled = true, rollout = 25 }
  }
}
