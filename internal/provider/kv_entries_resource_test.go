package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

const entriesAddress = "quiva_kv_entries.test"

// manyEntries is a configuration of entries of the bucket "flags".
func manyEntries(gateway *mockgateway.Server, hcl string, more ...string) string {
	return withProvider(gateway, "resource \"quiva_kv_entries\" \"test\" {\n  bucket = \"flags\"\n  entries = "+hcl+"\n"+lines(more)+"}\n")
}

// numbered is an expression of so many entries k000, k001, … with what more
// says of some of them.
func numbered(count int, more ...string) string {
	return fmt.Sprintf("merge({ for i in range(%d) : format(\"k%%03d\", i) => { n = i } }, { %s })", count, strings.Join(more, ", "))
}

// requests counts those to entries. A search is a list too.
type requests struct{ lists, gets, puts, deletes int }

func requestsTo(gateway *mockgateway.Server) requests {
	const entries = "/storage/kv/*/entries/*"
	return requests{
		lists:   gateway.Count(http.MethodGet, "/storage/kv/*/entries") + gateway.Count(http.MethodGet, "/storage/kv/*/search-by-key"),
		gets:    gateway.Count(http.MethodGet, entries),
		puts:    gateway.Count(http.MethodPut, entries),
		deletes: gateway.Count(http.MethodDelete, entries),
	}
}

// asked checks the requests since they were last reset: in a step, one plan
// with its refresh and one apply.
func asked(gateway *mockgateway.Server, want requests) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got := requestsTo(gateway); got != want {
			return fmt.Errorf("requests: %+v, want %+v", got, want)
		}
		return nil
	}
}

// holdsNumbered checks that the gateway holds numbered entries, each written
// once, and what more says, and nothing else.
func holdsNumbered(gateway *mockgateway.Server, count int, more map[string]string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		want := map[string]string{}
		for i := range count {
			want[fmt.Sprintf("k%03d", i)] = fmt.Sprintf(`{"n":%d}`, i)
		}
		maps.Copy(want, more)
		got := gateway.Entries("flags")
		for _, key := range slices.Sorted(maps.Keys(got)) {
			if got[key] != want[key] {
				return fmt.Errorf("the gateway holds %s = %s, want %q", key, got[key], want[key])
			}
			if writes := gateway.Revisions("flags", key); more[key] == "" && writes != 1 {
				return fmt.Errorf("%s was written %d times", key, writes)
			}
		}
		if len(got) != len(want) {
			return fmt.Errorf("the gateway holds %d entries, want %d", len(got), len(want))
		}
		return nil
	}
}

// planOf checks the planned change of the entries: those of before, which is
// the state after its refresh, and those to come. Both are null for none.
type planOf func(before, after map[string]any) error

func (check planOf) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, change := range req.Plan.ResourceChanges {
		if change.Address == entriesAddress && change.DeposedKey == "" {
			resp.Error = check(entriesIn(change.Change.Before), entriesIn(change.Change.After))
			return
		}
	}
	resp.Error = fmt.Errorf("the plan does not have %s", entriesAddress)
}

func entriesIn(side any) map[string]any {
	attributes, _ := side.(map[string]any)
	entries, _ := attributes["entries"].(map[string]any)
	return entries
}

// differs checks what a plan shows as different: "+key", "-key", or
// "key.attribute" of an entry that stays.
func differs(want ...string) plancheck.PlanCheck {
	return planOf(func(before, after map[string]any) error {
		if got := differences("", before, after); !slices.Equal(got, want) {
			return fmt.Errorf("the plan shows %q, want %q", got, want)
		}
		return nil
	})
}

func differences(at string, before, after map[string]any) (paths []string) {
	names := maps.Clone(before)
	if names == nil {
		names = map[string]any{}
	}
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		old, was := before[name]
		next, will := after[name]
		oldObject, bothObjects := old.(map[string]any)
		if bothObjects {
			_, bothObjects = next.(map[string]any)
		}
		switch {
		case !was:
			paths = append(paths, "+"+at+name)
		case !will:
			paths = append(paths, "-"+at+name)
		case bothObjects:
			paths = append(paths, differences(at+name+".", oldObject, next.(map[string]any))...)
		case jsonOf(old) != jsonOf(next):
			paths = append(paths, at+name)
		}
	}
	return paths
}

func jsonOf(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// exactState checks that the last apply left in the state what the gateway
// holds, but for the entries that are not the resource's: a refresh finds no
// drift, and nothing is missing.
type exactState struct {
	gateway *mockgateway.Server
	others  []string
}

func (c exactState) CheckPlan(ctx context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, drift := range req.Plan.ResourceDrift {
		if drift.Address == entriesAddress {
			resp.Error = fmt.Errorf("the state was not what the gateway holds: %q", differences("", entriesIn(drift.Change.Before), entriesIn(drift.Change.After)))
			return
		}
	}
	want := c.gateway.Entries("flags")
	for _, key := range c.others {
		delete(want, key)
	}
	planOf(func(before, _ map[string]any) error {
		got := map[string]string{}
		for key, value := range before {
			got[key] = jsonOf(value)
		}
		if !maps.Equal(got, want) {
			return fmt.Errorf("the state holds %d entries %q, want %d: %q", len(got), slices.Sorted(maps.Keys(got)), len(want), slices.Sorted(maps.Keys(want)))
		}
		return nil
	}).CheckPlan(ctx, req, resp)
}

func entriesAction(action plancheck.ResourceActionType) plancheck.PlanCheck {
	return plancheck.ExpectResourceAction(entriesAddress, action)
}

// TestAccKVEntriesLifecycle also counts the requests: only what changes is
// sent, and what is new is looked at first.
func TestAccKVEntriesLifecycle(t *testing.T) {
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
				asked(gateway, requests{gets: 3, puts: 1}),
				holds(gateway, "flags", "a", `{"on":false}`)),
		},
		// One goes, one comes, one changes, one stays.
		resource.TestStep{
			PreConfig:        reset,
			Config:           manyEntries(gateway, `{ a = { on = false }, "b/c" = { n = 2, list = [] }, e = { new = true } }`),
			ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate), differs("b/c.n", "-d", "+e")),
			Check: resource.ComposeTestCheckFunc(
				asked(gateway, requests{gets: 3 + 1, puts: 2, deletes: 1}),
				holds(gateway, "flags", "b/c", `{"list":[],"n":2}`), holds(gateway, "flags", "e", `{"new":true}`), absent(gateway, "d")),
		},
		resource.TestStep{
			PreConfig: reset,
			Config:    manyEntries(gateway, `{}`),
			Check: resource.ComposeTestCheckFunc(
				asked(gateway, requests{gets: 3, deletes: 3}),
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
				asked(gateway, requests{gets: 1, deletes: 1}),
				holdsNumbered(gateway, 0, map[string]string{"stranger": `{"n":0}`})),
		},
	)
	if writes := gateway.Revisions("flags", "stranger"); writes != 1 {
		t.Errorf("an entry of others was written %d times", writes-1)
	}
}

// absent checks that the gateway does not hold an entry.
func absent(gateway *mockgateway.Server, key string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if held, ok := gateway.Entry("flags", key); ok {
			return fmt.Errorf("the gateway still holds %s = %s", key, held)
		}
		return nil
	}
}

