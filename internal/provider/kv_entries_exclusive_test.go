package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// undeclared checks the list in the state.
func undeclared(address string, keys ...string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New("undeclared"), texts(keys...))
}

// prunes checks which keys a plan shows as leaving the list, by resource.
type prunes map[string][]string

func (want prunes) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, change := range req.Plan.ResourceChanges {
		var got []string
		if before, ok := change.Change.Before.(map[string]any); ok {
			keys, _ := before["undeclared"].([]any)
			for _, key := range keys {
				got = append(got, key.(string))
			}
			if after, ok := change.Change.After.(map[string]any); len(got) > 0 && (!ok || len(after["undeclared"].([]any)) > 0) {
				resp.Error = fmt.Errorf("the plan of %s leaves %v undeclared", change.Address, after["undeclared"])
			}
		}
		if !slices.Equal(got, want[change.Address]) {
			resp.Error = fmt.Errorf("the plan of %s deletes %q, want %q", change.Address, got, want[change.Address])
		}
	}
}

// keysOf checks which entries the gateway holds.
func keysOf(gateway *mockgateway.Server, want ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		var got []string
		for key := range gateway.Entries("flags") {
			got = append(got, key)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			return fmt.Errorf("the gateway holds %q, want %q", got, want)
		}
		return nil
	}
}

// holdsCount checks how many entries the gateway holds.
func holdsCount(gateway *mockgateway.Server, want int) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got := len(gateway.Entries("flags")); got != want {
			return fmt.Errorf("the gateway holds %d entries, want %d", got, want)
		}
		return nil
	}
}

// TestExclusive: what is undeclared is deleted by the apply of a plan that has
// named it, if it is still what the plan saw.
func TestExclusive(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	write := func(key, value string) func() { return func() { gateway.PutEntry("flags", key, value) } }
	const entries = `{ a = { n = 1 } }`
	exclusive := manyEntries(gateway, entries, "exclusive = {}")
	write("stranger", `{"n":1}`)()
	run(t,
		resource.TestStep{ // creating deletes nothing
			Config:             exclusive,
			Check:              keysOf(gateway, "a", "stranger"),
			ConfigStateChecks:  []statecheck.StateCheck{undeclared(entriesAddress, "stranger")},
			ExpectNonEmptyPlan: true,
		},
		resource.TestStep{ // an entry that is written between plan and apply survives
			Config:             exclusive,
			ConfigPlanChecks:   plans(prunes{entriesAddress: {"stranger"}}, afterPlan(write("late", `{"n":1}`))),
			Check:              keysOf(gateway, "a", "late"),
			ConfigStateChecks:  []statecheck.StateCheck{undeclared(entriesAddress)},
			ExpectNonEmptyPlan: true,
		},
		resource.TestStep{ // so does one that is changed in between
			Config:             exclusive,
			ConfigPlanChecks:   plans(prunes{entriesAddress: {"late"}}, afterPlan(write("late", `{"n":2}`))),
			Check:              resource.ComposeTestCheckFunc(keysOf(gateway, "a", "late"), holds(gateway, "flags", "late", `{"n":2}`)),
			ExpectNonEmptyPlan: true,
		},
		resource.TestStep{ // the same JSON in other words is no change
			Config:           exclusive,
			ConfigPlanChecks: plans(prunes{entriesAddress: {"late"}}, afterPlan(write("late", ` { "n" : 2.0 } `))),
			Check:            keysOf(gateway, "a"),
		},
		resource.TestStep{ // one that is gone already is no failure
			PreConfig:        write("brief", `{}`),
			Config:           exclusive,
			ConfigPlanChecks: plans(prunes{entriesAddress: {"brief"}}, afterPlan(func() { gateway.DeleteEntry("flags", "brief") })),
			Check:            keysOf(gateway, "a"),
		},
		resource.TestStep{ // except
			PreConfig:        func() { write("runtime/1", `{}`)(); write("runtime/2", `{}`)(); write("other", `{}`)() },
			Config:           manyEntries(gateway, entries, `exclusive = { except = ["runtime/*", "none"] }`),
			ConfigPlanChecks: plans(prunes{entriesAddress: {"other", "runtime/1", "runtime/2"}}),
			Check:            keysOf(gateway, "a", "runtime/1", "runtime/2"),
		},
		resource.TestStep{ // declaring what is there
			Config:            manyEntries(gateway, `{ a = { n = 1 }, "runtime/1" = {} }`, `exclusive = { except = ["runtime/2"] }`),
			Check:             keysOf(gateway, "a", "runtime/1", "runtime/2"),
			ConfigStateChecks: []statecheck.StateCheck{undeclared(entriesAddress)},
		},
		resource.TestStep{ // not exclusive any more
			PreConfig:         write("stranger", `{}`),
			Config:            manyEntries(gateway, entries),
			Check:             keysOf(gateway, "a", "runtime/2", "stranger"),
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(entriesAddress, tfjsonpath.New("undeclared"), knownvalue.Null())},
		},
		resource.TestStep{ // exclusive again: only the next plan deletes
			Config:             exclusive,
			Check:              keysOf(gateway, "a", "runtime/2", "stranger"),
			ConfigStateChecks:  []statecheck.StateCheck{undeclared(entriesAddress, "runtime/2", "stranger")},
			ExpectNonEmptyPlan: true,
		},
		resource.TestStep{ // destroying deletes what is declared
			Config: withProvider(gateway, ""),
			Check:  keysOf(gateway, "runtime/2", "stranger"),
		},
	)
}

