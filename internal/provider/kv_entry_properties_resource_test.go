package provider_test

import (
	"fmt"
	"io"
	"net/http"
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

const propertiesAddress = "quiva_kv_entry_properties.test"

// someProperties is a resource of properties of the entry "a".
func someProperties(name, properties string, more ...string) string {
	return fmt.Sprintf("resource \"quiva_kv_entry_properties\" %q {\n  bucket = \"flags\"\n  key = \"a\"\n  properties = %s\n%s}\n", name, properties, lines(more))
}

// propertiesOf is a configuration of one such resource.
func propertiesOf(gateway *mockgateway.Server, properties string, more ...string) string {
	return withProvider(gateway, someProperties("test", properties, more...))
}

func plansProperties(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return plans(plancheck.ExpectResourceAction(propertiesAddress, action))
}

// sent checks the requests about the entry "a" since the last reset. The first write of a
// run is read back once more.
func sent(gateway *mockgateway.Server, gets, puts, deletes int) resource.TestCheckFunc {
	return func(*terraform.State) error {
		for method, want := range map[string]int{http.MethodGet: gets + min(puts, 1), http.MethodPut: puts, http.MethodDelete: deletes} {
			if got := gateway.Count(method, "/storage/kv/flags/entries/a"); got != want {
				return fmt.Errorf("%d times %s, want %d", got, method, want)
			}
		}
		return nil
	}
}

// TestAccKVEntryPropertiesLifecycle counts the requests too, and has a service's
// own properties in the entry, which stay as they are written.
func TestAccKVEntryPropertiesLifecycle(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	const service = `"visits":12345678901234567890.50,"seen":[1, 2],"limits":{"burst":7}`
	gateway.PutEntry("flags", "a", `{`+service+`}`)
	check := func(want string, gets, puts int) resource.TestCheckFunc {
		return resource.ComposeTestCheckFunc(holds(gateway, "flags", "a", want), sent(gateway, gets, puts, 0))
	}
	runCLI(t,
		resource.TestStep{
			PreConfig:        gateway.ResetRequests,
			Config:           propertiesOf(gateway, `{ limits = { rate = 10, hosts = ["x", "y"] }, note = null }`),
			ConfigPlanChecks: plansProperties(plancheck.ResourceActionCreate),
			// One GET before the PUT, one after it.
			Check: check(`{"visits":12345678901234567890.50,"seen":[1, 2],"limits":{"burst":7,"hosts":["x","y"],"rate":10},"note":null}`, 2, 1),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(propertiesAddress, tfjsonpath.New("id"), knownvalue.StringExact("flags/a")),
				statecheck.ExpectKnownValue(propertiesAddress, tfjsonpath.New("on_destroy"), knownvalue.StringExact("remove")),
				statecheck.ExpectKnownValue(propertiesAddress, tfjsonpath.New("overwrite"), knownvalue.Bool(false)),
				statecheck.ExpectKnownValue(propertiesAddress, tfjsonpath.New("properties"), knownvalue.ObjectExact(map[string]knownvalue.Check{
					"limits": knownvalue.ObjectExact(map[string]knownvalue.Check{"rate": knownvalue.Int64Exact(10), "hosts": knownvalue.TupleExact([]knownvalue.Check{knownvalue.StringExact("x"), knownvalue.StringExact("y")})}),
					"note":   knownvalue.Null(),
				})),
			},
		},
		resource.TestStep{
			PreConfig: func() {
				gateway.PutEntry("flags", "a", `{"visits":2,"limits":{"burst":8,"hosts":["x","y"],"rate":10.0},"note":null}`)
				gateway.ResetRequests()
			},
			Config:           propertiesOf(gateway, `{ note = null, limits = { hosts = ["x", "y"], rate = 10 } }`),
			ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()),
			Check:            check(`{"visits":2,"limits":{"burst":8,"hosts":["x","y"],"rate":10.0},"note":null}`, 1, 0),
		},
		resource.TestStep{
			PreConfig:        gateway.ResetRequests,
			Config:           propertiesOf(gateway, `{ limits = { hosts = ["z"] } }`),
			ConfigPlanChecks: plansProperties(plancheck.ResourceActionUpdate),
			Check:            check(`{"visits":2,"limits":{"burst":8,"hosts":["z"]}}`, 3, 1),
		},
		resource.TestStep{
			PreConfig:        gateway.ResetRequests,
			Config:           propertiesOf(gateway, `{ limits = { hosts = ["z"] } }`, "overwrite = true", `on_destroy = "keep"`),
			ConfigPlanChecks: plansProperties(plancheck.ResourceActionUpdate),
			Check:            check(`{"visits":2,"limits":{"burst":8,"hosts":["z"]}}`, 1, 0),
		},
		resource.TestStep{
			PreConfig:        gateway.ResetRequests,
			Config:           propertiesOf(gateway, `{ other = { deep = { er = true } } }`),
			ConfigPlanChecks: plansProperties(plancheck.ResourceActionUpdate),
			Check:            check(`{"visits":2,"limits":{"burst":8},"other":{"deep":{"er":true}}}`, 3, 1),
		},
		resource.TestStep{
			PreConfig: gateway.ResetRequests,
			Config:    withProvider(gateway, ""),
			Check:     check(`{"visits":2,"limits":{"burst":8}}`, 3, 1),
		},
	)
}