// TestAccKVEntriesThousand: a plan of a thousand entries takes one request, and
// a change of ten takes ten more.
func TestAccKVEntriesThousand(t *testing.T) {
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
			Check: resource.ComposeTestCheckFunc(asked(gateway, requests{lists: 1, puts: 10}), func(*terraform.State) error {
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

func TestAccKVEntriesBucketChangeReplaces(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.CreateBucket("limits")
	gateway.PutEntry("flags", "stranger", `{}`)
	in := func(bucket string) string {
		return strings.Replace(manyEntries(gateway, numbered(20)), `"flags"`, fmt.Sprintf("%q", bucket), 1)
	}
	run(t,
		resource.TestStep{Config: in("flags")},
		resource.TestStep{
			PreConfig:        func() { gateway.ResetRequests() },
			Config:           in("limits"),
			ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionReplace)),
			Check: resource.ComposeTestCheckFunc(
				asked(gateway, requests{lists: 1, gets: 20, puts: 20, deletes: 20}),
				holdsNumbered(gateway, 0, map[string]string{"stranger": `{}`}),
				holds(gateway, "limits", "k007", `{"n":7}`)),
		},
		// A creation in the new bucket that fails has left the old one already.
		resource.TestStep{
			PreConfig: func() {
				gateway.Inject(mockgateway.Fault{Method: http.MethodPut, Path: "*/flags/entries/*", After: 5, Effect: unauthorized})
			},
			Config:      in("flags"),
			ExpectError: message("Gateway refused the credential"),
		},
		resource.TestStep{
			PreConfig:        gateway.ClearFaults,
			Config:           in("flags"),
			ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionReplace), exactState{gateway, []string{"stranger"}}),
			Check:            holdsNothing(gateway, "limits"),
		},
	)
	if held := gateway.Entries("flags"); len(held) != 1 {
		t.Errorf("the gateway holds %v after the end", held)
	}
}

// TestAccKVEntriesValues: what a configuration can say, what the gateway then
// holds, and that the plan after it is empty, which the test framework checks.
func TestAccKVEntriesValues(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	values := map[string]struct{ hcl, want string }{
		"empty":        {`{}`, `{}`},
		"null-inside":  {`{ a = null, b = [null, 1], c = { d = tostring(null) } }`, `{"a":null,"b":[null,1],"c":{"d":null}}`},
		"mixed-list":   {`{ a = [1, "x", true, [2], { b = 3 }] }`, `{"a":[1,"x",true,[2],{"b":3}]}`},
		"list-and-set": {`{ list = tolist(["b", "a"]), set = toset(["b", "a"]) }`, `{"list":["b","a"],"set":["a","b"]}`},
		// Some of which Terraform sends as a float64.
		"exact-floats":  {`{ a = 1180591620717411303424, b = 0.0009765625 }`, `{"a":1180591620717411303424,"b":0.0009765625}`},
		"exact-numbers": {`{ a = 9007199254740993, b = 0.1, c = 123456789012345678901234567890.5, d = -1e-30 }`, `{"a":9007199254740993,"b":0.1,"c":123456789012345678901234567890.5,"d":-0.000000000000000000000000000001}`},
		"unicode":       {`{ "größe/µ" = "日本 🚀 \"quoted\" \\ \n <&>", "" = "empty name" }`, `{"":"empty name","größe/µ":"日本 🚀 \"quoted\" \\ \n <&>"}`},
		"map":           {`tomap({ a = "1", b = "2" })`, `{"a":"1","b":"2"}`},
		"a/b//=_.-Z9":   {`jsondecode("{\"a\":[1,{\"b\":null}],\"c\":1.50}")`, `{"a":[1,{"b":null}],"c":1.5}`},
		"sensitive":     {`{ a = sensitive("s") }`, `{"a":"s"}`},
	}
	hcl, checks := "{\n", []resource.TestCheckFunc{}
	for key, value := range values {
		hcl += fmt.Sprintf("%q = %s\n", key, value.hcl)
		checks = append(checks, holds(gateway, "flags", key, value.want))
	}
	run(t,
		resource.TestStep{Config: manyEntries(gateway, hcl+"}"), Check: resource.ComposeTestCheckFunc(checks...)},
		resource.TestStep{
			Config:           manyEntries(gateway, `yamldecode("a: {up: true}\nb: {list: [1, ~]}")`),
			ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate)),
			Check:            resource.ComposeTestCheckFunc(holds(gateway, "flags", "a", `{"up":true}`), holds(gateway, "flags", "b", `{"list":[1,null]}`)),
		},
		resource.TestStep{
			Config: manyEntries(gateway, `{ for name in ["b", "a"] : name => { name = name } }`),
			Check:  resource.ComposeTestCheckFunc(holds(gateway, "flags", "a", `{"name":"a"}`), holds(gateway, "flags", "b", `{"name":"b"}`)),
		},
	)
	for key := range values {
		if writes := gateway.Revisions("flags", key); writes != 1 {
			t.Errorf("%s was written %d times", key, writes)
		}
	}
}

// TestAccKVEntriesTypedVariable: the variable's type changes, the JSON does not,
// so nothing is sent.
func TestAccKVEntriesTypedVariable(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	typed := func(variable string) string {
		return manyEntries(gateway, "var.entries") + fmt.Sprintf("variable \"entries\" {\n  type = %s\n}\n", variable)
	}
	hosts := config.ObjectVariable(map[string]config.Variable{"hosts": config.ListVariable(config.StringVariable("x"), config.StringVariable("y"))})
	variables := config.Variables{"entries": config.ObjectVariable(map[string]config.Variable{"a": hosts, "b": hosts})}
	steps := []resource.TestStep{{Config: typed("any"), ConfigVariables: variables, Check: holds(gateway, "flags", "a", `{"hosts":["x","y"]}`)}}
	for _, variable := range []string{
		"map(object({ hosts = list(string) }))", "map(map(set(string)))", "object({ a = map(list(string)), b = object({ hosts = tuple([string, string]) }) })", "map(any)",
	} {
		steps = append(steps, resource.TestStep{Config: typed(variable), ConfigVariables: variables, ConfigPlanChecks: plans(atMostInPlace(entriesAddress))})
	}
	run(t, steps...)
	for _, key := range []string{"a", "b"} {
		if writes := gateway.Revisions("flags", key); writes != 1 {
			t.Errorf("%s was written %d times", key, writes)
		}
	}
}

