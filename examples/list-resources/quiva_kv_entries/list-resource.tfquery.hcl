# All entries of a bucket as one resource, however many they are.
list "quiva_kv_entries" "settings" {
  provider         = quiva
  include_resource = true

  config {
    bucket = "shop-settings"
  }
}

# Those whose keys begin with "team-a.".
list "quiva_kv_entries" "team_a" {
  provider         = quiva
  include_resource = true

  config {
    bucket     = "feature-flags"
    key_prefix = "team-a."
  }
}
