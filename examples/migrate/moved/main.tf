# Before:
#
#   resource "restapi_object" "flag" {
#     for_each = local.flags
#
#     path          = "/storage/kv/feature-flags/entries"
#     create_path   = "/storage/kv/feature-flags/entries/{id}"
#     create_method = "PUT"
#     object_id     = each.key
#     data          = jsonencode(each.value)
#   }

moved {
  from = restapi_object.flag
  to   = quiva_kv_entry.flag
}

# The key of an instance may change at once.
moved {
  from = quiva_kv_entry.flag["dark_mode"]
  to   = quiva_kv_entry.flag["dark-mode"]
}

resource "quiva_kv_entry" "flag" {
  for_each = local.flags

  bucket = "feature-flags"
  key    = each.key
  value  = each.value
}

locals {
  flags = {
    dark-mode  = { enabled = true }
    new-search = { enabled = true, rollout = 25 }
  }
}