// TestKVEntryPropertiesValues: what a configuration can say, what the gateway
// then holds, and that the plan after it is empty, which the test framework checks.
func TestKVEntryPropertiesValues(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ held, hcl, want string }{
		"no entry":           {``, `{ a = 1 }`, `{"a":1}`},
		"null":               {`{"b":1}`, `{ a = null, c = { d = null } }`, `{"b":1,"a":null,"c":{"d":null}}`},
		"a new empty object": {`{"b":1}`, `{ a = {} }`, `{"b":1,"a":{}}`},
		"all of it a map":    {`{"z":"1"}`, `tomap({ a = "1" })`, `{"z":"1","a":"1"}`},
		"exact numbers":      {`{"n":1e400}`, `{ a = 9007199254740993, b = 0.1, c = 123456789012345678901234567890.5 }`, `{"n":1e400,"a":9007199254740993,"b":0.1,"c":123456789012345678901234567890.5}`},
		"known at apply":     {`{"b":1}`, `{ a = terraform_data.other.output, c = 1 }`, `{"b":1,"a":{"x":[1]},"c":1}`},
		"whole at apply":     {`{"b":1}`, `terraform_data.other.output`, `{"b":1,"x":[1]}`},
		"sensitive":          {`{"b":1}`, `{ a = sensitive("s") }`, `{"b":1,"a":"s"}`},
		"others not Unicode": {`{"x":"\ud800"}`, `{ a = 1 }`, `{"x":"\ud800","a":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			if tt.held != "" {
				gateway.PutEntry("flags", "a", tt.held)
			}
			run(t, resource.TestStep{
				Config: propertiesOf(gateway, tt.hcl) + "resource \"terraform_data\" \"other\" {\n  input = { x = [1] }\n}\n",
				Check:  holds(gateway, "flags", "a", tt.want),
			})
		})
	}
}

// TestKVEntryPropertiesTaken: a property that holds another value is written
// over only with overwrite, an equal one is adopted.
func TestKVEntryPropertiesTaken(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ held, hcl, want, overwritten string }{
		"another value":       {`{"rate":5,"note":"x","b":1}`, `{ note = "y", rate = 10 }`, `The entry "a" in bucket "flags" already holds another value at note, rate. Nothing was written.`, `{"rate":10,"note":"y","b":1}`},
		"nested":              {`{"limits":{"max items":5}}`, `{ limits = { "max items" = 10 } }`, `at limits["max items"].`, `{"limits":{"max items":10}}`},
		"a number in the way": {`{"a":5}`, `{ a = { b = 1 } }`, `at a. On the gateway, a is a number; in properties, it is an object. Nothing was written.`, `{"a":{"b":1}}`},
		"an object replaced":  {`{"a":{"b":1}}`, `{ a = [] }`, `at a. On the gateway, a is an object; in properties, it is a list. Nothing was written.`, `{"a":[]}`},
		"not an object":       {`[1]`, `{ a = 1 }`, `The entry "a" in bucket "flags" holds JSON that is not an object`, `{"a":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "a", tt.held)
			run(t,
				resource.TestStep{Config: propertiesOf(gateway, tt.hcl), ExpectError: message(tt.want)},
				resource.TestStep{Config: propertiesOf(gateway, tt.hcl), ExpectError: message("set this for one apply: overwrite = true")},
				resource.TestStep{Config: propertiesOf(gateway, tt.hcl, "overwrite = true"), Check: holds(gateway, "flags", "a", tt.overwritten)},
			)
			if writes := gateway.Revisions("flags", "a"); writes > 3 {
				t.Errorf("the entry was written %d times", writes)
			}
		})
	}
}

