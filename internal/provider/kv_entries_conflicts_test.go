package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// TestKVEntriesTaken: nothing is written if any key holds another value.
func TestKVEntriesTaken(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	for i := range 13 {
		gateway.PutEntry("flags", fmt.Sprintf("k%03d", 2*i), `{"held":"by somebody"}`)
	}
	fails := func(want string) resource.TestStep {
		return resource.TestStep{
			PreConfig:        func() { gateway.ResetRequests() },
			Config:           manyEntries(gateway, numbered(40)),
			ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionCreate)), // not a replace: nothing is in the state
			ExpectError:      message(want),
		}
	}
	run(t,
		fails(`KV entries already exist`),
		fails(`13 of 40 entries could not be created: - "k000": it already holds another value - "k002"`),
		fails(`- "k018": it already holds another value - and 3 more Nothing was written.`),
		fails(`The plan after that deletes every imported key that is not in entries: terraform import 'ADDRESS' 'flags'`),
		fails(`set key_prefix, which the names of all entries must begin with, and import those: terraform import 'ADDRESS' 'flags/PREFIX*'`),
		fails(`moved { from = OLD_ADDRESS to = ADDRESS }`),
		fails(`set this for one apply: overwrite = true`),
	)
	if err := asked(gateway, requests{gets: 40})(nil); err != nil {
		t.Error(err)
	}
}

// TestKVEntriesOverwrite: with overwrite, keys that hold another value are
// taken over when they are added, by a new resource or by one that is there.
func TestKVEntriesOverwrite(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "k000", `{"held":"by somebody"}`)
	gateway.PutEntry("flags", "k001", ` { "n" : 1.0 } `)
	gateway.PutEntry("flags", "k002", `{"held":"by somebody"}`)
	gateway.PutEntry("flags", "k003", `{"held":"by somebody"}`)
	reset := func() { gateway.ResetRequests() }
	overwrite := func(want bool) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(entriesAddress, tfjsonpath.New("overwrite"), knownvalue.Bool(want))
	}
	run(t,
		resource.TestStep{
			PreConfig: reset,
			Config:    manyEntries(gateway, numbered(2), "overwrite = true"),
			Check: resource.ComposeTestCheckFunc(
				// An equal value needs no write.
				asked(gateway, requests{gets: 2, puts: 1}),
				holds(gateway, "flags", "k000", `{"n":0}`), holds(gateway, "flags", "k001", ` { "n" : 1.0 } `)),
			ConfigStateChecks: []statecheck.StateCheck{overwrite(true)},
		},
		resource.TestStep{
			PreConfig: reset,
			Config:    manyEntries(gateway, numbered(3), "overwrite = true"),
			Check:     resource.ComposeTestCheckFunc(asked(gateway, requests{gets: 3, puts: 1}), holds(gateway, "flags", "k002", `{"n":2}`)),
		},
		// The argument alone sends nothing.
		resource.TestStep{
			PreConfig:         reset,
			Config:            manyEntries(gateway, numbered(3)),
			ConfigPlanChecks:  plans(entriesAction(plancheck.ResourceActionUpdate)),
			Check:             asked(gateway, requests{gets: 3}),
			ConfigStateChecks: []statecheck.StateCheck{overwrite(false)},
		},
		resource.TestStep{
			Config:      manyEntries(gateway, numbered(4)),
			ExpectError: message("KV entries already exist"),
		},
		resource.TestStep{
			Config:           manyEntries(gateway, numbered(3)),
			ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan(), exactStateKeys("k000", "k001", "k002")),
			Check:            holds(gateway, "flags", "k003", `{"held":"by somebody"}`),
		},
	)
}

// TestKVEntriesNoValueInErrors: a conflict shows neither side.
func TestKVEntriesNoValueInErrors(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "a", `{"password":"geheim"}`)
	said := newWorkspace(t).planAndApply(manyEntries(gateway, `{ a = { password = "secret" } }`), planOptions{})
	if len(said) != 1 || strings.Contains(said[0].summary+said[0].detail, "geheim") || strings.Contains(said[0].summary+said[0].detail, "secret") {
		t.Errorf("the error is %v", said)
	}
}
