# Ephemeral: these values are in no plan and no state.
ephemeral "quiva_kv_entry" "secrets_writer" {
  bucket = var.vault_bucket
  key    = "quiva.secrets-writer"
}

ephemeral "quiva_kv_entry" "payment_provider" {
  bucket = var.vault_bucket
  key    = "payment-provider"
}

# Write-only, for the same reason: value_wo is sent and then forgotten. A change
# of its version sends it again.
resource "quiva_kv_entry" "payment_provider" {
  provider = quiva.secrets

  bucket = quiva_kv_bucket.secrets.bucket
  key    = "payment-provider"
  value_wo = {
    endpoint = "https://payments.example.com/v2"
    api_key  = ephemeral.quiva_kv_entry.payment_provider.value.api_key
  }
  value_wo_version = var.payment_key_version
}
