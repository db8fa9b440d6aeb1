package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// TestKVEntriesLifecycle also counts the requests: only what changes is
// sent, and is read first.
func TestKVEntriesLifecycle(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "stranger", `{"n":0}`)
	reset := func() { gateway.ResetRequests() }
	state := func(at tfjsonpath.Path, want knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(entriesAddress, at, want)
	}
	run(t,
		resource.TestStep{
			PreConfig:        reset,
			Config:           manyEntries(gateway, `{ a = { on = true }, "b/c" = { n = 1, list = [] }, d = {} }`),
			ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionCreate)),
			Check: resource.ComposeTestCheckFunc(
				asked(gateway, requests{gets: 3, puts: 3}),
				holds(gateway, "flags", "a", `{"on":true}`), holds(gateway, "flags", "b/c", `{"list":[],"n":1}`), holds(gateway, "flags", "d", `{}`)),
			ConfigStateChecks: []statecheck.StateCheck{
				state(tfjsonpath.New("id"), knownvalue.StringExact("flags")),
				state(tfjsonpath.New("bucket"), knownvalue.StringExact("flags")),
				state(tfjsonpath.New("entries"), knownvalue.ObjectExact(map[string]knownvalue.Check{
					"a":   knownvalue.ObjectExact(map[string]knownvalue.Check{"on": knownvalue.Bool(true)}),
					"b/c": knownvalue.ObjectExact(map[string]knownvalue.Check{"n": knownvalue.Int64Exact(1), "list": knownvalue.TupleExact([]knownvalue.Check{})}),
					"d":   knownvalue.ObjectExact(map[string]knownvalue.Check{}),
				})),
			},
		},
		resource.TestStep{
			PreConfig:        reset,
			Config:           manyEntries(gateway, `{ d = {}, "b/c" = { list = [], n = 1.0 }, a = { on = true } }`),
			ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()),
			Check:            asked(gateway, requests{gets: 3}),
		},
		resource.TestStep{
			PreConfig:        reset,
			Config:           manyEntries(gateway, `{ a = { on = false }, "b/c" = { n = 1, list = [] }, d = {} }`),
			ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate), differs("a.on")),
			Check: resource.ComposeTestCheckFunc(
				asked(gateway, requests{gets: 3 + 1, puts: 1}),
				holds(gateway, "flags", "a", `{"on":false}`)),
		},
		// One goes, one comes, one changes, one stays.
		resource.TestStep{
			PreConfig:        reset,
			Config:           manyEntries(gateway, `{ a = { on = false }, "b/c" = { n = 2, list = [] }, e = { new = true } }`),
			ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate), differs("b/c.n", "-d", "+e")),
			Check: resource.ComposeTestCheckFunc(
				asked(gateway, requests{gets: 3 + 3, puts: 2, deletes: 1}),
				holds(gateway, "flags", "b/c", `{"list":[],"n":2}`), holds(gateway, "flags", "e", `{"new":true}`), absent(gateway, "d")),
		},
		resource.TestStep{
			PreConfig: reset,
			Config:    manyEntries(gateway, `{}`),
			Check: resource.ComposeTestCheckFunc(
				asked(gateway, requests{gets: 3 + 3, deletes: 3}),
				holdsNumbered(gateway, 0, map[string]string{"stranger": `{"n":0}`})),
		},
		resource.TestStep{
			Config: manyEntries(gateway, `{ a = { on = true } }`),
			Check:  holds(gateway, "flags", "a", `{"on":true}`),
		},
		resource.TestStep{
			PreConfig: reset,
			Config:    withProvider(gateway, ""),
			Check: resource.ComposeTestCheckFunc(
				asked(gateway, requests{gets: 1 + 1, deletes: 1}),
				holdsNumbered(gateway, 0, map[string]string{"stranger": `{"n":0}`})),
		},
	)
	if writes := gateway.Revisions("flags", "stranger"); writes != 1 {
		t.Errorf("an entry of others was written %d times", writes-1)
	}
}

