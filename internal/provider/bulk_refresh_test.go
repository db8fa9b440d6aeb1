package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// singles are that many entries k00, k01, … of the bucket "flags", each a
// resource of its own.
const singles = 30

func singleEntries(value string) string {
	return fmt.Sprintf("resource \"quiva_kv_entry\" \"many\" {\n  count = %d\n  bucket = \"flags\"\n  key = format(\"k%%02d\", count.index)\n  %s\n}\n", singles, value)
}

func singleAddress(i int) string { return fmt.Sprintf("quiva_kv_entry.many[%d]", i) }

// askedBetween checks the requests since they were last reset, of which some
// depend on the order in which Terraform goes about its work. Besides, the first write
// is read back, as is the first to a key with a slash, and in each five seconds a list,
// or else a search,
// may prove that entries are missing.
func askedBetween(gateway *mockgateway.Server, least, most requests) resource.TestCheckFunc {
	return func(*terraform.State) error {
		got, least, most := requestsTo(gateway), least, most
		if all := gateway.Requests(); len(all) > 0 && got.gets > 0 {
			most.lists += 2 * (1 + int(all[len(all)-1].Start.Sub(all[0].Start)/(5*time.Second)))
		}
		if got.puts > 0 {
			most.gets += 2
		}
		between := func(least, got, most int) bool { return least <= got && got <= most }
		if !between(least.lists, got.lists, most.lists) || !between(least.gets, got.gets, most.gets) ||
			!between(least.puts, got.puts, most.puts) || !between(least.deletes, got.deletes, most.deletes) {
			return fmt.Errorf("requests: %+v, want between %+v and %+v", got, least, most)
		}
		return nil
	}
}

// TestBulkRefresh: a plan of many entries asks for a dozen of them and for
// one list, and finds out all the same what others did.
func TestBulkRefresh(t *testing.T) {
	t.Parallel()
	for name, asText := range map[string]bool{"values": false, "values as text": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.SetDialect(mockgateway.Dialect{StringLists: asText})
			dozen := 12
			if asText {
				dozen++ // one entry may have to tell that the list makes strings of values
			}
			value := `{ n = count.index, text = "\"ü\"" }`
			if asText {
				value = "jsonencode(" + value + ")"
			}
			configuration := withProvider(gateway, singleEntries("value = "+value))
			// repairs expects one entry to be changed and no other.
			repairs := func(change func(), i int, action plancheck.ResourceActionType, least, most requests) resource.TestStep {
				checks := []plancheck.PlanCheck{plancheck.ExpectResourceAction(singleAddress(i), action)}
				for other := range singles {
					if other != i {
						checks = append(checks, plancheck.ExpectResourceAction(singleAddress(other), plancheck.ResourceActionNoop))
					}
				}
				return resource.TestStep{
					PreConfig: func() {
						change()
						gateway.ResetRequests()
					},
					Config:           configuration,
					ConfigPlanChecks: plans(checks...),
					Check: resource.ComposeTestCheckFunc(
						askedBetween(gateway, least, most),
						holds(gateway, "flags", fmt.Sprintf("k%02d", i), fmt.Sprintf(`{"n":%d,"text":"\"ü\""}`, i))),
				}
			}
			run(t,
				resource.TestStep{
					PreConfig: func() { gateway.ResetRequests() },
					Config:    configuration,
					Check:     asked(gateway, requests{gets: singles, puts: singles}),
				},
				resource.TestStep{
					PreConfig:        func() { gateway.ResetRequests() },
					Config:           configuration,
					ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()),
					Check:            askedBetween(gateway, requests{lists: 1, gets: 12}, requests{lists: 1, gets: dozen}),
				},
				// Not a change.
				resource.TestStep{
					PreConfig: func() {
						gateway.PutEntry("flags", "k29", ` {"text":"\u0022\u00fc\u0022","n":2.90e1} `)
						gateway.ResetRequests()
					},
					Config:           configuration,
					ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()),
					Check:            askedBetween(gateway, requests{lists: 1, gets: 12}, requests{lists: 1, gets: dozen}),
				},
				// The change in the list is confirmed by a GET, unless the entry
				// was among the first dozen.
				repairs(func() { gateway.PutEntry("flags", "k17", `{"n":-17,"text":"\"ü\""}`) }, 17, plancheck.ResourceActionUpdate,
					requests{lists: 1, gets: 12, puts: 1}, requests{lists: 1, gets: dozen + 1, puts: 1}),
				repairs(func() { gateway.PutEntry("flags", "k18", `"{}"`) }, 18, plancheck.ResourceActionUpdate,
					requests{lists: 1, gets: 12, puts: 1}, requests{lists: 1, gets: dozen + 1, puts: 1}),
				// One GET more to create it.
				repairs(func() { gateway.DeleteEntry("flags", "k03") }, 3, plancheck.ResourceActionCreate,
					requests{lists: 1, gets: 13, puts: 1}, requests{lists: 1, gets: dozen + 2, puts: 1}),
			)
			if held := gateway.Entries("flags"); len(held) != 0 {
				t.Errorf("the gateway still holds %v", held)
			}
		})
	}
}

