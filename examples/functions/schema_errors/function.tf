locals {
  flag_schema = jsondecode(file("${path.module}/flag.schema.json"))

  flags = {
    search  = { enabled = true }
    reviews = { enabled = false, rollout = 50 }
  }

  # All flags at once: an error then says in which, "/reviews/rollout: maximum: got 120, want 100".
  flag_errors = provider::quiva::schema_errors(local.flags, { additionalProperties = local.flag_schema })
}

resource "quiva_kv_entries" "flags" {
  bucket  = "feature-flags"
  entries = local.flags

  lifecycle {
    precondition {
      condition     = length(local.flag_errors) == 0
      error_message = join("\n  ", concat(["Flags do not match their schema:"], local.flag_errors))
    }
  }
}

# The same for a variable: users of the module see what is wrong.
variable "checkout" {
  type    = any
  default = { enabled = true, rollout = 25 }

  validation {
    condition     = length(provider::quiva::schema_errors(var.checkout, local.flag_schema)) == 0
    error_message = join("\n  ", concat(["Invalid flag:"], provider::quiva::schema_errors(var.checkout, local.flag_schema)))
  }
}

resource "quiva_kv_entry" "checkout" {
  bucket = "feature-flags"
  key    = "checkout"
  value  = var.checkout
}
