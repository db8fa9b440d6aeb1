# All keys below team-a/ are declared here, but for those that a service writes.
resource "quiva_kv_entries" "team_a" {
  bucket     = "feature-flags"
  key_prefix = "team-a/"

  entries = {
    "team-a/new-search" = { enabled = true }
    "team-a/dark-mode"  = { enabled = false }
  }

  exclusive = {
    except        = ["team-a/counters/*"]
    max_deletions = 5
  }
}
