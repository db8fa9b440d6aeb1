import {
  to = quiva_kv_entry_properties.crawler
  id = "feature-flags/agents.crawler"
}
