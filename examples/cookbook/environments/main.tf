variable "environment" {
  type    = string
  default = "staging"

  validation {
    condition     = fileexists("${path.module}/${var.environment}.yaml")
    error_message = "There is no ${var.environment}.yaml."
  }
}

locals {
  settings = yamldecode(file("${path.module}/settings.yaml"))
  overlay  = yamldecode(file("${path.module}/${var.environment}.yaml"))
}

resource "quiva_kv_bucket" "shop" {
  bucket = "shop-${var.environment}"
}

resource "quiva_kv_entries" "shop" {
  bucket  = quiva_kv_bucket.shop.bucket
  entries = provider::quiva::merge(local.settings, local.overlay)
}
