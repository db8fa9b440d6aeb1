# Before:
#
#   resource "quiva_kv_entry" "flag" {
#     for_each = local.flags
#
#     bucket = "feature-flags"
#     key    = each.key
#     value  = each.value
#   }

removed {
  from = quiva_kv_entry.flag

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