// TestBulkRefreshWithoutList: whatever the list does not show, or shows
// wrongly, is read one by one, and no drift comes of it.
func TestBulkRefreshWithoutList(t *testing.T) {
	t.Parallel()
	stale := make([]string, singles)
	for i := range stale {
		stale[i] = fmt.Sprintf(`{"key":"k%02d","value":{"n":-1}}`, i)
	}
	list := func(effect mockgateway.Effect) func(*mockgateway.Server) {
		return func(gateway *mockgateway.Server) {
			gateway.Inject(mockgateway.Fault{Path: "/storage/kv/flags/entries", Effect: effect})
		}
	}
	tests := map[string]struct {
		change func(*mockgateway.Server)
		gets   int
	}{
		"forbidden": {list(mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`)), singles},
		"failing":   {list(failing), singles},
		"html":      {list(mockgateway.Respond(http.StatusOK, nil, "<html>")), singles},
		"truncated": {list(mockgateway.Truncate()), singles},
		"stale":     {list(mockgateway.Respond(http.StatusOK, nil, `{"body":{"results":[`+strings.Join(stale, ",")+`]}}`)), singles},
		"empty":     {list(mockgateway.Respond(http.StatusOK, nil, `{"body":{"results":[]}}`)), singles},
		"others": {func(gateway *mockgateway.Server) {
			for i := range 1100 {
				gateway.PutEntry("flags", fmt.Sprint("other/", i), `{}`)
			}
		}, singles},
		"limited": {list(mockgateway.Effect{}), 12},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			configuration := withProvider(gateway, singleEntries(`value = { n = count.index }`))
			run(t,
				resource.TestStep{Config: configuration},
				resource.TestStep{
					PreConfig: func() {
						tt.change(gateway)
						gateway.ResetRequests()
					},
					Config:           configuration,
					ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()),
					Check:            asked(gateway, requests{lists: 1, gets: tt.gets}),
				},
				resource.TestStep{
					PreConfig: func() {
						if name == "stale" {
							gateway.ClearFaults() // what still shows an entry proves no deletion
						}
						gateway.PutEntry("flags", "k05", `{"n":"drift"}`)
						gateway.DeleteEntry("flags", "k06")
					},
					Config: configuration,
					ConfigPlanChecks: plans(
						plancheck.ExpectResourceAction(singleAddress(5), plancheck.ResourceActionUpdate),
						plancheck.ExpectResourceAction(singleAddress(6), plancheck.ResourceActionCreate),
						plancheck.ExpectResourceAction(singleAddress(7), plancheck.ResourceActionNoop)),
					Check: resource.ComposeTestCheckFunc(holds(gateway, "flags", "k05", `{"n":5}`), holds(gateway, "flags", "k06", `{"n":6}`)),
				},
			)
		})
	}
}

// TestBulkRefreshPartOfList: entries that the list shows are taken from it,
// others are read.
func TestBulkRefreshPartOfList(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	configuration := withProvider(gateway, singleEntries(`value = { n = count.index }`))
	run(t,
		resource.TestStep{Config: configuration},
		resource.TestStep{
			PreConfig: func() {
				for i := range 990 {
					gateway.PutEntry("flags", fmt.Sprint("other/", i), `{}`)
				}
				gateway.ResetRequests()
			},
			Config:           configuration,
			ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()),
			// The list shows ten.
			Check: askedBetween(gateway, requests{lists: 1, gets: 20}, requests{lists: 1, gets: 30}),
		},
	)
}

func TestBulkRefreshOff(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	off := func(configuration string) string {
		return fmt.Sprintf("provider \"quiva\" {\n  endpoint = %q\n  api_key = %q\n  max_retries = 0\n  bulk_refresh = false\n}\n", gateway.URL, mockgateway.DefaultAPIKey) + configuration
	}
	both := off(singleEntries(`value = { n = count.index }`) + "resource \"quiva_kv_entries\" \"test\" {\n  bucket = \"flags\"\n  entries = { for i in range(20) : format(\"many/%d\", i) => {} }\n}\n")
	run(t,
		resource.TestStep{Config: both},
		resource.TestStep{
			PreConfig:        func() { gateway.ResetRequests() },
			Config:           both,
			ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()),
			Check:            asked(gateway, requests{gets: singles + 20}),
		},
	)
}

// TestBulkRefreshWriteOnly: a secret that a list shows does not come into the
// state, and neither what it drifted to.
func TestBulkRefreshWriteOnly(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	configuration := withProvider(gateway, singleEntries("value_wo = { password = \"secret\" }\n  value_wo_version = 1"))
	var nothing []statecheck.StateCheck
	for i := range singles {
		nothing = append(nothing,
			statecheck.ExpectKnownValue(singleAddress(i), tfjsonpath.New("value"), knownvalue.Null()),
			statecheck.ExpectKnownValue(singleAddress(i), tfjsonpath.New("value_wo"), knownvalue.Null()))
	}
	run(t,
		resource.TestStep{Config: configuration, ConfigStateChecks: nothing},
		resource.TestStep{
			PreConfig: func() {
				for i := range singles {
					gateway.PutEntry("flags", fmt.Sprintf("k%02d", i), `{"password":"of others"}`)
				}
				gateway.ResetRequests()
			},
			Config:            configuration,
			ConfigPlanChecks:  plans(plancheck.ExpectEmptyPlan()),
			Check:             asked(gateway, requests{lists: 1, gets: 12}),
			ConfigStateChecks: nothing,
		},
		resource.TestStep{
			PreConfig:         func() { gateway.DeleteEntry("flags", "k20") },
			Config:            configuration,
			ConfigPlanChecks:  plans(plancheck.ExpectResourceAction(singleAddress(20), plancheck.ResourceActionCreate)),
			Check:             holds(gateway, "flags", "k20", `{"password":"secret"}`),
			ConfigStateChecks: nothing,
		},
	)
}

// TestBulkRefreshManyEntries: quiva_kv_entries finds its entries in a bucket
// that holds more than a list shows, and beside single entries.
func TestBulkRefreshManyEntries(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	configuration := manyEntries(gateway, `{ for i in range(40) : format("team/k%02d", i) => { n = i } }`)
	entries := func(change func(), want requests, shown ...string) resource.TestStep {
		return resource.TestStep{
			PreConfig: func() {
				change()
				gateway.ResetRequests()
			},
			Config:           configuration,
			ConfigPlanChecks: plans(differs(shown...)),
			Check:            asked(gateway, want),
		}
	}
	run(t,
		resource.TestStep{Config: configuration},
		entries(func() {}, requests{lists: 1}),
		// Behind a thousand others, a search finds them.
		entries(func() {
			for i := range 1100 {
				gateway.PutEntry("flags", fmt.Sprint("other/", i), `{}`)
			}
		}, requests{lists: 2}),
		entries(func() { gateway.PutEntry("flags", "team/k07", `{"n":8}`) }, requests{lists: 2, gets: 1 + 1, puts: 1}, "team/k07.n"),
		entries(func() { gateway.DeleteEntry("flags", "team/k07") }, requests{lists: 2, gets: 1 + 1, puts: 1}, "+team/k07"),
		// Behind a thousand others with the same prefix, they are read.
		entries(func() {
			for i := range 1100 {
				gateway.PutEntry("flags", fmt.Sprint("team/k/", i), `{}`)
			}
		}, requests{lists: 2, gets: 40}),
		// Without a permission to search, too.
		entries(func() {
			gateway.Inject(mockgateway.Fault{Path: "*/search-by-key", Effect: mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`)})
		}, requests{lists: 2, gets: 40}),
		entries(func() {
			gateway.Inject(mockgateway.Fault{Path: "*/entries", Effect: failing})
		}, requests{lists: 1, gets: 40}),
	)
	if held := gateway.Entries("flags"); len(held) != 2200 {
		t.Errorf("the gateway holds %d entries of others", len(held))
	}
}

