package provider_test

import (
	"fmt"
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

// happened is a step without a change of the configuration, before which something
// happens outside Terraform. Its plan is empty if nothing else is to be checked.
func happened(gateway *mockgateway.Server, configuration string, change func(), checks []plancheck.PlanCheck, check ...resource.TestCheckFunc) resource.TestStep {
	if checks == nil {
		checks = []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}
	}
	return resource.TestStep{
		PreConfig: func() {
			change()
			gateway.ResetRequests()
		},
		Config:           configuration,
		ConfigPlanChecks: plans(checks...),
		Check:            resource.ComposeTestCheckFunc(check...),
	}
}

func unchanged() {}

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
			refreshed := askedBetween(gateway, requests{lists: 1, gets: 12}, requests{lists: 1, gets: dozen})
			// repairs expects one entry to be changed and no other.
			repairs := func(change func(), i int, action plancheck.ResourceActionType, least, most int) resource.TestStep {
				checks := []plancheck.PlanCheck{plancheck.ExpectResourceAction(singleAddress(i), action)}
				for other := range singles {
					if other != i {
						checks = append(checks, plancheck.ExpectResourceAction(singleAddress(other), plancheck.ResourceActionNoop))
					}
				}
				return happened(gateway, configuration, change, checks,
					askedBetween(gateway, requests{lists: 1, gets: least, puts: 1}, requests{lists: 1, gets: most, puts: 1}),
					holds(gateway, "flags", fmt.Sprintf("k%02d", i), fmt.Sprintf(`{"n":%d,"text":"\"ü\""}`, i)))
			}
			put := func(key, value string) func() { return func() { gateway.PutEntry("flags", key, value) } }
			run(t,
				resource.TestStep{PreConfig: gateway.ResetRequests, Config: configuration, Check: asked(gateway, requests{gets: singles, puts: singles})},
				happened(gateway, configuration, unchanged, nil, refreshed),
				// Not a change.
				happened(gateway, configuration, put("k29", ` {"text":"\u0022\u00fc\u0022","n":2.90e1} `), nil, refreshed),
				// The change in the list is confirmed by a GET, unless the entry
				// was among the first dozen.
				repairs(put("k17", `{"n":-17,"text":"\"ü\""}`), 17, plancheck.ResourceActionUpdate, 12, dozen+1),
				repairs(put("k18", `"{}"`), 18, plancheck.ResourceActionUpdate, 12, dozen+1),
				// One GET more to create it.
				repairs(func() { gateway.DeleteEntry("flags", "k03") }, 3, plancheck.ResourceActionCreate, 13, dozen+2),
			)
			if held := gateway.Entries("flags"); len(held) != 0 {
				t.Errorf("the gateway still holds %v", held)
			}
		})
	}
}

// TestBulkRefreshBesides: single entries and many at once, of one bucket, with a list
// for each way; a dozen entries of another bucket need none. It can be turned off.
func TestBulkRefreshBesides(t *testing.T) {
	t.Parallel()
	for isOn, want := range map[bool]requests{true: {lists: 2, gets: 12 + 12}, false: {gets: singles + 20 + 12}} {
		t.Run(fmt.Sprint(isOn), func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.CreateBucket("limits")
			configuration := strings.Replace(withProvider(gateway, singleEntries(`value = { n = count.index }`)), "{", fmt.Sprintf("{\n  bulk_refresh = %t", isOn), 1) +
				"resource \"quiva_kv_entries\" \"test\" {\n  bucket = \"flags\"\n  entries = { for i in range(20) : format(\"many/%d\", i) => {} }\n}\n" +
				"resource \"quiva_kv_entry\" \"few\" {\n  count = 12\n  bucket = \"limits\"\n  key = format(\"k%d\", count.index)\n  value = {}\n}\n"
			run(t,
				resource.TestStep{Config: configuration},
				happened(gateway, configuration, unchanged, nil, asked(gateway, want), func(*terraform.State) error {
					if listed := gateway.Count("", "/storage/kv/limits/entries"); listed != 0 {
						return fmt.Errorf("a bucket was listed for a dozen entries")
					}
					return nil
				}),
			)
		})
	}
}

// TestBulkRefreshWriteOnly: a secret that a list shows does not come into the
// state, and neither what it drifted to.
func TestBulkRefreshWriteOnly(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	configuration := withProvider(gateway, singleEntries("value_wo = { password = \"secret\" }\n  value_wo_version = 1"))
	drift := func() {
		for i := range singles {
			gateway.PutEntry("flags", fmt.Sprintf("k%02d", i), `{"password":"of others"}`)
		}
	}
	steps := []resource.TestStep{
		{Config: configuration},
		happened(gateway, configuration, drift, nil, asked(gateway, requests{lists: 1, gets: 12})),
		happened(gateway, configuration, func() { gateway.DeleteEntry("flags", "k20") },
			[]plancheck.PlanCheck{plancheck.ExpectResourceAction(singleAddress(20), plancheck.ResourceActionCreate)},
			holds(gateway, "flags", "k20", `{"password":"secret"}`)),
	}
	for i := range steps {
		for single := range singles {
			steps[i].ConfigStateChecks = append(steps[i].ConfigStateChecks,
				statecheck.ExpectKnownValue(singleAddress(single), tfjsonpath.New("value"), knownvalue.Null()),
				statecheck.ExpectKnownValue(singleAddress(single), tfjsonpath.New("value_wo"), knownvalue.Null()))
		}
	}
	run(t, steps...)
}

// TestBulkRefreshManyEntries: quiva_kv_entries finds its entries in a bucket
// that holds more than a list shows, and beside single entries.
func TestBulkRefreshManyEntries(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	configuration := manyEntries(gateway, `{ for i in range(40) : format("team/k%02d", i) => { n = i } }`)
	others := func() {
		for i := range 1100 {
			gateway.PutEntry("flags", fmt.Sprint("other/", i), `{}`)
		}
	}
	entries := func(change func(), want requests, shown ...string) resource.TestStep {
		return happened(gateway, configuration, change, []plancheck.PlanCheck{differs(shown...)}, asked(gateway, want))
	}
	run(t,
		resource.TestStep{Config: configuration},
		entries(unchanged, requests{lists: 1}),
		// Behind a thousand others, a search finds them.
		entries(others, requests{lists: 2}),
		entries(func() { gateway.PutEntry("flags", "team/k07", `{"n":8}`) }, requests{lists: 2, gets: 1 + 1, puts: 1}, "team/k07.n"),
		entries(func() { gateway.DeleteEntry("flags", "team/k07") }, requests{lists: 2, gets: 1 + 1, puts: 1}, "+team/k07"),
	)
	if held := gateway.Entries("flags"); len(held) != 1100 {
		t.Errorf("the gateway holds %d entries of others", len(held))
	}
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
