output "flag_count" {
  description = "Number of entries that are managed here."
  value       = length(quiva_kv_entry.flag)
}

output "new_checkout_rollout" {
  description = "Who gets the new checkout, as the gateway has it."
  value       = data.quiva_kv_entry.new_checkout.value.rollout
}
