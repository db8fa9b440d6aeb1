output "buckets" {
  description = "Buckets of the shop, as the gateway lists them."
  value       = [for bucket in data.quiva_kv_buckets.all.buckets : bucket.name if startswith(bucket.name, "${var.prefix}-")]
}

output "settings" {
  description = "Limits of the settings bucket, and how much it holds."
  value = {
    entries   = data.quiva_kv_bucket.settings.entry_total
    revisions = data.quiva_kv_bucket.settings.history
    limit_mib = data.quiva_kv_bucket.settings.max_bytes / 1024 / 1024
  }
}

output "currencies" {
  description = "Currencies of the markets that are open."
  value       = sort(distinct([for market in data.quiva_kv_entries.markets.entries : market.currency if market.open]))
}

output "euro_markets" {
  description = "Markets that pay in euros, open or not."
  value       = data.quiva_kv_entries.euro_markets.keys
}

output "new_checkout_rollout" {
  description = "Who gets the new checkout, as a service sees it."
  value       = data.quiva_kv_entry.new_checkout.value.rollout
}
