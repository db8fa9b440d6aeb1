terraform {
  required_providers {
    quiva = {
      source = "quivaworks/quiva"
    }
  }
}

# QUIVA_API_KEY or QUIVA_BEARER_TOKEN holds the credential.
provider "quiva" {}

resource "quiva_kv_entry" "checkout" {
  bucket = "feature-flags"
  key    = "checkout"

  value = {
    enabled = true
    rollout = 25
  }
}