// TestExclusiveMaxDeletions: more removed entries than are allowed stop the plan,
// and of more undeclared ones none is deleted. A destroy deletes what is declared.
func TestExclusiveMaxDeletions(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		declared, strangers int
		next                string // of twelve entries k000…
		more                []string
		left                int // entries
		destroys            bool
		wantErr             string
	}{
		"a destroy":                        {declared: 2, strangers: 11, next: numbered(2), destroys: true, left: 11},
		"an empty file":                    {declared: 12, next: `{}`, wantErr: `would delete 12 entries in bucket "flags" \("k000", "k001".* and 2 more\).* max_deletions = 12`},
		"as many as allowed":               {declared: 12, strangers: 10, next: numbered(2), left: 2},
		"too many strangers":               {declared: 2, strangers: 11, next: numbered(1), left: 12},
		"a raised limit":                   {declared: 12, strangers: 20, next: `{}`, more: []string{"max_deletions = 20"}},
		"a lowered limit":                  {declared: 2, next: numbered(1), more: []string{"max_deletions = 0"}, wantErr: `delete entry "k001" in bucket "flags", no longer in entries.`},
		"a prefix that no key begins with": {declared: 12, next: `{}`, more: []string{"key_prefix = \"team-a/\""}, wantErr: `would delete 12 entries`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			next := resource.TestStep{
				PreConfig: func() {
					for i := range tt.strangers {
						gateway.PutEntry("flags", fmt.Sprintf("s%d", i), `{}`)
					}
				},
				Config:  manyEntries(gateway, tt.next, append(tt.more, "exclusive = {}")...),
				Destroy: tt.destroys,
				Check:   holdsCount(gateway, tt.left),
			}
			if tt.wantErr != "" {
				next.ExpectError = inWords(tt.wantErr)
			}
			run(t, resource.TestStep{Config: manyEntries(gateway, numbered(tt.declared), "exclusive = {}")}, next)
		})
	}
}

// TestExclusiveImport: what an import has brought is not deleted unseen either.
func TestExclusiveImport(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	for i := range 12 {
		gateway.PutEntry("flags", fmt.Sprintf("k%d", i), `{}`)
	}
	run(t,
		resource.TestStep{
			Config:      manyEntries(gateway, `{ k0 = {} }`, "exclusive = {}") + "import {\n  to = " + entriesAddress + "\n  id = \"flags\"\n}\n",
			ExpectError: inWords("would delete 11 entries"),
		},
		resource.TestStep{
			Config: manyEntries(gateway, `{ k0 = {} }`, "max_deletions = 11", "exclusive = {}") + "import {\n  to = " + entriesAddress + "\n  id = \"flags\"\n}\n",
			Check:  keysOf(gateway, "k0"),
		},
	)
}