// TestAccKVEntriesDrift: what others do to an entry is seen, entry by entry and
// attribute by attribute, and repaired.
func TestAccKVEntriesDrift(t *testing.T) {
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
		drift(put("a", `{"deep":{"n":2},"hosts":["x"],"on":true}`), 1, requests{puts: 1}, "a.deep.n"),
		drift(put("a", `{"deep":{"n":1,"m":null},"hosts":["x","y"]}`), 1, requests{puts: 1}, "-a.deep.m", "a.hosts", "+a.on"),
		drift(put("b", `"a string"`), 1, requests{puts: 1}, "b"),
		drift(put("b", `null`), 1, requests{puts: 1}, "b"),
		drift(put("b", `[{}]`), 1, requests{puts: 1}, "b"),
		drift(put("k003", `{"n":9007199254740993}`), 1, requests{puts: 1}, "k003.n"),
		// What is gone is looked at before it is created.
		drift(func() { gateway.DeleteEntry("flags", "k003") }, 1, requests{gets: 1, puts: 1}, "+k003"),
		drift(func() {
			gateway.DeleteEntry("flags", "k003")
			gateway.DeleteEntry("flags", "b")
			gateway.PutEntry("flags", "k005", `{}`)
			gateway.PutEntry("flags", "a", `{"on":false,"hosts":["x"],"deep":{"n":1}}`)
		}, 4, requests{gets: 2, puts: 4}, "a.on", "+b", "+k003", "+k005.n"),
		resource.TestStep{
			PreConfig: func() {
				for key := range gateway.Entries("flags") {
					if key != "stranger" {
						gateway.DeleteEntry("flags", key)
					}
				}
			},
			Config: configuration,
			ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate), planOf(func(before, after map[string]any) error {
				if len(before) != 0 || len(after) != 16 {
					return fmt.Errorf("the plan goes from %d entries to %d", len(before), len(after))
				}
				return nil
			})),
			Check: resource.ComposeTestCheckFunc(holds(gateway, "flags", "k003", `{"n":3}`), holds(gateway, "flags", "b", `{}`)),
		},
		resource.TestStep{
			PreConfig:          put("b", `{"by":"others"}`),
			Config:             configuration,
			PlanOnly:           true,
			ExpectNonEmptyPlan: true,
		},
	)
}

// TestAccKVEntriesTaken: an equal value is adopted; with another one nothing is
// written.
func TestAccKVEntriesTaken(t *testing.T) {
	t.Parallel()
	t.Run("equal", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		gateway.PutEntry("flags", "k001", ` { "n" : 1.0 } `)
		run(t,
			resource.TestStep{
				PreConfig: func() { gateway.ResetRequests() },
				Config:    manyEntries(gateway, numbered(3)),
				Check: resource.ComposeTestCheckFunc(
					asked(gateway, requests{gets: 3, puts: 2}),
					holds(gateway, "flags", "k001", ` { "n" : 1.0 } `)),
			},
			// It is the resource's from then on.
			resource.TestStep{
				Config: manyEntries(gateway, numbered(1)),
				Check:  absent(gateway, "k001"),
			},
		)
	})
	t.Run("another", func(t *testing.T) {
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
			fails(`what it brings that is not in entries is then planned to be deleted: terraform import 'ADDRESS' 'flags'`),
			fails(`or only the keys with a prefix: terraform import 'ADDRESS' 'flags/PREFIX*'`),
			fails(`moved { from = OLD_ADDRESS to = ADDRESS }`),
			fails(`set overwrite = true for one apply`),
		)
		if got, want := requestsTo(gateway), (requests{gets: 40}); got != want {
			t.Errorf("requests: %+v, want %+v", got, want)
		}
	})
	t.Run("another, added", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		gateway.PutEntry("flags", "k004", `{"held":"by somebody"}`)
		run(t,
			resource.TestStep{Config: manyEntries(gateway, numbered(3))},
			resource.TestStep{
				PreConfig:   func() { gateway.ResetRequests() },
				Config:      manyEntries(gateway, numbered(5, "k000 = { changed = true }")),
				ExpectError: message(`1 of 2 entries could not be created: - "k004": it already holds another value Nothing was written.`),
			},
			resource.TestStep{
				PreConfig: func() {
					if got, want := requestsTo(gateway), (requests{gets: 3 + 2}); got != want {
						t.Errorf("requests: %+v, want %+v", got, want)
					}
				},
				Config:           manyEntries(gateway, numbered(3)),
				ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan(), exactState{gateway, []string{"k004"}}),
			},
		)
		if held, _ := gateway.Entry("flags", "k004"); held != `{"held":"by somebody"}` {
			t.Errorf("an entry of others holds %s", held)
		}
	})
}

func TestAccKVEntriesImport(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.CreateBucket("empty")
	for i := range 3 {
		gateway.PutEntry("flags", fmt.Sprintf("k%03d", i), fmt.Sprintf(` { "n" : %d.0 } `, i))
	}
	gateway.PutEntry("flags", "team/a", `{"hosts":["x","y"],"null":null}`)
	whole := manyEntries(gateway, numbered(3, `"team/a" = { hosts = tolist(["x", "y"]), null = null }`))
	part := manyEntries(gateway, numbered(3))
	imports := func(configuration, id string) resource.TestStep {
		return resource.TestStep{Config: configuration, ResourceName: entriesAddress, ImportState: true, ImportStateId: id}
	}
	fails := func(id, want string) resource.TestStep {
		step := imports(whole, id)
		step.ExpectError = message(want)
		return step
	}
	persists := func(configuration, id string) resource.TestStep {
		step := imports(configuration, id)
		step.ImportStatePersist = true
		return step
	}
	const form = "Entries are imported by their bucket, as BUCKET, or by a prefix of their keys, as BUCKET/PREFIX*"
	t.Run("whole bucket", func(t *testing.T) {
		t.Parallel()
		run(t,
			fails("/", form),
			fails("/k*", form),
			fails("flags/", form),
			fails("flags/..", form),
			fails("..", form),
			fails("absent", `has no bucket "absent"`),
			fails("absent/k*", `has no bucket "absent"`),
			fails("fl ags", "Gateway rejected the request"),
			persists(whole, "flags"),
			resource.TestStep{
				Config:           whole,
				ConfigPlanChecks: plans(atMostInPlace(entriesAddress), exactStateKeys("k000", "k001", "k002", "team/a")),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(entriesAddress, tfjsonpath.New("id"), knownvalue.StringExact("flags")),
					statecheck.ExpectKnownValue(entriesAddress, tfjsonpath.New("bucket"), knownvalue.StringExact("flags")),
				},
			},
			resource.TestStep{ResourceName: entriesAddress, ImportState: true, ImportStateVerify: true},
			// To leave the entries to the other test.
			resource.TestStep{Config: withProvider(gateway, "removed {\n  from = "+entriesAddress+"\n  lifecycle {\n    destroy = false\n  }\n}\n")},
		)
	})
	t.Run("part", func(t *testing.T) {
		t.Parallel()
		run(t,
			persists(part, "flags/k*"),
			resource.TestStep{Config: part, ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan(), exactStateKeys("k000", "k001", "k002"))},
			resource.TestStep{Config: withProvider(gateway, "removed {\n  from = "+entriesAddress+"\n  lifecycle {\n    destroy = false\n  }\n}\n")},
		)
	})
	t.Run("nothing", func(t *testing.T) {
		t.Parallel()
		empty := strings.Replace(manyEntries(gateway, "{}"), `"flags"`, `"empty"`, 1)
		run(t,
			persists(empty, "empty"),
			resource.TestStep{Config: empty, ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan())},
		)
	})
	t.Cleanup(func() {
		if got := requestsTo(gateway); got.puts+got.deletes != 0 {
			t.Errorf("importing changed something: %+v", got)
		}
	})
}

