package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestKVEntriesReplaced: a replacement that Terraform is asked for deletes
// nothing that it would only write again.
func TestKVEntriesReplaced(t *testing.T) {
	t.Parallel()
	triggered := func(gateway *mockgateway.Server, entries, input, lifecycle string) string {
		return withOther(manyEntries(gateway, entries, "lifecycle {", "replace_triggered_by = [terraform_data.other]", lifecycle, "}"), input)
	}
	for lifecycle, action := range map[string]plancheck.ResourceActionType{
		"":                             plancheck.ResourceActionDestroyBeforeCreate,
		"create_before_destroy = true": plancheck.ResourceActionCreateBeforeDestroy,
	} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "stranger", `{}`)
			replace := func(taint bool, entries, input string, want requests) resource.TestStep {
				step := resource.TestStep{
					PreConfig:        func() { gateway.ResetRequests() },
					Config:           triggered(gateway, entries, input, lifecycle),
					ConfigPlanChecks: plans(entriesAction(action), exactState{gateway, []string{"stranger"}}),
					// What the entries hold is in the plan after it, which must be empty.
					Check: resource.ComposeTestCheckFunc(asked(gateway, want), holdsCount(gateway, 18+1)),
				}
				if taint {
					step.Taint = []string{entriesAddress}
				}
				return step
			}
			run(t,
				resource.TestStep{Config: triggered(gateway, numbered(18), `"a"`, lifecycle)},
				replace(false, numbered(18), `"b"`, requests{lists: 1, gets: 18}),
				replace(true, numbered(18), `"b"`, requests{lists: 1, gets: 18}),
				// Two go and two come.
				replace(false, numbered(16, "x = {}", "y = {}"), `"c"`, requests{lists: 1, gets: 18 + 2, puts: 2, deletes: 2}),
			)
			if held := gateway.Entries("flags"); len(held) != 1 {
				t.Errorf("the gateway holds %v after the end", held)
			}
		})
	}
}
