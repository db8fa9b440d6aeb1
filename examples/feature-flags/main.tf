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

locals {
  flags = yamldecode(file("${path.module}/flags.yaml"))
}

# The values need not be of one type: each is an object of its own shape.
resource "quiva_kv_entry" "flag" {
  for_each = local.flags

  bucket = var.bucket
  key    = each.key
  value  = each.value
}

# Reads an entry back as a service would see it, once it has been written.
data "quiva_kv_entry" "new_checkout" {
  bucket = var.bucket
  key    = "checkout.new-flow"

  depends_on = [quiva_kv_entry.flag]
}
