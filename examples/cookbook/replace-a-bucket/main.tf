locals {
  # One bucket for each generation, with the same entries in it.
  generations = {
    v1 = { history = 1 }
    v2 = { history = 10 }
  }

  limits = {
    checkout = { requests_per_minute = 600 }
    search   = { requests_per_minute = 6000 }
  }
}

resource "quiva_kv_bucket" "limits" {
  for_each = local.generations

  bucket  = "limits-${each.key}"
  history = each.value.history
}

resource "quiva_kv_entries" "limits" {
  for_each = local.generations

  bucket  = quiva_kv_bucket.limits[each.key].bucket
  entries = local.limits
}
