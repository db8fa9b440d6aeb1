import {
  to = quiva_kv_entries.flags
  id = "feature-flags"
}