// exactStateKeys checks the keys of the entries in the state.
func exactStateKeys(want ...string) plancheck.PlanCheck {
	return planOf(func(before, _ map[string]any) error {
		if got := slices.Sorted(maps.Keys(before)); !slices.Equal(got, want) {
			return fmt.Errorf("the state has %q, want %q", got, want)
		}
		return nil
	})
}

// TestKVEntriesImportFull: a list as long as lists get draws a warning.
func TestKVEntriesImportFull(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	for i := range 999 {
		gateway.PutEntry("flags", fmt.Sprintf("k/%d", i), `{}`)
	}
	server := newServer(t)
	configure(t, server, gateway)
	importing := func(id string) []*tfprotov6.Diagnostic {
		response, err := server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: "quiva_kv_entries", ID: id})
		if err != nil || len(response.ImportedResources) != 1 {
			t.Fatalf("importing %s gave %+v, %v", id, response.Diagnostics, err)
		}
		return response.Diagnostics
	}
	for _, id := range []string{"flags", "flags/k*"} {
		noDiagnostics(t, importing(id), nil)
	}
	gateway.PutEntry("flags", "k/more", `{}`)
	for _, id := range []string{"flags", "flags/k*"} {
		diagnostics := importing(id)
		if len(diagnostics) != 1 || diagnostics[0].Severity != tfprotov6.DiagnosticSeverityWarning || diagnostics[0].Summary != "Some entries may be missing" ||
			!strings.Contains(diagnostics[0].Detail, "'flags/PREFIX*'") {
			t.Errorf("importing %s of 1000 entries says %+v", id, diagnostics)
		}
	}
}

// TestAccKVEntriesBadInput: what is refused while planning, before the gateway
// is asked.
func TestAccKVEntriesBadInput(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	entries := func(hcl string) string { return manyEntries(gateway, hcl) }
	in := func(bucket string) string {
		return strings.Replace(manyEntries(gateway, "{}"), `"flags"`, bucket, 1)
	}
	tests := map[string]struct{ configuration, want string }{
		"string":           {entries(`"{}"`), `Entries are not an object`},
		"number":           {entries(`5`), `Entries are not an object`},
		"list":             {entries(`[{ key = "a" }]`), `For a list, name the key of each: { for flag in var.flags : flag.key => flag.value }.`},
		"set":              {entries(`toset(["a"])`), `Entries are not an object`},
		"null":             {entries(`null`), `Missing Configuration for Required Attribute`},
		"typed null":       {entries(`var.none`) + "variable \"none\" {\n  type = map(map(string))\n  default = null\n}\n", `Missing Configuration for Required Attribute`},
		"entry null":       {entries(`{ a = {}, b = null }`), `The entry "b" is null. To delete it, leave it out: { for key, value in var.entries : key => value if value != null }.`},
		"entry typed null": {entries(`{ a = var.none }`) + "variable \"none\" {\n  type = map(string)\n  default = null\n}\n", `The entry "a" is null.`},
		"entry string":     {entries(`{ a = "on" }`), `The gateway stores JSON objects; the entry "a" is not one. Put its value into an object: { value = … }.`},
		"entry number":     {entries(`{ a = {}, b = 5 }`), `the entry "b" is not one`},
		"entry list":       {entries(`{ a = [{}] }`), `the entry "a" is not one`},
		"entries of a map": {entries(`tomap({ a = true, b = false })`), `the entry "b" is not one`},
		"empty key":        {entries(`{ "" = {} }`), `The key "" cannot be used: the key must not be empty.`},
		"key dots":         {entries(`{ ".." = {} }`), `The key ".." cannot be used: the key must not be ".."`},
		"key control":      {entries(`{ "a\tb" = {} }`), `contains a control character`},
		"huge number":      {entries(`{ a = { n = 1e5000 } }`), `The entry "a" cannot be written as JSON: a number is beyond 1e±4096`},
		"many digits":      {entries(`{ a = { n = [for i in range(7) : 1e-4000] }, b = { n = [for i in range(7) : 1e-4000] } }`), `take more than 50000 digits together`},
		"huge, rest later": {entries(`{ a = { n = 1e5000 }, b = terraform_data.other.output }`) + "resource \"terraform_data\" \"other\" {\n  input = {}\n}\n", `The entry "a" cannot be written as JSON`},
		"too deep":         {entries(`{ a = jsondecode(join("", concat([for i in range(1001) : "{\"a\":"], ["1"], [for i in range(1001) : "}"]))) }`), `deeper than 1000 levels`},
		"empty bucket":     {in(`""`), `The bucket must not be empty.`},
		"bucket slash":     {in(`"a/b"`), `The bucket must not contain "/".`},
		"entries left out": {withProvider(gateway, "resource \"quiva_kv_entries\" \"test\" {\n  bucket = \"flags\"\n}\n"), `The argument "entries" is required`},
		"key, rest later":  {entries(`{ ".." = terraform_data.other.output }`) + "resource \"terraform_data\" \"other\" {\n  input = {}\n}\n", `The key ".." cannot be used`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, resource.TestStep{Config: tt.configuration, PlanOnly: true, ExpectError: message(tt.want)})
		})
	}
	t.Cleanup(func() {
		if asked := gateway.Count("", ""); asked != 0 {
			t.Errorf("the gateway was asked %d times", asked)
		}
	})
}

// withOther adds a resource whose output is not known before it is applied, and
// changes with its input.
func withOther(configuration, input string) string {
	return configuration + "resource \"terraform_data\" \"other\" {\n  input = " + input + "\n}\n"
}

// TestAccKVEntriesUnknown: entries that are not known while planning, wholly or
// partly.
func TestAccKVEntriesUnknown(t *testing.T) {
	t.Parallel()
	t.Run("wholly", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		configuration := manyEntries(gateway, "terraform_data.other.output")
		unknown := plancheck.ExpectUnknownValue(entriesAddress, tfjsonpath.New("entries"))
		run(t,
			resource.TestStep{
				Config:           withOther(configuration, `{ a = { n = 1 }, b = {} }`),
				ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionCreate), unknown),
				Check:            resource.ComposeTestCheckFunc(holds(gateway, "flags", "a", `{"n":1}`), holds(gateway, "flags", "b", `{}`)),
			},
			resource.TestStep{
				PreConfig:        func() { gateway.ResetRequests() },
				Config:           withOther(configuration, `{ a = { n = 1 }, c = {} }`),
				ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate), unknown),
				Check: resource.ComposeTestCheckFunc(
					asked(gateway, requests{gets: 2 + 1, puts: 1, deletes: 1}),
					holds(gateway, "flags", "c", `{}`), absent(gateway, "b")),
			},
		)
	})
	t.Run("partly", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		configuration := manyEntries(gateway, `{ a = { n = 1 }, b = terraform_data.other.output, c = { copied = terraform_data.other.output } }`)
		run(t,
			resource.TestStep{
				Config: withOther(configuration, `{ x = [1] }`),
				ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionCreate),
					plancheck.ExpectUnknownValue(entriesAddress, tfjsonpath.New("entries").AtMapKey("b"))),
				Check: resource.ComposeTestCheckFunc(holds(gateway, "flags", "a", `{"n":1}`), holds(gateway, "flags", "b", `{"x":[1]}`), holds(gateway, "flags", "c", `{"copied":{"x":[1]}}`)),
			},
			resource.TestStep{
				PreConfig: func() { gateway.ResetRequests() },
				Config:    withOther(configuration, `{ x = [2] }`),
				Check: resource.ComposeTestCheckFunc(
					asked(gateway, requests{gets: 3, puts: 2}),
					holds(gateway, "flags", "b", `{"x":[2]}`)),
			},
		)
	})
	t.Run("bucket", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		run(t, resource.TestStep{
			Config: withOther(strings.Replace(manyEntries(gateway, `{ a = {} }`), `"flags"`, "terraform_data.other.output", 1), `"flags"`),
			ConfigPlanChecks: plans(plancheck.ExpectUnknownValue(entriesAddress, tfjsonpath.New("bucket")),
				plancheck.ExpectUnknownValue(entriesAddress, tfjsonpath.New("id"))),
			Check: holds(gateway, "flags", "a", `{}`),
		})
	})
}

