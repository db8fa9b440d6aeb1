package provider_test

import (
	"fmt"
	"testing"

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