// inWords matches a text however Terraform breaks its lines.
func inWords(pattern string) *regexp.Regexp {
	return regexp.MustCompile("(?s)" + strings.ReplaceAll(pattern, " ", `[\s│]+`))
}

// TestExclusiveOverlap: a resource that has a key in the scope is an error,
// whichever is planned first, and the text to paste resolves it. A foreign entry that
// the plan names is not written over.
func TestExclusiveOverlap(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]string{
		"an entry":         "resource \"quiva_kv_entry\" \"other\" {\n  bucket = \"flags\"\n  key = \"other\"\n  value = { n = 2 }\n}\n",
		"properties":       "resource \"quiva_kv_entry_properties\" \"other\" {\n  bucket = \"flags\"\n  key = \"other\"\n  properties = { p = 2 }\n}\n",
		"one planned last": "resource \"quiva_kv_entries\" \"other\" {\n  bucket = quiva_kv_entries.test.bucket\n  entries = { other = {} }\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "runtime", `{}`)
			gateway.PutEntry("flags", "other", `{"n":1}`)
			config := func(except string) string {
				return manyEntries(gateway, `{ a = {} }`, "exclusive = { except = ["+except+"] }")
			}
			run(t,
				resource.TestStep{Config: config(`"runtime"`), ExpectNonEmptyPlan: true},
				resource.TestStep{Config: config(`"runtime"`) + other, ExpectError: inWords(`exclusive scope.*except = \["runtime", "other"\]`)},
				resource.TestStep{Config: config(`"runtime", "other"`), Check: keysOf(gateway, "a", "other", "runtime")},
			)
			if got, _ := gateway.Entry("flags", "other"); got != `{"n":1}` {
				t.Errorf("the gateway holds %s", got)
			}
		})
	}
}

// TestExclusivePatterns: a pattern that guards nothing is an error.
func TestExclusivePatterns(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	for pattern, want := range map[string]string{
		"counters/*": `matches no key that begins with the key_prefix "team/".*"team/counters/\*"`,
		"team/x/":    `ends in a slash.*"team/x/\*"`,
	} {
		run(t, resource.TestStep{
			Config:      manyEntries(gateway, `{ "team/a" = {} }`, `key_prefix = "team/"`, fmt.Sprintf("exclusive = { except = [%q] }", pattern)),
			ExpectError: inWords(want),
		})
	}
}

// TestExclusiveIncomplete: a gateway whose searches find nothing has fewer
// entries deleted, and never another one.
func TestExclusiveIncomplete(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	for i := range 1200 {
		gateway.PutEntry("flags", fmt.Sprintf("old/%04d", i), `{}`)
	}
	gateway.Inject(mockgateway.Fault{Method: http.MethodGet, Path: "*/search-by-key", Effect: mockgateway.Respond(http.StatusOK, nil, `{"body":{"results":[],"results_total":0}}`)})
	exclusive := manyEntries(gateway, `{ a = {} }`, "max_deletions = 2000", "exclusive = {}")
	run(t,
		resource.TestStep{Config: exclusive, ExpectNonEmptyPlan: true},
		resource.TestStep{
			Config:             exclusive,
			Check:              holdsCount(gateway, 1201-999), // the list shows the declared entry too
			ExpectNonEmptyPlan: true,
		},
		resource.TestStep{Config: exclusive, Check: keysOf(gateway, "a")},
	)
}

