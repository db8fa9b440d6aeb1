data "quiva_kv_bucket" "flags" {
  bucket = "feature-flags"
}

output "revisions_kept" {
  value = data.quiva_kv_bucket.flags.history
}