// TestBulkRefreshBesides: single entries and many at once, of one bucket,
// with a list for each way.
func TestBulkRefreshBesides(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.CreateBucket("limits")
	configuration := withProvider(gateway, singleEntries(`value = { n = count.index }`)+
		"resource \"quiva_kv_entries\" \"test\" {\n  bucket = \"flags\"\n  entries = { for i in range(20) : format(\"many/%d\", i) => {} }\n}\n"+
		"resource \"quiva_kv_entry\" \"few\" {\n  count = 12\n  bucket = \"limits\"\n  key = format(\"k%d\", count.index)\n  value = {}\n}\n")
	run(t,
		resource.TestStep{Config: configuration},
		resource.TestStep{
			PreConfig:        func() { gateway.ResetRequests() },
			Config:           configuration,
			ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()),
			Check: resource.ComposeTestCheckFunc(asked(gateway, requests{lists: 2, gets: 12 + 12}), func(*terraform.State) error {
				if listed := gateway.Count("", "/storage/kv/limits/entries"); listed != 0 {
					return fmt.Errorf("a bucket was listed for a dozen entries")
				}
				return nil
			}),
		},
	)
}

// TestChangedEntriesAreRead: the reads before 300 updates, or 300 deletions, cost at
// most 40 requests more, of one resource or of 300.
func TestChangedEntriesAreRead(t *testing.T) {
	t.Parallel()
	const count, most = 300, 40
	for name, configuration := range map[string]string{
		"one resource": "resource \"quiva_kv_entries\" \"test\" {\n  bucket = \"flags\"\n  entries = { for i in range(300) : \"k${i}\" => { n = N } }\n}\n",
		"each its own": "resource \"quiva_kv_entry\" \"test\" {\n  count = 300\n  bucket = \"flags\"\n  key = \"k${count.index}\"\n  value = { n = N }\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			w := newWorkspace(t)
			with := func(n string) string { return withProvider(gateway, strings.Replace(configuration, "N", n, 1)) }
			w.must(with("1"), planOptions{})
			for _, next := range []struct {
				text    string
				options planOptions
			}{{with("2"), planOptions{}}, {with("2"), planOptions{destroy: true, noRefresh: true}}} {
				planned := w.plan(next.text, next.options)
				gateway.ResetRequests()
				if err := errorOf(w.apply(planned)); err != nil {
					t.Fatal(err)
				}
				if more := len(gateway.Requests()) - count; more < 0 || more > most {
					t.Errorf("an apply of %d changes sent %d requests more, want at most %d", count, more, most)
				}
			}
		})
	}
}
