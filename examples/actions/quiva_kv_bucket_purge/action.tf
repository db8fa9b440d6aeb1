# Preview environments write entries that Terraform does not know. They are purged
# before the bucket is destroyed, which is refused while it holds entries.
resource "quiva_kv_bucket" "previews" {
  bucket = "previews"

  lifecycle {
    action_trigger {
      events  = [before_destroy]
      actions = [action.quiva_kv_bucket_purge.previews]
    }
  }
}

action "quiva_kv_bucket_purge" "previews" {
  config {
    bucket      = caller.bucket
    max_entries = 200
  }
}

# To be invoked by hand:
#
#   terraform apply -invoke=action.quiva_kv_bucket_purge.team_a
action "quiva_kv_bucket_purge" "team_a" {
  config {
    bucket     = "previews"
    key_prefix = "team-a."
  }
}
