terraform {
  required_providers {
    quiva = { source = "quivaworks/quiva" }
  }
}

variable "payment_key" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "payment_key_version" {
  type    = number
  default = 1
}

# --- What the demo shows begins here.

resource "quiva_kv_bucket" "shop" {
  bucket = "shop"
}

# Each flag of flags.yaml is an entry. Under this prefix, only Terraform writes.
resource "quiva_kv_entries" "flags" {
  bucket     = quiva_kv_bucket.shop.bucket
  key_prefix = "flags."
  entries    = { for name, flag in yamldecode(file("flags.yaml")) : "flags.${name}" => flag }
  exclusive  = {}
}

# A secret, which is stored on the gateway and in no file of Terraform's.
resource "quiva_kv_entry" "payment" {
  bucket           = quiva_kv_bucket.shop.bucket
  key              = "payment"
  value_wo         = { api_key = var.payment_key }
  value_wo_version = var.payment_key_version
}
