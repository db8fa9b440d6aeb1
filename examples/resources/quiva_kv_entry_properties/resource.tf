# A service keeps its own state in the same entry. That stays as it is.
resource "quiva_kv_entry_properties" "crawler" {
  bucket = "feature-flags"
  key    = "agents.crawler"

  properties = {
    limits = {
      requests_per_minute = 60
      hosts               = ["example.com", "example.org"]
    }
  }
}