// TestKVEntryPropertiesDestroy: what destroying leaves of the entry.
func TestKVEntryPropertiesDestroy(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		held, hcl, onDestroy string
		since                string // what the gateway holds when it is destroyed, if not what was applied
		left                 string // empty if the entry is deleted
	}{
		"others":        {`{"b":1}`, `{ a = { c = 1 } }`, "remove", ``, `{"b":1}`},
		"none":          {``, `{ a = { c = 1 } }`, "remove", ``, ``},
		"kept":          {`{"b":1}`, `{ a = 1 }`, "keep", ``, `{"b":1,"a":1}`},
		"changed since": {``, `{ a = 1 }`, "remove", `{"a":2,"b":[ ]}`, `{"b":[ ]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			if tt.held != "" {
				gateway.PutEntry("flags", "a", tt.held)
			}
			run(t,
				resource.TestStep{Config: propertiesOf(gateway, tt.hcl, fmt.Sprintf("on_destroy = %q", tt.onDestroy))},
				resource.TestStep{
					PreConfig: func() {
						if tt.since != "" {
							gateway.PutEntry("flags", "a", tt.since)
						}
					},
					Config: withProvider(gateway, ""),
					Check: func(*terraform.State) error {
						if left, _ := gateway.Entry("flags", "a"); left != tt.left {
							return fmt.Errorf("it left %q, want %q", left, tt.left)
						}
						return nil
					},
				},
			)
		})
	}
}

// TestKVEntryPropertiesGivenUp: what leaves properties is removed, or stays with
// on_destroy = "keep". Then it is nobody's, and can be taken up again if it is equal.
func TestKVEntryPropertiesGivenUp(t *testing.T) {
	t.Parallel()
	for onDestroy, want := range map[string]string{"remove": `{"n":1,"limits":{"rate":2}}`, "keep": `{"n":1,"limits":{"rate":2,"burst":1},"on":true}`} {
		t.Run(onDestroy, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "a", `{"n":1}`)
			argument := fmt.Sprintf("on_destroy = %q", onDestroy)
			both := propertiesOf(gateway, `{ limits = { rate = 1, burst = 1 }, on = true }`, argument)
			run(t,
				resource.TestStep{Config: both},
				resource.TestStep{Config: propertiesOf(gateway, `{ limits = { rate = 2 } }`, argument), Check: holdsJSON(gateway, want)},
				resource.TestStep{Config: both, Check: holdsJSON(gateway, `{"n":1,"limits":{"rate":1,"burst":1},"on":true}`)},
			)
		})
	}
}

// TestKVEntryPropertiesDrift: what others do to the properties is seen and
// repaired, and what they do to the rest is nobody's business.
func TestKVEntryPropertiesDrift(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		since    string // empty if the entry is deleted
		action   plancheck.ResourceActionType
		repaired string
	}{
		"others":            {`{"limits":{"rate":10,"x":1},"on":true,"visits":3}`, plancheck.ResourceActionNoop, `{"limits":{"rate":10,"x":1},"on":true,"visits":3}`},
		"another value":     {`{"limits":{"rate":5},"on":true,"b":1}`, plancheck.ResourceActionUpdate, `{"limits":{"rate":10},"on":true,"b":1}`},
		"gone":              {`{"limits":{},"b":1}`, plancheck.ResourceActionUpdate, `{"limits":{"rate":10},"b":1,"on":true}`},
		"an object instead": {`{"limits":{"rate":{"x":1}},"on":{"y":1}}`, plancheck.ResourceActionUpdate, `{"limits":{"rate":10},"on":true}`},
		"the entry is gone": {``, plancheck.ResourceActionCreate, `{"limits":{"rate":10},"on":true}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			configuration := propertiesOf(gateway, `{ limits = { rate = 10 }, on = true }`)
			run(t,
				resource.TestStep{Config: configuration},
				resource.TestStep{
					PreConfig: func() {
						if tt.since == "" {
							gateway.DeleteEntry("flags", "a")
						} else {
							gateway.PutEntry("flags", "a", tt.since)
						}
					},
					Config:           configuration,
					ConfigPlanChecks: plansProperties(tt.action),
					Check:            holds(gateway, "flags", "a", tt.repaired),
				},
			)
		})
	}
}

