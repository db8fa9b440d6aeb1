# What a gateway holds after an apply.

variables {
  flags = {
    checkout = { rollout = 25, owner = "team-payments" }
    search   = { enabled = false }
  }
}

run "writes" {
  assert {
    condition     = output.keys == { checkout = "flags.checkout", search = "flags.search" }
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
    condition     = output.values["flags.checkout"] == { enabled = true, rollout = 25, owner = "team-payments" }
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
    condition     = output.values == { "flags.checkout" = { enabled = true, rollout = 50 } }
    error_message = "The gateway holds ${jsonencode(output.values)}."
  }
}
