output "keys" {
  description = "Keys of the entries, by the flags' names."
  value       = { for name, entry in quiva_kv_entry.flag : name => entry.key }
}
