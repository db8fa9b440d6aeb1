data "quiva_kv_entry" "limits" {
  bucket = "feature-flags"
  key    = "limits"
}

output "max_items" {
  value = data.quiva_kv_entry.limits.value.max_items
}
