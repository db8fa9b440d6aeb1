# Reads entries as a service would, for the assertions of a test.
terraform {
  required_providers {
    quiva = {
      source = "quivaworks/quiva"
    }
  }
}

variable "bucket" {
  type    = string
  default = "feature-flags"
}

variable "keys" {
  type    = set(string)
  default = []
}

data "quiva_kv_entry" "this" {
  for_each = var.keys

  bucket = var.bucket
  key    = each.key
}

output "values" {
  value = { for key, entry in data.quiva_kv_entry.this : key => entry.value }
}
