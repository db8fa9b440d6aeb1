package provider_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestKVEntriesRefused: what only the gateway can refuse.
func TestKVEntriesRefused(t *testing.T) {
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
}

var (
	unauthorized = mockgateway.Respond(http.StatusUnauthorized, nil, `{"error":"unauthorized"}`)
	failing      = mockgateway.Respond(http.StatusInternalServerError, nil, `{"error":"internal_error"}`)
)

// batchFailure is what goes wrong with a quiva_kv_entries, run by run. What a run
// did is in the state, and only that; the last run, in which nothing fails, does the
// rest, and nothing twice.
type batchFailure struct {
	others entries // that are there before
	first  string  // entries that are applied before, if any
	struck string  // entries of the struck runs; none, if they destroy
	runs   []struckRun
	last   string // entries of the last run, if they are not the same
	more   string // an argument
	want   requests
	check  func(*mockgateway.Server) resource.TestCheckFunc
	left   entries // after the resource is destroyed
}

// struckRun is one in which requests fail after some have passed.
type struckRun struct {
	method, path string
	after        int
	effect       mockgateway.Effect
	says         string
}

var (
	stranger = entries{"stranger": `{}`}
	// thirties fails to write k030 to k039. k000 to k029 are under way by then, and
	// done.
	thirties = []struckRun{{http.MethodPut, "*/entries/k03*", 0, unauthorized, "Gateway refused the credential"}}
	changed  = "{ for i in range(10, 60) : format(\"k%03d\", i) => { n = i + 1 } }"
)

// nowNumbered checks that there are so many numbered entries, each written once, and
// what more says.
func nowNumbered(count int, more entries) func(*mockgateway.Server) resource.TestCheckFunc {
	return func(gateway *mockgateway.Server) resource.TestCheckFunc { return holdsNumbered(gateway, count, more) }
}

