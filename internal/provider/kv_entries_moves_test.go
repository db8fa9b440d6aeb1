package provider_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestKVEntriesReplaced: a replacement that Terraform is asked for deletes
// nothing that it would only write again.
func TestKVEntriesReplaced(t *testing.T) {
	t.Parallel()
	triggered := func(gateway *mockgateway.Server, entries, input, lifecycle string) string {
		return withOther(manyEntries(gateway, entries, "lifecycle {", "replace_triggered_by = [terraform_data.other]", lifecycle, "}"), input)
	}
	tests := map[string]struct {
		lifecycle                string
		action                   plancheck.ResourceActionType
		forced, tainted, changed requests // two go and two come
	}{
		"destroyed first": {"", plancheck.ResourceActionDestroyBeforeCreate,
			requests{lists: 1, gets: 18}, requests{lists: 1, gets: 18}, requests{lists: 1, gets: 18 + 2, puts: 2, deletes: 2}},
		// The new object does not know of the old one and looks at all keys.
		"created first": {"create_before_destroy = true", plancheck.ResourceActionCreateBeforeDestroy,
			requests{lists: 1, gets: 18}, requests{lists: 1, gets: 18}, requests{lists: 1, gets: 18 + 2, puts: 2, deletes: 2}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "stranger", `{}`)
			replace := func(taint bool, entries, input string, want requests, check resource.TestCheckFunc) resource.TestStep {
				step := resource.TestStep{
					PreConfig:        func() { gateway.ResetRequests() },
					Config:           triggered(gateway, entries, input, tt.lifecycle),
					ConfigPlanChecks: plans(entriesAction(tt.action), exactState{gateway, []string{"stranger"}}),
					Check:            resource.ComposeTestCheckFunc(asked(gateway, want), check),
				}
				if taint {
					step.Taint = []string{entriesAddress}
				}
				return step
			}
			// What the entries hold is in the plan after it, which must be empty.
			all := func(*terraform.State) error {
				if held := gateway.Entries("flags"); len(held) != 19 {
					return fmt.Errorf("the gateway holds %d entries, want 18 and the stranger's", len(held))
				}
				return nil
			}
			run(t,
				resource.TestStep{Config: triggered(gateway, numbered(18), `"a"`, tt.lifecycle)},
				replace(false, numbered(18), `"b"`, tt.forced, all),
				replace(true, numbered(18), `"b"`, tt.tainted, all),
				replace(false, numbered(16, "x = {}", "y = {}"), `"c"`, tt.changed, all),
			)
			if held := gateway.Entries("flags"); len(held) != 1 {
				t.Errorf("the gateway holds %v after the end", held)
			}
		})
	}
}

// TestKVEntriesRenamed: a resource that takes over the entries of another,
// which is destroyed at the same time, does not lose them.
func TestKVEntriesRenamed(t *testing.T) {
	t.Parallel()
	many := func(name string) string {
		return "resource \"quiva_kv_entries\" \"" + name + "\" {\n  bucket = \"flags\"\n  entries = { for i in range(40) : \"k${i}\" => { n = i } }\n}\n"
	}
	single := func(name string) string {
		return "resource \"quiva_kv_entry\" \"" + name + "\" {\n  count = 20\n  bucket = \"flags\"\n  key = \"k${count.index}\"\n  value = { n = count.index }\n}\n"
	}
	for name, tt := range map[string]struct {
		before, after string
		count         int
	}{
		"entries to entries": {many("a"), many("b"), 40},
		"entry to entry":     {single("a"), single("b"), 20},
		"entry to entries":   {single("a"), many("b"), 40},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.SetLatency(5 * time.Millisecond)
			run(t,
				resource.TestStep{Config: withProvider(gateway, tt.before)},
				// The plan after it, which must be empty, finds what is lost.
				resource.TestStep{Config: withProvider(gateway, tt.after), Check: func(*terraform.State) error {
					if held := gateway.Entries("flags"); len(held) != tt.count {
						return fmt.Errorf("the gateway holds %d entries, want %d", len(held), tt.count)
					}
					return nil
				}},
			)
			if held := gateway.Entries("flags"); len(held) != 0 {
				t.Errorf("the destroy at the end left %d entries", len(held))
			}
		})
	}
}
