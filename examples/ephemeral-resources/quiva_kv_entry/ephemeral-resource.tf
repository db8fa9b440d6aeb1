ephemeral "quiva_kv_entry" "database" {
  bucket = "infrastructure"
  key    = "database"
}

# The password goes from one entry to the other, and is in no plan and no state.
resource "quiva_kv_entry" "connection" {
  bucket = "shop-settings"
  key    = "connection"

  value_wo = {
    user     = "shop"
    password = ephemeral.quiva_kv_entry.database.value.password
  }
  value_wo_version = 1 # a change writes value_wo again
}