var batchFailures = map[string]batchFailure{
	"creating": {
		others: entries{"k000": `{"n":0}`, "stranger": `{}`}, struck: numbered(80),
		runs: []struckRun{
			{http.MethodPut, "", 25, unauthorized, "54 of 79 entries could not be written:"},
			{http.MethodPut, "", 10, failing, "Gateway server error"},
			// The first write goes alone.
			{http.MethodPut, "", 0, failing, "- 43 were not tried after that The state holds what was done. The next apply does the rest."},
			{http.MethodGet, "*/entries/k*", 0, failing, "80 of 80 entries could not be checked before they are created:"},
			{http.MethodGet, "*/entries/k*", 0, unauthorized, "Nothing was written."},
		},
		want: requests{lists: 1, gets: 80, puts: 44}, check: nowNumbered(80, stranger),
		left: stranger, // what was adopted is the resource's in the end
	},
	"creating, the same again":  {struck: numbered(40), runs: thirties, want: requests{lists: 1, gets: 40, puts: 10}, check: nowNumbered(40, nil)},
	"creating, then less":       {struck: numbered(40), runs: thirties, last: numbered(20), want: requests{lists: 1, gets: 20 + 10, deletes: 10}, check: nowNumbered(20, nil)},
	"creating, then a type":     {struck: numbered(40), runs: thirties, last: "tomap({ for key, value in " + numbered(40) + " : key => tomap(value) })", want: requests{lists: 1, gets: 40, puts: 10}, check: nowNumbered(40, nil)},
	"creating, then nothing":    {struck: numbered(40), runs: thirties, last: "{}", want: requests{lists: 2, gets: 12, deletes: 30}, check: nowNumbered(0, nil)},
	"creating twice, then less": {struck: numbered(40), runs: slices.Concat(thirties, thirties), last: numbered(20, "k001 = { changed = true }"), want: requests{lists: 1, gets: 20 + 10, puts: 1, deletes: 10}, check: nowNumbered(20, entries{"k001": `{"changed":true}`})},
	"creating before destroying": {
		struck: numbered(40), runs: thirties, more: "lifecycle {\n    create_before_destroy = true\n  }", want: requests{lists: 1, gets: 40, puts: 10}, check: nowNumbered(40, nil),
	},
	// What was there before a creation that failed is not the resource's.
	"creating, then destroyed": {others: entries{"k005": `{ "n" : 5 }`, "stranger": `{}`}, struck: numbered(40), runs: thirties, last: "none", want: requests{lists: 2, gets: 12, deletes: 29},
		check: nowNumbered(0, entries{"k005": `{ "n" : 5 }`, "stranger": `{}`}), left: entries{"k005": `{ "n" : 5 }`, "stranger": `{}`}},
	"removing": {
		first: numbered(30), struck: numbered(10), runs: []struckRun{{http.MethodDelete, "", 7, failing, "13 of 20 entries could not be deleted:"}},
		want: requests{lists: 2, gets: 12, deletes: 13}, check: nowNumbered(10, nil),
	},
	// Those below k010 go, k050 to k059 come, and all others change.
	"updating": {
		first: numbered(50), struck: changed,
		runs: []struckRun{
			{http.MethodPut, "", 13, unauthorized, "Gateway refused the credential"},
			{http.MethodPut, "", 20, failing, "17 of 37 entries could not be written"},
			{http.MethodDelete, "", 4, failing, "6 of 10 entries could not be deleted"},
		},
		want: requests{lists: 1, gets: 6, deletes: 6},
		check: func(gateway *mockgateway.Server) resource.TestCheckFunc {
			return func(*terraform.State) error {
				held := gateway.Entries("flags")
				for i := 10; i < 60; i++ {
					key, writes := fmt.Sprintf("k%03d", i), 2
					if i >= 50 {
						writes = 1
					}
					if held[key] != fmt.Sprintf(`{"n":%d}`, i+1) || gateway.Revisions("flags", key) != writes || len(held) != 50 {
						return fmt.Errorf("of %d entries, %s is %q, and was written %d times", len(held), key, held[key], gateway.Revisions("flags", key))
					}
				}
				return nil
			}
		},
	},
	"destroying": {
		others: stranger, first: numbered(40), struck: "none",
		runs: []struckRun{
			{http.MethodDelete, "", 0, unauthorized, "40 of 40 entries could not be deleted"},
			{http.MethodDelete, "", 10, failing, "30 of 40 entries could not be deleted"},
			{http.MethodDelete, "", 7, unauthorized, "23 of 30 entries could not be deleted"},
		},
		want: requests{lists: 2, gets: 12, deletes: 23}, check: nowNumbered(0, stranger), left: stranger,
	},
	"reading": {
		first: numbered(20), struck: numbered(20),
		runs: []struckRun{
			{"", "", 0, unauthorized, "Gateway refused the credential"},
			{"", "", 0, failing, "20 of 20 entries could not be read:"},
			{"", "", 0, respond(http.StatusNotFound, "<html>no such page</html>"), "Unexpected response: not a Quiva Gateway"},
			{"", "", 0, respond(http.StatusOK, "<html>"), "Unexpected response: not a Quiva Gateway"},
		},
		want: requests{lists: 1}, check: nowNumbered(20, nil),
	},
}

// TestKVEntriesFailures plays them.
func TestKVEntriesFailures(t *testing.T) {
	t.Parallel()
	for name, tt := range batchFailures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			for key, value := range tt.others {
				gateway.PutEntry("flags", key, value)
			}
			configuration := func(of string) string {
				if of == "none" {
					return withProvider(gateway, "")
				}
				return manyEntries(gateway, of, "max_deletions = 100", tt.more)
			}
			var steps []resource.TestStep
			if tt.first != "" {
				steps = append(steps, resource.TestStep{Config: configuration(tt.first)})
			}
			next := func(of string, fault *struckRun) resource.TestStep {
				step := resource.TestStep{Config: configuration(of), PreConfig: func() {
					gateway.ClearFaults()
					gateway.ResetRequests()
					if fault != nil {
						gateway.Inject(mockgateway.Fault{Method: fault.method, Path: fault.path, After: fault.after, Effect: fault.effect})
					}
				}}
				if fault != nil {
					step.ExpectError = message(fault.says)
				}
				if len(steps) > 0 && (fault == nil || fault.method != "") {
					step.ConfigPlanChecks = plans(exactState{gateway, slices.Collect(maps.Keys(tt.others))})
				}
				return step
			}
			for _, fault := range tt.runs {
				steps = append(steps, next(tt.struck, &fault))
			}
			last := next(cmp.Or(tt.last, tt.struck), nil)
			last.Check = resource.ComposeTestCheckFunc(asked(gateway, tt.want), tt.check(gateway))
			run(t, append(steps, last)...)
			if held := gateway.Entries("flags"); !maps.Equal(held, tt.left) && len(held)+len(tt.left) > 0 {
				t.Errorf("the gateway holds %v after the end", held)
			}
		})
	}
}
