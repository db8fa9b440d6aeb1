variable "database_password" {
  type      = string
  nullable  = false
  sensitive = true
  ephemeral = true # in no plan and no state; set it with TF_VAR_database_password
}

resource "quiva_kv_entry" "database" {
  bucket = "feature-flags"
  key    = "database"

  value_wo         = { user = "shop", password = var.database_password }
  value_wo_version = 1 # raise it together with each new password
}
