# Up to 500 entries, each as a resource of its own. Secrets are left out: what is generated holds the values in clear text.
list "quiva_kv_entry" "team_a" {
  provider         = quiva
  include_resource = true
  limit            = 500

  config {
    bucket     = "feature-flags"
    key_prefix = "team-a."
    exclude    = ["team-a.secrets.*", "*.password"]
  }
}
