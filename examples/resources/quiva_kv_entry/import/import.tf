import {
  to = quiva_kv_entry.new_search
  id = "feature-flags/new-search"
}

resource "quiva_kv_entry" "new_search" {
  bucket = "feature-flags"
  key    = "new-search"

  value = {
    enabled = true
    rollout = 25
  }
}
