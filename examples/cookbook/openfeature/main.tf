locals {
  flags = {
    new-checkout = {
      state          = "ENABLED"
      variants       = { on = true, off = false }
      defaultVariant = "off"
      targeting      = { if = [{ in = ["@example.com", { var = "email" }] }, "on", null] }
    }
  }

  flag_schema = {
    type     = "object"
    required = ["state", "variants", "defaultVariant"]
    properties = {
      state          = { enum = ["ENABLED", "DISABLED"] }
      variants       = { type = "object", minProperties = 1 }
      defaultVariant = { type = "string" }
      targeting      = { type = "object" }
    }
  }

  errors = provider::quiva::schema_errors(local.flags, { additionalProperties = local.flag_schema })
}

resource "quiva_kv_entries" "flags" {
  bucket  = "feature-flags"
  entries = local.flags

  lifecycle {
    precondition {
      condition     = length(local.errors) == 0
      error_message = join("\n  ", concat(["Invalid flags:"], local.errors))
    }
  }
}
