package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

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
	t.Run("key that the gateway refuses", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		gateway.Inject(mockgateway.Fault{Path: "*/entries/a..b", Effect: mockgateway.Respond(http.StatusBadRequest, nil, `{"error":"invalid key"}`)})
		run(t, resource.TestStep{
			Config:      manyEntries(gateway, numbered(20, `"a..b" = {}`)),
			ExpectError: message(`1 of 21 entries could not be checked before they are created: - "a..b": GET /storage/kv/flags/entries/a..b returned 400`),
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
					if err := asked(gateway, requests{lists: 1, gets: 40, puts: 12})(nil); err != nil {
						t.Error(err)
					}
					gateway.ResetRequests()
				},
				Config:           manyEntries(gateway, large(0, 0)),
				ConfigPlanChecks: plans(exactState{gateway: gateway}),
				Check:            asked(gateway, requests{lists: 1, gets: 40, puts: 12}),
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

// TestKVEntriesFailedCreate: an apply that breaks off has what it wrote in
// the state, and only that. The next one, which Terraform plans as a replace,
// writes the rest, and nothing twice.
func TestKVEntriesFailedCreate(t *testing.T) {
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
				// And again, without writing anything: the first write goes alone.
				resource.TestStep{
					PreConfig:        fail(0),
					Config:           configuration,
					ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionReplace), exactState{gateway, others}),
					ExpectError:      message(`- 43 were not tried after that The state holds what was done. The next apply does the rest.`),
				},
				// Nor can it look.
				resource.TestStep{
					PreConfig: func() {
						fail(0)()
						gateway.Inject(mockgateway.Fault{Method: http.MethodGet, Path: "*/entries/k*", Effect: tt.effect})
					},
					Config:           configuration,
					ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionReplace), exactState{gateway, others}),
					ExpectError:      message(`80 of 80 entries could not be checked before they are created:`),
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
						asked(gateway, requests{lists: 1, gets: 80, puts: 44}),
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

// TestKVEntriesFailedCreateChanged: the configuration changes before it is
// applied again.
func TestKVEntriesFailedCreateChanged(t *testing.T) {
	t.Parallel()
	// An apply of k000 to k039 failed, leaving k000 to k029.
	tests := map[string]struct {
		entries string
		want    requests // of the next plan and apply
		holds   map[string]string
		gone    []string
	}{
		"the same":      {numbered(40), requests{gets: 40, puts: 10}, nil, nil},
		"less":          {numbered(20), requests{gets: 20 + 10, deletes: 10}, nil, nil},
		"what was left": {numbered(30), requests{gets: 30}, nil, nil},
		"another value": {numbered(40, "k001 = { changed = true }"), requests{gets: 40, puts: 11}, map[string]string{"k001": `{"changed":true}`}, nil},
		"another key":   {"{ for key, value in " + numbered(40, "new = {}") + " : key => value if key != \"k001\" }", requests{gets: 40 + 1, puts: 11, deletes: 1}, map[string]string{"new": `{}`}, []string{"k001"}},
		"another type":  {"tomap({ for key, value in " + numbered(40) + " : key => tomap(value) })", requests{gets: 40, puts: 10}, nil, nil},
		"nothing":       {"{}", requests{lists: 1, gets: 12, deletes: 30}, nil, nil},
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
			tt.want.lists++
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
					asked(gateway, requests{lists: 1, gets: 20 + 10, puts: 1, deletes: 10}),
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
				Check:            resource.ComposeTestCheckFunc(asked(gateway, requests{lists: 2, gets: 10 + 12, deletes: 13}), holdsNumbered(gateway, 10, nil)),
			},
		)
	})
}

// TestKVEntriesLostResponses: what was written without a response is adopted.
func TestKVEntriesLostResponses(t *testing.T) {
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
				gateway.Inject(mockgateway.Fault{Method: http.MethodPut, Path: "*/entries/k03*", Effect: mockgateway.LoseResponse()})
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

// TestKVEntriesFailedCreateDestroyed: a destroy after a failed apply deletes
// what that wrote, and nothing that was there before.
func TestKVEntriesFailedCreateDestroyed(t *testing.T) {
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

// TestKVEntriesFailedUpdate: an update that breaks off has in the state what
// it did, and the next one does the rest.
func TestKVEntriesFailedUpdate(t *testing.T) {
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
				asked(gateway, requests{lists: 1, gets: 6, deletes: 6}),
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

// TestKVEntriesFailedDestroy: what could not be deleted stays in the state.
func TestKVEntriesFailedDestroy(t *testing.T) {
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
	last.Check = resource.ComposeTestCheckFunc(asked(gateway, requests{lists: 2, gets: 12, deletes: 23}), holdsNumbered(gateway, 0, map[string]string{"stranger": `{}`}))
	run(t,
		resource.TestStep{Config: manyEntries(gateway, numbered(40))},
		destroy(fault(0, unauthorized), "40 of 40 entries could not be deleted"),
		destroy(fault(10, failing), "30 of 40 entries could not be deleted"),
		destroy(fault(7, unauthorized), "23 of 30 entries could not be deleted"),
		last,
	)
}

// TestKVEntriesUnreadable: a refresh that fails leaves the state alone.
func TestKVEntriesUnreadable(t *testing.T) {
	t.Parallel()
	for name, response := range map[string]struct {
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
						gateway.Inject(mockgateway.Fault{Effect: mockgateway.Respond(response.status, nil, response.body)})
					},
					Config:      configuration,
					ExpectError: message(response.want),
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
