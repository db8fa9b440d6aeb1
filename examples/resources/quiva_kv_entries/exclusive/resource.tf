# Terraform alone owns the keys that begin with "team-a.", except the counters of a service.
resource "quiva_kv_entries" "team_a" {
  bucket     = "feature-flags"
  key_prefix = "team-a."

  entries = {
    "team-a.new-search" = { enabled = true }
    "team-a.dark-mode"  = { enabled = false }
  }

  max_deletions = 5

  exclusive = {
    except = ["team-a.counters.*"]
  }
}