// TestAccKVEntriesTurnOut: entries that are unknown while planning are held to
// the same rules when they are known. Nothing is written, and nothing deleted.
func TestAccKVEntriesTurnOut(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ entries, input, want string }{
		"string":       {"terraform_data.other.output", `"text"`, "Entries are not an object"},
		"list":         {"terraform_data.other.output", `[{}]`, "Entries are not an object"},
		"null":         {"terraform_data.other.output", `null`, "Missing Configuration for Required Attribute"},
		"entry null":   {"{ a = { n = 1 }, b = terraform_data.other.output }", `null`, `The entry "b" is null`},
		"entry string": {"{ a = { n = 1 }, b = terraform_data.other.output }", `"text"`, `the entry "b" is not one`},
		"key":          {"terraform_data.other.output", `{ ".." = {} }`, `The key ".." cannot be used`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			configuration := manyEntries(gateway, tt.entries)
			run(t,
				resource.TestStep{Config: withOther(configuration, tt.input), ExpectError: message(tt.want)},
				resource.TestStep{
					PreConfig: func() {
						if held := gateway.Entries("flags"); len(held) != 0 {
							t.Errorf("the gateway holds %v", held)
						}
					},
					Config: withProvider(gateway, ""),
				},
			)
		})
		t.Run(name+" later", func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			configuration := manyEntries(gateway, tt.entries)
			good := `{ a = { n = 1 } }`
			run(t,
				resource.TestStep{Config: withOther(configuration, good)},
				resource.TestStep{PreConfig: func() { gateway.ResetRequests() }, Config: withOther(configuration, tt.input), ExpectError: message(tt.want)},
				resource.TestStep{
					PreConfig: func() {
						if got := requestsTo(gateway); got.puts+got.deletes != 0 {
							t.Errorf("requests: %+v", got)
						}
					},
					Config: withOther(configuration, good),
				},
			)
		})
	}
}

// TestKVEntriesApplyNoObject: whatever comes as the entries to apply, what is no
// object deletes nothing.
func TestKVEntriesApplyNoObject(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "a", `{}`)
	server := newServer(t)
	configure(t, server, gateway)
	schema := resourceSchema(t, server, "quiva_kv_entries")
	holding := func(entries tftypes.Value) *tfprotov6.DynamicValue {
		return objectOf(t, schema, map[string]tftypes.Value{
			"bucket": tftypes.NewValue(tftypes.String, "flags"), "id": tftypes.NewValue(tftypes.String, "flags"), "entries": entries,
		})
	}
	object := tftypes.Object{AttributeTypes: map[string]tftypes.Type{}}
	held := tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"a": object}}, map[string]tftypes.Value{"a": tftypes.NewValue(object, map[string]tftypes.Value{})})
	for name, entries := range map[string]tftypes.Value{
		"string": tftypes.NewValue(tftypes.String, "text"),
		"list":   tftypes.NewValue(tftypes.List{ElementType: object}, []tftypes.Value{}),
		"null":   tftypes.NewValue(tftypes.DynamicPseudoType, nil),
	} {
		response, err := server.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
			TypeName: "quiva_kv_entries", PriorState: holding(held), PlannedState: holding(entries), Config: holding(entries),
		})
		if err != nil || len(response.Diagnostics) != 1 || response.Diagnostics[0].Summary != "Entries are not an object" {
			t.Errorf("%s: diagnostics %+v, %v", name, response.Diagnostics, err)
		}
		if _, ok := gateway.Entry("flags", "a"); !ok {
			t.Fatalf("%s: the entry was deleted", name)
		}
	}
}

// TestAccKVEntriesRefused: what only the gateway can refuse.
func TestAccKVEntriesRefused(t *testing.T) {
	t.Parallel()
	t.Run("no bucket", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		configuration := strings.Replace(manyEntries(gateway, numbered(100)), `"flags"`, `"absent"`, 1)
		run(t,
			resource.TestStep{Config: configuration, ExpectError: message(`has no bucket "absent". Check the name, or create it first`)},
			resource.TestStep{
				PreConfig: func() {
					if got := requestsTo(gateway); got.gets != 100 || got.puts > 32 {
						t.Errorf("requests: %+v", got)
					}
					gateway.CreateBucket("absent")
				},
				Config:           configuration,
				ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionCreate)),
				Check:            holds(gateway, "absent", "k099", `{"n":99}`),
			},
		)
	})
	t.Run("bucket is gone", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		configuration := manyEntries(gateway, numbered(20))
		run(t,
			resource.TestStep{Config: configuration},
			resource.TestStep{
				PreConfig:        func() { gateway.DeleteBucket("flags") },
				Config:           configuration,
				ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate), exactStateKeys()),
				ExpectError:      message(`has no bucket "flags"`),
			},
			resource.TestStep{
				PreConfig: func() { gateway.CreateBucket("flags") },
				Config:    configuration,
				Check:     holdsNumbered(gateway, 20, nil),
			},
		)
	})
	t.Run("illegal key", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		run(t, resource.TestStep{
			Config:      manyEntries(gateway, numbered(20, `"a b" = {}`)),
			ExpectError: message(`1 of 21 entries could not be checked before they are created: - "a b": GET /storage/kv/flags/entries/a%20b returned 400`),
		})
		if writes := len(gateway.Entries("flags")); writes != 0 {
			t.Errorf("%d entries were written", writes)
		}
	})
	large := func(from, to int) string {
		return fmt.Sprintf("{ for i in range(40) : format(\"k%%03d\", i) => { n = i, text = i >= %d && i < %d ? \"0123456789012345678901234567890123456789\" : \"\" } }", from, to)
	}
	t.Run("values too large", func(t *testing.T) {
		t.Parallel()
		gateway := mockgateway.NewServer()
		t.Cleanup(gateway.Close)
		gateway.CreateBucketWith(mockgateway.BucketConfig{Name: "flags", MaxValueSize: 40})
		run(t,
			resource.TestStep{
				Config:      manyEntries(gateway, large(7, 19)),
				ExpectError: message(`12 of 40 entries could not be written: - "k007": PUT /storage/kv/flags/entries/k007 returned 400`),
			},
			// All others are there, in the gateway and in the state.
			resource.TestStep{
				PreConfig: func() {
					if held := len(gateway.Entries("flags")); held != 28 {
						t.Errorf("the gateway holds %d entries", held)
					}
					gateway.ResetRequests()
				},
				Config:           manyEntries(gateway, large(7, 19)),
				ConfigPlanChecks: plans(exactState{gateway: gateway}),
				ExpectError:      message(`- and 2 more The state holds what was done.`),
			},
			resource.TestStep{
				PreConfig: func() {
					if got, want := requestsTo(gateway), (requests{lists: 1, gets: 12, puts: 12}); got != want {
						t.Errorf("requests: %+v, want %+v", got, want)
					}
					gateway.ResetRequests()
				},
				Config:           manyEntries(gateway, large(0, 0)),
				ConfigPlanChecks: plans(exactState{gateway: gateway}),
				Check:            asked(gateway, requests{lists: 1, gets: 12, puts: 12}),
			},
			// The same on an update: the state keeps the old value of what failed.
			resource.TestStep{
				PreConfig:   func() { gateway.ResetRequests() },
				Config:      manyEntries(gateway, "merge("+large(7, 8)+", { k020 = {} })"),
				ExpectError: message(`1 of 2 entries could not be written: - "k007": PUT /storage/kv/flags/entries/k007 returned 400`),
			},
			resource.TestStep{
				Config:           manyEntries(gateway, "merge("+large(0, 0)+", { k020 = {} })"),
				ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan(), exactState{gateway: gateway}),
			},
		)
		for key, want := range map[string]int{"k006": 1, "k007": 1, "k020": 2} {
			if got := gateway.Revisions("flags", key); got != want {
				t.Errorf("%s was written %d times, want %d", key, got, want)
			}
		}
	})
}

