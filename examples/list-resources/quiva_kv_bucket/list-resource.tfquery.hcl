list "quiva_kv_bucket" "team_a" {
  provider         = quiva
  include_resource = true

  config {
    name_prefix = "team-a-"
  }
}