// TestExclusiveFailures: what cannot be listed, compared or deleted stays, and
// an error says so.
func TestExclusiveFailures(t *testing.T) {
	t.Parallel()
	forbidden := mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`)
	for name, tt := range map[string]struct {
		fault   mockgateway.Fault
		wantErr string
	}{
		"list":    {mockgateway.Fault{Method: http.MethodGet, Path: "*/flags/entries", Effect: forbidden}, `Could not list the entries`},
		"compare": {mockgateway.Fault{Method: http.MethodGet, Path: "*/entries/stranger", Effect: forbidden}, `1 of 1 entries could not be deleted`},
		"delete":  {mockgateway.Fault{Method: http.MethodDelete, Path: "*/entries/stranger", Effect: forbidden}, `1 of 1 entries could not be deleted`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "stranger", `{}`)
			exclusive := manyEntries(gateway, `{ a = {} }`, "exclusive = {}")
			var fault *mockgateway.Injection
			run(t,
				resource.TestStep{Config: exclusive, ExpectNonEmptyPlan: true},
				resource.TestStep{
					PreConfig:   func() { fault = gateway.Inject(tt.fault) },
					Config:      exclusive,
					ExpectError: inWords(tt.wantErr),
				},
				resource.TestStep{
					PreConfig:        func() { fault.Clear() },
					Config:           exclusive,
					ConfigPlanChecks: plans(prunes{entriesAddress: {"stranger"}}),
					Check:            keysOf(gateway, "a"),
				},
			)
		})
	}
}

// TestExclusiveNotListed: a creation whose undeclared entries cannot be listed
// is complete all the same.
func TestExclusiveNotListed(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "stranger", `{}`)
	list := gateway.Inject(mockgateway.Fault{Method: http.MethodGet, Path: "*/flags/entries", Effect: mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`)})
	exclusive := manyEntries(gateway, `{ a = {} }`, "exclusive = {}")
	run(t,
		resource.TestStep{Config: exclusive, ExpectError: inWords("Could not list the entries")}, // the refresh after it
		resource.TestStep{
			PreConfig:        func() { list.Clear() },
			Config:           exclusive,
			ConfigPlanChecks: plans(plancheck.ExpectResourceAction(entriesAddress, plancheck.ResourceActionUpdate)),
			Check:            keysOf(gateway, "a"),
		},
	)
}

// TestExclusiveUnknown: a scope that is not known yet deletes nothing.
func TestExclusiveUnknown(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "x1", `{}`)
	config := func(input string) string {
		return withOther(manyEntries(gateway, `{ a = {} }`, "exclusive = { except = [terraform_data.other.output] }"), input)
	}
	run(t,
		resource.TestStep{Config: config(`"x*"`), Check: keysOf(gateway, "a", "x1")},
		resource.TestStep{Config: config(`"y*"`), ExpectError: inWords("must show what exclusive deletes")},
	)
}

// TestExclusiveWithoutBucket: a bucket that is gone holds nothing undeclared.
// The next apply makes it again, with its entries.
func TestExclusiveWithoutBucket(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	config := bucket(gateway) + `
resource "quiva_kv_entries" "test" {
  bucket    = quiva_kv_bucket.test.bucket
  entries   = { a = {} }
  exclusive = {}
}
`
	run(t,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() { gateway.DeleteBucket("limits") },
			Config:    config,
			Check:     holds(gateway, "limits", "a", `{}`),
		},
		resource.TestStep{Config: config, ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan())},
	)
}

// TestExclusiveFinds: the apply that makes a resource exclusive says what it found.
func TestExclusiveFinds(t *testing.T) {
	t.Parallel()
	for want, strays := range map[string][]string{
		`In the scope of exclusive, entries does not declare entry "s1" in bucket "flags". Nothing was deleted.`:             {"s1"},
		`In the scope of exclusive, entries does not declare 2 entries in bucket "flags" ("s1", "s2"). Nothing was deleted.`: {"s1", "s2"},
	} {
		gateway := newGateway(t)
		for _, key := range strays {
			gateway.PutEntry("flags", key, `{}`)
		}
		w := newWorkspace(t)
		said := w.apply(w.plan(manyEntries(gateway, `{ a = {} }`, "exclusive = {}"), planOptions{}))
		if len(said) != 1 || !strings.HasPrefix(said[0].detail, want) {
			t.Errorf("the apply says %v, want %s", said, want)
		}
	}
}
