# A module that writes feature flags. It has no provider block, so that its caller configures the provider.
# On its own, it takes endpoint and credential from the environment.
terraform {
  required_version = ">= 1.11"

  required_providers {
    quiva = {
      source = "quivaworks/quiva"
    }
  }
}

resource "quiva_kv_entry" "flag" {
  for_each = var.flags

  bucket = var.bucket
  key    = "flags.${each.key}"

  # A property that is null would be written as null: leave it out.
  value = { for name, setting in each.value : name => setting if setting != null }
}