var (
	unauthorized = mockgateway.Respond(http.StatusUnauthorized, nil, `{"error":"unauthorized"}`)
	failing      = mockgateway.Respond(http.StatusInternalServerError, nil, `{"error":"internal_error"}`)
)

// TestAccKVEntriesFailedCreate: an apply that breaks off has what it wrote in
// the state, and only that. The next one, which Terraform plans as a replace,
// writes the rest, and nothing twice.
func TestAccKVEntriesFailedCreate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		effect mockgateway.Effect
		want   string
	}{
		"401": {unauthorized, "Gateway refused the credential"},
		"500": {failing, "Gateway server error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "k000", `{"n":0}`) // will be adopted
			gateway.PutEntry("flags", "stranger", `{}`)
			others := []string{"k000", "stranger"}
			configuration := manyEntries(gateway, numbered(80))
			fail := func(after int) func() {
				return func() {
					gateway.ResetRequests()
					gateway.ClearFaults()
					gateway.Inject(mockgateway.Fault{Method: http.MethodPut, After: after, Effect: tt.effect, Delay: 500 * time.Millisecond})
				}
			}
			run(t,
				resource.TestStep{PreConfig: fail(25), Config: configuration, ExpectError: message("54 of 79 entries could not be written:")},
				// Once more: what the first one wrote is still in the state.
				resource.TestStep{
					PreConfig:        fail(10),
					Config:           configuration,
					ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionReplace), exactState{gateway, others}),
					ExpectError:      message(tt.want),
				},
				// And again, without writing anything: 32 were on their way.
				resource.TestStep{
					PreConfig:        fail(0),
					Config:           configuration,
					ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionReplace), exactState{gateway, others}),
					ExpectError:      message(`- and 22 more - 12 were not tried after that The state holds what was done. The next apply does the rest.`),
				},
				// Nor can it look.
				resource.TestStep{
					PreConfig: func() {
						fail(0)()
						gateway.Inject(mockgateway.Fault{Method: http.MethodGet, Path: "*/entries/k*", Effect: tt.effect})
					},
					Config:           configuration,
					ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionReplace), exactState{gateway, others}),
					ExpectError:      message(`45 of 45 entries could not be checked before they are created:`),
				},
				// It says what failed, and no more.
				resource.TestStep{
					Config:      configuration,
					ExpectError: message(`Nothing was written.`),
				},
				resource.TestStep{
					PreConfig: func() {
						gateway.ClearFaults()
						gateway.ResetRequests()
					},
					Config:           configuration,
					ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionReplace), exactState{gateway, others}),
					Check: resource.ComposeTestCheckFunc(
						asked(gateway, requests{lists: 1, gets: 45, puts: 44}),
						holdsNumbered(gateway, 80, map[string]string{"stranger": `{}`})),
				},
			)
			// What was adopted is the resource's by then.
			if held := gateway.Entries("flags"); len(held) != 1 {
				t.Errorf("the gateway holds %v after the end", held)
			}
		})
	}
}

// failThirties makes the writes of k030 to k039 fail. k000 to k029 are under
// way by then, and done.
func failThirties(gateway *mockgateway.Server, method string) func() {
	return func() {
		gateway.ResetRequests()
		gateway.Inject(mockgateway.Fault{Method: method, Path: "*/entries/k03*", Effect: unauthorized})
	}
}

// TestAccKVEntriesFailedCreateChanged: the configuration changes before it is
// applied again.
func TestAccKVEntriesFailedCreateChanged(t *testing.T) {
	t.Parallel()
	// An apply of k000 to k039 failed, leaving k000 to k029.
	tests := map[string]struct {
		entries string
		want    requests // of the next plan and apply
		holds   map[string]string
		gone    []string
	}{
		"the same":      {numbered(40), requests{gets: 10, puts: 10}, nil, nil},
		"less":          {numbered(20), requests{deletes: 10}, nil, nil},
		"what was left": {numbered(30), requests{}, nil, nil},
		"another value": {numbered(40, "k001 = { changed = true }"), requests{gets: 11, puts: 11}, map[string]string{"k001": `{"changed":true}`}, nil},
		"another key":   {"{ for key, value in " + numbered(40, "new = {}") + " : key => value if key != \"k001\" }", requests{gets: 11, puts: 11, deletes: 1}, map[string]string{"new": `{}`}, []string{"k001"}},
		"another type":  {"tomap({ for key, value in " + numbered(40) + " : key => tomap(value) })", requests{gets: 10, puts: 10}, nil, nil},
		"nothing":       {"{}", requests{deletes: 30}, nil, nil},
	}
	counts := map[string]int{"less": 20, "what was left": 30, "nothing": 0}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			count, ok := counts[name]
			if !ok {
				count = 40
			}
			tt.want.lists = 1
			check := resource.ComposeTestCheckFunc(asked(gateway, tt.want), holdsNumbered(gateway, count, tt.holds))
			if len(tt.gone) > 0 {
				check = resource.ComposeTestCheckFunc(asked(gateway, tt.want), holds(gateway, "flags", "new", `{}`), absent(gateway, "k001"))
			}
			run(t,
				resource.TestStep{PreConfig: failThirties(gateway, http.MethodPut), Config: manyEntries(gateway, numbered(40)), ExpectError: message("Gateway refused the credential")},
				resource.TestStep{
					PreConfig: func() {
						gateway.ClearFaults()
						gateway.ResetRequests()
					},
					Config:           manyEntries(gateway, tt.entries),
					ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionReplace), exactState{gateway: gateway}),
					Check:            check,
				},
			)
			if held := gateway.Entries("flags"); len(held) != 0 {
				t.Errorf("the gateway holds %v after the end", held)
			}
		})
	}
	t.Run("a key is dropped after the second failure", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		run(t,
			resource.TestStep{PreConfig: failThirties(gateway, http.MethodPut), Config: manyEntries(gateway, numbered(40)), ExpectError: message("Gateway refused the credential")},
			resource.TestStep{Config: manyEntries(gateway, numbered(40)), ExpectError: message("Gateway refused the credential")},
			resource.TestStep{
				PreConfig:        func() { gateway.ResetRequests() },
				Config:           manyEntries(gateway, numbered(20, "k001 = { changed = true }")),
				ConfigPlanChecks: plans(exactState{gateway: gateway}),
				Check: resource.ComposeTestCheckFunc(
					asked(gateway, requests{lists: 1, gets: 1, puts: 1, deletes: 10}),
					holdsNumbered(gateway, 20, map[string]string{"k001": `{"changed":true}`})),
			},
		)
	})
	t.Run("deleting fails", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		run(t,
			resource.TestStep{PreConfig: failThirties(gateway, http.MethodPut), Config: manyEntries(gateway, numbered(40)), ExpectError: message("Gateway refused the credential")},
			resource.TestStep{
				PreConfig: func() {
					gateway.ClearFaults()
					gateway.Inject(mockgateway.Fault{Method: http.MethodDelete, After: 7, Effect: failing})
				},
				Config:      manyEntries(gateway, numbered(10)),
				ExpectError: message("13 of 20 entries could not be deleted:"),
			},
			resource.TestStep{
				PreConfig: func() {
					gateway.ClearFaults()
					gateway.ResetRequests()
				},
				Config:           manyEntries(gateway, numbered(10)),
				ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionReplace), exactState{gateway: gateway}),
				Check:            resource.ComposeTestCheckFunc(asked(gateway, requests{lists: 1, deletes: 13}), holdsNumbered(gateway, 10, nil)),
			},
		)
	})
}

