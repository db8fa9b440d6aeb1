terraform {
  required_version = ">= 1.11"

  required_providers {
    quiva = {
      source = "quivaworks/quiva"
    }
  }
}

# The gateway and the credential come from QUIVA_API_URL and QUIVA_API_KEY.
provider "quiva" {}

# Writes secrets under an identity of its own. Its token is read again in every
# run and stored nowhere.
provider "quiva" {
  alias = "secrets"
  token = ephemeral.quiva_kv_entry.secrets_writer.value.token
}
