data "quiva_kv_entries" "team_a" {
  bucket      = "feature-flags"
  key_pattern = "team-a.*"

  lifecycle {
    postcondition {
      condition     = !self.truncated
      error_message = "The gateway lists no more than ${length(self.keys)} entries at once; there may be others."
    }
  }
}

# A property that not every entry has needs a default.
output "rollouts" {
  value = { for key, flag in data.quiva_kv_entries.team_a.entries : key => try(flag.rollout, 100) }
}