// TestAccKVEntriesLostAnswers: what was written without an answer is adopted.
func TestAccKVEntriesLostAnswers(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	// Written twice, perhaps: a write that a kept connection loses is sent again.
	lost := map[string]string{}
	for i := 30; i < 40; i++ {
		lost[fmt.Sprintf("k%03d", i)] = fmt.Sprintf(`{"n":%d}`, i)
	}
	run(t,
		resource.TestStep{
			PreConfig: func() {
				gateway.Inject(mockgateway.Fault{Method: http.MethodPut, Path: "*/entries/k03*", Effect: mockgateway.LoseAnswer()})
			},
			Config:      manyEntries(gateway, numbered(40)),
			ExpectError: message("Gateway not reachable"),
		},
		resource.TestStep{
			PreConfig:        gateway.ClearFaults,
			Config:           manyEntries(gateway, numbered(40)),
			ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionReplace)),
			Check:            holdsNumbered(gateway, 40, lost),
		},
	)
	if held := gateway.Entries("flags"); len(held) != 0 {
		t.Errorf("the gateway holds %v after the end", held)
	}
}

// TestAccKVEntriesFailedCreateDestroyed: a destroy after a failed apply deletes
// what that wrote, and nothing that was there before.
func TestAccKVEntriesFailedCreateDestroyed(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} {
		gateway := newGateway(t)
		gateway.PutEntry("flags", "k005", `{ "n" : 5 }`)
		gateway.PutEntry("flags", "stranger", `{}`)
		fails := resource.TestStep{
			PreConfig:   failThirties(gateway, http.MethodPut),
			Config:      manyEntries(gateway, numbered(40)),
			ExpectError: message("Gateway refused the credential"),
		}
		steps := []resource.TestStep{fails}
		if again {
			steps = append(steps, fails)
		}
		run(t, steps...)
		want := map[string]string{"k005": `{ "n" : 5 }`, "stranger": `{}`}
		if held := gateway.Entries("flags"); !maps.Equal(held, want) {
			t.Errorf("failed again %t: the gateway holds %v", again, held)
		}
		if got := requestsTo(gateway).deletes; got != 29 {
			t.Errorf("failed again %t: %d DELETEs, want 29", again, got)
		}
	}
}

// TestAccKVEntriesFailedUpdate: an update that breaks off has in the state what
// it did, and the next one does the rest.
func TestAccKVEntriesFailedUpdate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		effect mockgateway.Effect
		want   string
	}{
		"401": {unauthorized, "Gateway refused the credential"},
		"500": {failing, "Gateway server error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "k059", `{"n":60}`) // to be adopted
			others := []string{"k059"}
			// Of k000 to k049, those below k010 go and all others change; k050 to
			// k059 come.
			changed := manyEntries(gateway, "{ for i in range(10, 60) : format(\"k%03d\", i) => { n = i + 1 } }")
			step := func(fault *mockgateway.Fault, want string) resource.TestStep {
				step := resource.TestStep{
					PreConfig: func() {
						gateway.ResetRequests()
						gateway.ClearFaults()
						if fault != nil {
							gateway.Inject(*fault)
						}
					},
					Config:           changed,
					ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate), exactState{gateway, others}),
				}
				if want != "" {
					step.ExpectError = message(want)
				}
				return step
			}
			done := step(nil, "")
			done.ConfigPlanChecks = plans(entriesAction(plancheck.ResourceActionUpdate), exactState{gateway: gateway})
			done.Check = resource.ComposeTestCheckFunc(
				// Only what was left to delete.
				asked(gateway, requests{lists: 1, deletes: 6}),
				func(*terraform.State) error {
					held := gateway.Entries("flags")
					for i := range 60 {
						key, writes := fmt.Sprintf("k%03d", i), 2
						if i < 10 || i >= 50 {
							writes = 1
						}
						if got := gateway.Revisions("flags", key); got != writes {
							return fmt.Errorf("%s was written %d times, want %d", key, got, writes)
						}
						if want := fmt.Sprintf(`{"n":%d}`, i+1); i >= 10 && held[key] != want || i < 10 && held[key] != "" {
							return fmt.Errorf("%s is %q", key, held[key])
						}
					}
					return nil
				})
			run(t,
				resource.TestStep{Config: manyEntries(gateway, numbered(50))},
				step(&mockgateway.Fault{Method: http.MethodPut, After: 13, Effect: tt.effect}, tt.want),
				step(&mockgateway.Fault{Method: http.MethodPut, After: 20, Effect: tt.effect}, "16 of 36 entries could not be written"),
				step(&mockgateway.Fault{Method: http.MethodDelete, After: 4, Effect: tt.effect}, "6 of 10 entries could not be deleted"),
				done,
			)
			if held := gateway.Entries("flags"); len(held) != 0 {
				t.Errorf("the gateway holds %v after the end", held)
			}
		})
	}
}