// TestKVEntryPropertiesImport: what is imported owns nothing until it is
// configured, and then only what is equal or free.
func TestKVEntryPropertiesImport(t *testing.T) {
	t.Parallel()
	imported := func(gateway *mockgateway.Server, hcl string) resource.TestStep {
		return resource.TestStep{
			Config:             propertiesOf(gateway, hcl),
			ResourceName:       propertiesAddress,
			ImportState:        true,
			ImportStateId:      "flags/a",
			ImportStatePersist: true,
		}
	}
	t.Run("equal", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		gateway.PutEntry("flags", "a", `{"rate":10,"b":1}`)
		run(t,
			imported(gateway, `{ rate = 10 }`),
			resource.TestStep{
				PreConfig:        gateway.ResetRequests,
				Config:           propertiesOf(gateway, `{ rate = 10 }`),
				ConfigPlanChecks: plansProperties(plancheck.ResourceActionUpdate),
				Check:            sent(gateway, 2, 0, 0),
			},
			resource.TestStep{Config: withProvider(gateway, ""), Check: holds(gateway, "flags", "a", `{"b":1}`)},
		)
	})
	t.Run("another value", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		gateway.PutEntry("flags", "a", `{"rate":5,"b":1}`)
		run(t,
			imported(gateway, `{ rate = 10 }`),
			resource.TestStep{Config: propertiesOf(gateway, `{ rate = 10 }`), ExpectError: message("KV entry property already set")},
			resource.TestStep{Config: propertiesOf(gateway, `{ rate = 10 }`, "overwrite = true"), Check: holds(gateway, "flags", "a", `{"rate":10,"b":1}`)},
		)
	})
	t.Run("never configured", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		gateway.PutEntry("flags", "a", `{"rate":5}`)
		run(t,
			imported(gateway, `{}`),
			resource.TestStep{Config: propertiesOf(gateway, `{}`), ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan())},
			resource.TestStep{Config: withProvider(gateway, ""), Check: holds(gateway, "flags", "a", `{"rate":5}`)},
		)
	})
}

// TestKVEntryPropertiesOvertaken: another writer that writes over what was just
// written, or removed, is told of.
func TestKVEntryPropertiesOvertaken(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	overtake := func(value string) func() {
		return func() {
			gateway.Inject(mockgateway.Fault{Method: http.MethodPut, Times: 1, Effect: mockgateway.Stream(http.StatusOK, http.Header{"Content-Type": {"application/json"}}, func() io.Reader {
				gateway.PutEntry("flags", "a", value)
				return strings.NewReader(`{"message":"success"}`)
			})})
		}
	}
	gateway.PutEntry("flags", "a", `{"visits":1}`)
	overtaken := message(`Entry "a" in bucket "flags" was changed, but another writer, which had read the entry before, overwrote it right after, so the change is lost.`)
	run(t,
		resource.TestStep{Config: propertiesOf(gateway, `{ rate = 9 }`)},
		resource.TestStep{PreConfig: overtake(`{"visits":2}`), Config: propertiesOf(gateway, `{ rate = 10 }`), ExpectError: overtaken},
		resource.TestStep{Config: propertiesOf(gateway, `{ rate = 10 }`), Check: holds(gateway, "flags", "a", `{"visits":2,"rate":10}`)},
		resource.TestStep{PreConfig: overtake(`{"visits":3,"rate":10}`), Config: withProvider(gateway, ""), ExpectError: overtaken},
	)
}
