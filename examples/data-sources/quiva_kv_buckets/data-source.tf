data "quiva_kv_buckets" "all" {}

output "entries_by_bucket" {
  value = { for bucket in data.quiva_kv_buckets.all.buckets : bucket.name => bucket.entry_total }
}
