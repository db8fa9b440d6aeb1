variables {
  flags = {
    checkout = { rollout = 25, owner = "team-payments" }
    search   = { enabled = false }
  }
}

# What is planned. Nothing is written.

run "plans_one_entry_per_flag" {
  command = plan

  assert {
    condition     = quiva_kv_entry.flag["checkout"].key == "flags/checkout"
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

# What the gateway holds after an apply.

run "writes" {
  assert {
    condition     = output.keys == { checkout = "flags/checkout", search = "flags/search" }
    error_message = "The keys are ${jsonencode(output.keys)}."
  }
}

run "gateway_holds_what_was_written" {
  module {
    source = "./tests/entries"
  }

  variables {
    keys = values(run.writes.keys)
  }

  assert {
    condition     = output.values["flags/checkout"] == { enabled = true, rollout = 25, owner = "team-payments" }
    error_message = "The gateway holds ${jsonencode(output.values)}."
  }
}

run "changes" {
  variables {
    flags = { checkout = { rollout = 50 } }
  }
}

run "gateway_holds_the_change" {
  module {
    source = "./tests/entries"
  }

  variables {
    keys = values(run.changes.keys)
  }

  assert {
    condition     = output.values == { "flags/checkout" = { enabled = true, rollout = 50 } }
    error_message = "The gateway holds ${jsonencode(output.values)}."
  }
}
