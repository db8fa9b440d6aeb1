data "quiva_kv_entry" "routing" {
  bucket = "feature-flags"
  key    = "routing"
}

locals {
  routing = data.quiva_kv_entry.routing.value
}

# Nested values are reached like any other Terraform value.
output "targets" {
  value = { for route in local.routing.routes : route.prefix => route.target }
}

# A property that may be missing needs a default.
output "timeout_seconds" {
  value = try(local.routing.timeout_seconds, 30)
}

# The whole value as JSON text, whatever it is.
output "json" {
  value = jsonencode(local.routing)
}
