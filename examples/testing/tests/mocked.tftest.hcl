# What is planned. Terraform stands in for the provider: neither a gateway nor a credential is needed.
mock_provider "quiva" {}

variables {
  flags = {
    checkout = { rollout = 25, owner = "team-payments" }
    search   = { enabled = false }
  }
}

run "plans_one_entry_per_flag" {
  command = plan

  assert {
    condition     = quiva_kv_entry.flag["checkout"].key == "flags.checkout"
    error_message = "The key is ${quiva_kv_entry.flag["checkout"].key}."
  }

  assert {
    condition     = quiva_kv_entry.flag["search"].value == { enabled = false, rollout = 100 }
    error_message = "The value is ${jsonencode(quiva_kv_entry.flag["search"].value)}."
  }
}

run "rejects_a_rollout_above_100" {
  command = plan

  variables {
    flags = { checkout = { rollout = 101 } }
  }

  expect_failures = [var.flags]
}

run "rejects_a_name_with_a_space" {
  command = plan

  variables {
    flags = { "new checkout" = {} }
  }

  expect_failures = [var.flags]
}
