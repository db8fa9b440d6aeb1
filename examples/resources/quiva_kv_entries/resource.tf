resource "quiva_kv_entries" "flags" {
  bucket = "feature-flags"

  entries = {
    "checkout" = {
      enabled = true
      rollout = 25
    }

    "search.suggestions" = {
      enabled = true
      regions = ["eu", "us"]
    }
  }
}
