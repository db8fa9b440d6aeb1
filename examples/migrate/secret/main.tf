removed {
  from = restapi_object.database

  lifecycle {
    destroy = false
  }
}

variable "database_password" {
  type      = string
  sensitive = true
  ephemeral = true # in no plan and no state; set it with TF_VAR_database_password
}

resource "quiva_kv_entry" "database" {
  bucket    = "feature-flags"
  key       = "database"
  overwrite = true # takes over the entry without reading it into the state

  value_wo = {
    host     = "db.example.com"
    password = var.database_password
  }
  value_wo_version = 1
}