// TestAccKVEntriesFailedDestroy: what could not be deleted stays in the state.
func TestAccKVEntriesFailedDestroy(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "stranger", `{}`)
	destroy := func(change func(), want string) resource.TestStep {
		step := resource.TestStep{
			PreConfig: func() {
				gateway.ResetRequests()
				gateway.ClearFaults()
				change()
			},
			Config:           withProvider(gateway, ""),
			ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionDestroy), exactState{gateway, []string{"stranger"}}),
		}
		if want != "" {
			step.ExpectError = message(want)
		}
		return step
	}
	fault := func(after int, effect mockgateway.Effect) func() {
		return func() {
			gateway.Inject(mockgateway.Fault{Method: http.MethodDelete, After: after, Effect: effect})
		}
	}
	last := destroy(func() {}, "")
	last.Check = resource.ComposeTestCheckFunc(asked(gateway, requests{lists: 1, deletes: 23}), holdsNumbered(gateway, 0, map[string]string{"stranger": `{}`}))
	run(t,
		resource.TestStep{Config: manyEntries(gateway, numbered(40))},
		destroy(fault(0, unauthorized), "40 of 40 entries could not be deleted"),
		destroy(fault(10, failing), "30 of 40 entries could not be deleted"),
		destroy(fault(7, unauthorized), "23 of 30 entries could not be deleted"),
		last,
	)
}

// TestAccKVEntriesGoneOnDestroy: an entry that is gone already is no failure.
func TestAccKVEntriesGoneOnDestroy(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	run(t,
		resource.TestStep{
			Config: manyEntries(gateway, numbered(20)),
		},
		resource.TestStep{
			// Gone between the plan and its apply.
			PreConfig: func() {
				gateway.Inject(mockgateway.Fault{Method: http.MethodDelete, Times: 5, Effect: mockgateway.Respond(http.StatusNotFound, nil, `{"error":"not_found"}`)})
			},
			Config: manyEntries(gateway, numbered(10)),
		},
	)
	// The test framework's own destroy, without a refresh.
	gateway = newGateway(t)
	run(t,
		resource.TestStep{Config: manyEntries(gateway, numbered(20))},
		resource.TestStep{Config: manyEntries(gateway, numbered(20)), Check: func(*terraform.State) error {
			for key := range gateway.Entries("flags") {
				gateway.DeleteEntry("flags", key)
			}
			return nil
		}, ExpectNonEmptyPlan: true},
	)
	if got := requestsTo(gateway).deletes; got != 20 {
		t.Errorf("%d DELETEs", got)
	}
}

// TestAccKVEntriesReplaced: a replacement that Terraform is asked for deletes
// nothing that it would only write again.
func TestAccKVEntriesReplaced(t *testing.T) {
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
			requests{lists: 1}, requests{lists: 1}, requests{lists: 1, gets: 2, puts: 2, deletes: 2}},
		// The new object does not know of the old one and looks at all keys.
		"created first": {"create_before_destroy = true", plancheck.ResourceActionCreateBeforeDestroy,
			requests{lists: 1, gets: 18}, requests{lists: 1, gets: 18}, requests{lists: 1, gets: 18, puts: 2, deletes: 2}},
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
	t.Run("created first, after a failure", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		configuration := manyEntries(gateway, numbered(40), "lifecycle {", "create_before_destroy = true", "}")
		run(t,
			resource.TestStep{PreConfig: failThirties(gateway, http.MethodPut), Config: configuration, ExpectError: message("Gateway refused the credential")},
			resource.TestStep{
				PreConfig: func() {
					gateway.ClearFaults()
					gateway.ResetRequests()
				},
				Config:           configuration,
				ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionCreateBeforeDestroy), exactState{gateway: gateway}),
				Check:            resource.ComposeTestCheckFunc(asked(gateway, requests{lists: 1, gets: 40, puts: 10}), holdsNumbered(gateway, 40, nil)),
			},
		)
		if held := gateway.Entries("flags"); len(held) != 0 {
			t.Errorf("the gateway holds %v after the end", held)
		}
	})
}

// TestAccKVEntriesUnreadable: a refresh that fails leaves the state alone.
func TestAccKVEntriesUnreadable(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"expired":  {http.StatusUnauthorized, `{"error":"unauthorized"}`, "Gateway refused the credential"},
		"500":      {http.StatusInternalServerError, `{"error":"internal_error"}`, `20 of 20 entries could not be read:`},
		"html 404": {http.StatusNotFound, "<html>no such page</html>", "Unexpected response: not a Quiva Gateway"},
		"html":     {http.StatusOK, "<html>", "Unexpected response: not a Quiva Gateway"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			configuration := manyEntries(gateway, numbered(20))
			run(t,
				resource.TestStep{Config: configuration},
				resource.TestStep{
					PreConfig: func() {
						gateway.Inject(mockgateway.Fault{Effect: mockgateway.Respond(answer.status, nil, answer.body)})
					},
					Config:      configuration,
					ExpectError: message(answer.want),
				},
				resource.TestStep{
					PreConfig:        gateway.ClearFaults,
					Config:           configuration,
					ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan(), exactState{gateway: gateway}),
				},
			)
		})
	}
}

// TestKVEntriesNoValueInErrors: a conflict shows neither side.
func TestKVEntriesNoValueInErrors(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "a", `{"password":"geheim"}`)
	server := newServer(t)
	configure(t, server, gateway)
	schema := resourceSchema(t, server, "quiva_kv_entries")
	entry := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"password": tftypes.String}}
	entriesType := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"a": entry}}
	planned := objectOf(t, schema, map[string]tftypes.Value{
		"bucket": tftypes.NewValue(tftypes.String, "flags"), "id": tftypes.NewValue(tftypes.String, "flags"),
		"entries": tftypes.NewValue(entriesType, map[string]tftypes.Value{
			"a": tftypes.NewValue(entry, map[string]tftypes.Value{"password": tftypes.NewValue(tftypes.String, "secret")}),
		}),
	})
	none, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), nil))
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: "quiva_kv_entries", PriorState: &none, PlannedState: planned, Config: planned,
	})
	if err != nil || len(response.Diagnostics) != 1 {
		t.Fatalf("%+v, %v", response, err)
	}
	shown := []byte(response.Diagnostics[0].Summary + response.Diagnostics[0].Detail)
	if bytes.Contains(shown, []byte("geheim")) || bytes.Contains(shown, []byte("secret")) {
		t.Errorf("the error shows a value: %s", shown)
	}
}

// TestAccKVEntriesReplacedWithBucket: entries that are replaced along with
// their bucket are deleted before it and written after it.
func TestAccKVEntriesReplacedWithBucket(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	configuration := func(history int, force bool) string {
		return withProvider(gateway, fmt.Sprintf(`
resource "quiva_kv_bucket" "b" {
  bucket        = "limits"
  history       = %d
  force_destroy = %t
}
resource "quiva_kv_entries" "all" {
  bucket  = quiva_kv_bucket.b.bucket
  entries = { a = { n = 1 }, b = { n = 2 } }
  lifecycle {
    replace_triggered_by = [quiva_kv_bucket.b.history]
  }
}
`, history, force))
	}
	both := resource.ComposeTestCheckFunc(holds(gateway, "limits", "a", `{"n":1}`), holds(gateway, "limits", "b", `{"n":2}`))
	for _, force := range []bool{false, true} {
		run(t,
			resource.TestStep{Config: configuration(1, force), Check: both},
			resource.TestStep{Config: configuration(2, force), Check: both},
		)
	}
}

// TestAccKVEntriesRenamed: a resource that takes over the entries of another,
// which is destroyed at the same time, does not lose them.
func TestAccKVEntriesRenamed(t *testing.T) {
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
