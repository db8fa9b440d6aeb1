import {
  to = quiva_kv_entry.checkout
  id = "feature-flags/payment.checkout"
}
