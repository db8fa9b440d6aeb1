import {
  to = quiva_kv_entries.search
  id = "feature-flags/search/*"
}

resource "quiva_kv_entries" "search" {
  bucket = "feature-flags"

  entries = {
    "search/ranking"     = { model = "large", weight = 0.75 }
    "search/suggestions" = { enabled = true }
  }
}