// TestKVEntriesThousand: a plan of a thousand entries takes one request, and
// a change of ten takes ten more.
func TestKVEntriesThousand(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	reset := func() { gateway.ResetRequests() }
	run(t,
		resource.TestStep{
			PreConfig: reset,
			Config:    manyEntries(gateway, numbered(1000)),
			Check: resource.ComposeTestCheckFunc(
				asked(gateway, requests{gets: 1000, puts: 1000}),
				holdsNumbered(gateway, 1000, nil)),
		},
		resource.TestStep{
			PreConfig:        reset,
			Config:           manyEntries(gateway, numbered(1000)),
			ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()),
			Check:            asked(gateway, requests{lists: 1}),
		},
		resource.TestStep{
			PreConfig: reset,
			Config:    manyEntries(gateway, "{ for i in range(1000) : format(\"k%03d\", i) => { n = i % 100 == 0 ? -1 : i } }"),
			Check: resource.ComposeTestCheckFunc(asked(gateway, requests{lists: 1, gets: 10, puts: 10}), func(*terraform.State) error {
				for i := range 1000 {
					want := 1
					if i%100 == 0 {
						want = 2
					}
					if got := gateway.Revisions("flags", fmt.Sprintf("k%03d", i)); got != want {
						return fmt.Errorf("k%03d was written %d times, want %d", i, got, want)
					}
				}
				return nil
			}),
		},
	)
	if held := gateway.Entries("flags"); len(held) != 0 {
		t.Errorf("%d entries outlive their resource", len(held))
	}
}

// TestKVEntriesDrift: what others do to an entry is seen, entry by entry and
// attribute by attribute, and repaired.
func TestKVEntriesDrift(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "stranger", `{}`)
	configuration := manyEntries(gateway, numbered(14, `a = { on = true, hosts = ["x"], deep = { n = 1 } }`, "b = {}"))
	// drift expects the plan to show differences, and the refresh, which lists
	// the bucket, to ask again for so many entries.
	drift := func(change func(), confirmed int, apply requests, want ...string) resource.TestStep {
		apply.lists, apply.gets = 1, apply.gets+confirmed
		action := plancheck.ResourceActionUpdate
		if len(want) == 0 {
			action = plancheck.ResourceActionNoop
		}
		return resource.TestStep{
			PreConfig: func() {
				change()
				gateway.ResetRequests()
			},
			Config:           configuration,
			ConfigPlanChecks: plans(entriesAction(action), differs(want...)),
			Check: resource.ComposeTestCheckFunc(
				asked(gateway, apply),
				holds(gateway, "flags", "k003", `{"n":3}`), holds(gateway, "flags", "b", `{}`), holds(gateway, "flags", "stranger", `{}`)),
		}
	}
	put := func(key, value string) func() { return func() { gateway.PutEntry("flags", key, value) } }
	run(t,
		resource.TestStep{Config: configuration},
		drift(put("a", ` { "deep" : {"n":1.0}, "hosts":["x"],"on":true}`), 0, requests{}),
		drift(put("a", `{"deep":{"n":2},"hosts":["x"],"on":true}`), 1, requests{gets: 1, puts: 1}, "a.deep.n"),
		drift(put("a", `{"deep":{"n":1,"m":null},"hosts":["x","y"]}`), 1, requests{gets: 1, puts: 1}, "-a.deep.m", "a.hosts", "+a.on"),
		drift(put("b", `"a string"`), 1, requests{gets: 1, puts: 1}, "b"),
		drift(put("b", `null`), 1, requests{gets: 1, puts: 1}, "+b"), // which is no value
		drift(put("b", `[{}]`), 1, requests{gets: 1, puts: 1}, "b"),
		drift(put("k003", `{"n":9007199254740993}`), 1, requests{gets: 1, puts: 1}, "k003.n"),
		// What is changed or created is read before it is written.
		drift(func() { gateway.DeleteEntry("flags", "k003") }, 1, requests{gets: 1, puts: 1}, "+k003"),
		drift(func() {
			gateway.DeleteEntry("flags", "k003")
			gateway.DeleteEntry("flags", "b")
			gateway.PutEntry("flags", "k005", `{}`)
			gateway.PutEntry("flags", "a", `{"on":false,"hosts":["x"],"deep":{"n":1}}`)
		}, 4, requests{gets: 4, puts: 4}, "a.on", "+b", "+k003", "+k005.n"),
	)
}
