package provider_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// holdsJSON checks the entry "a", whose properties may be in any order.
func holdsJSON(gateway *mockgateway.Server, want string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got, ok := gateway.Entry("flags", "a"); !ok || !dynamicvalue.Equal([]byte(got), []byte(want)) {
			return fmt.Errorf("the gateway holds %q (%t), want %s", got, ok, want)
		}
		return nil
	}
}

// TestKVEntryPropertiesOverlap: one property cannot belong to two resources.
func TestKVEntryPropertiesOverlap(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	one, two := someProperties("one", `{ x = 1, y = 1 }`), someProperties("two", `{ x = 1, z = 1 }`)
	run(t,
		resource.TestStep{Config: withProvider(gateway, one)},
		resource.TestStep{Config: withProvider(gateway, one+two), ExpectError: message(`Two resources of this configuration declare x of entry "a" in bucket "flags".`)},
		resource.TestStep{Config: withProvider(gateway, two), Check: holdsJSON(gateway, `{"x":1,"z":1}`)},
	)
}

// TestKVEntryPropertiesMovedInVain: properties that go from one resource to
// another which cannot be written may be gone until it is. What others have in the
// entry stays, and what is left does not stay for ever.
func TestKVEntryPropertiesMovedInVain(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]string{
		"destroyed": someProperties("new", `{ rate = 10, burst = 2, n = 2 }`),
		"updated":   someProperties("old", `{ burst = 1 }`) + someProperties("new", `{ rate = 20, n = 2 }`),
		"replaced":  strings.Replace(someProperties("old", `{ rate = 10 }`), `key = "a"`, `key = "b"`, 1) + someProperties("new", `{ rate = 10, burst = 1, n = 2 }`),
		"added":     someProperties("old", `{ burst = 1 }`) + someProperties("other", `{ rate = 10, n = 2 }`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "a", `{"n":1}`)
			other := someProperties("other", `{ }`)
			run(t,
				resource.TestStep{Config: withProvider(gateway, someProperties("old", `{ rate = 10, burst = 1 }`)+other)},
				resource.TestStep{Config: withProvider(gateway, next), ExpectError: message("KV entry property already set")},
				resource.TestStep{Config: withProvider(gateway, next), ExpectError: message("KV entry property already set")},
				// What is in no state any more would stay for ever.
				resource.TestStep{PreConfig: func() {
					if held, _ := gateway.Entry("flags", "a"); !strings.Contains(held, `"n":1`) {
						t.Errorf("the gateway holds %s", held)
					}
				}, Config: withProvider(gateway, other), Check: holdsJSON(gateway, `{"n":1}`)},
			)
		})
	}
}

// TestKVEntryPropertiesBesideWhole: a resource that has all of an entry cannot
// stand beside one that has some of its properties.
func TestKVEntryPropertiesBesideWhole(t *testing.T) {
	t.Parallel()
	wholes := map[string]string{
		"entry":   "resource \"quiva_kv_entry\" \"whole\" {\n bucket = \"flags\"\n key = \"a\"\n value = { n = 1 }\n}\n",
		"entries": "resource \"quiva_kv_entries\" \"whole\" {\n bucket = \"flags\"\n entries = { a = { n = 1 }, b = {} }\n}\n",
	}
	some := someProperties("some", `{ x = 1 }`)
	for name, whole := range wholes {
		t.Run(name+", properties later", func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			run(t,
				resource.TestStep{Config: withProvider(gateway, whole)},
				resource.TestStep{Config: withProvider(gateway, whole+some), ExpectError: message(`One resource manages all of entry "a" in bucket "flags", as a quiva_kv_entry or in a quiva_kv_entries, and a quiva_kv_entry_properties manages some of its properties.`)},
				// Nor in place of it, in one apply: it would be deleted.
				resource.TestStep{Config: withProvider(gateway, some), ExpectError: message("terraform state rm 'ADDRESS'")},
				resource.TestStep{Config: withProvider(gateway, whole), ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()), Check: holdsJSON(gateway, `{"n":1}`)},
			)
		})
		t.Run(name+", later", func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			last := strings.Replace(whole, "{\n", "{\n depends_on = [quiva_kv_entry_properties.some]\n overwrite = true\n", 1)
			run(t,
				resource.TestStep{Config: withProvider(gateway, some)},
				resource.TestStep{Config: withProvider(gateway, some+last), ExpectError: regexp.MustCompile(`KV entry managed twice\s+with quiva_kv_` + name + `.whole`)},
				resource.TestStep{Config: withProvider(gateway, some), ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()), Check: holdsJSON(gateway, `{"x":1}`)},
			)
		})
		t.Run(name+", in place of properties", func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "a", `{"n":1}`)
			run(t,
				resource.TestStep{Config: withProvider(gateway, someProperties("some", `{ n = 1 }`))},
				// The whole adopts what is there; the properties are left to it.
				resource.TestStep{Config: withProvider(gateway, whole), Check: holdsJSON(gateway, `{"n":1}`)},
			)
		})
	}
	t.Run("in place of properties, refused", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		gateway.PutEntry("flags", "a", `{"others":1}`)
		w := newWorkspace(t)
		w.must(withProvider(gateway, some), planOptions{})
		// The deletion is planned last, and comes before the apply has planned the
		// creation again.
		w.next = func(ready []string) int {
			return max(0, slices.IndexFunc(ready, func(name string) bool { return strings.HasPrefix(name, "delete") || name == "quiva_kv_entry.whole" }))
		}
		if err := errorOf(w.planAndApply(withProvider(gateway, wholes["entry"]), planOptions{})); err == nil || !message("KV entry already exists").MatchString(err.Error()) {
			t.Errorf("want a refusal, got %v", err)
		}
		if err := holdsJSON(gateway, `{"others":1,"x":1}`)(nil); err != nil {
			t.Error(err)
		}
	})
}

// TestKVEntryPropertiesOfReplacedBucket: a bucket that is replaced cannot keep
// the properties of one resource for another.
func TestKVEntryPropertiesOfReplacedBucket(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	of := func(name string, history int) string {
		return withProvider(gateway, fmt.Sprintf("resource \"quiva_kv_bucket\" \"test\" {\n bucket = \"new\"\n history = %d\n}\n"+
			"resource \"quiva_kv_entry_properties\" %q {\n bucket = quiva_kv_bucket.test.bucket\n key = \"a\"\n properties = { x = 1 }\n}\n", history, name))
	}
	run(t,
		resource.TestStep{Config: of("old", 1)},
		resource.TestStep{Config: of("new", 2), Check: holds(gateway, "new", "a", `{"x":1}`)},
	)
}

// TestKVEntryPropertiesOfOneOfMany: an entry leaves a resource of many for properties
// by the step that the error names.
func TestKVEntryPropertiesOfOneOfMany(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	w := newWorkspace(t)
	w.must(manyEntries(gateway, `{ a = { own = 1, foreign = 2 }, b = {} }`), planOptions{})
	next := manyEntries(gateway, `{ b = {} }`) + someProperties("test", `{ own = 1 }`)
	err := errorOf(w.plan(next, planOptions{}).diagnostics)
	if err == nil || !strings.Contains(err.Error(), "remove the entry from the first resource") {
		t.Errorf("the plan says %v", err)
	}
	clear(w.state) // terraform state rm
	w.must(next, planOptions{})
	w.check(holdsJSON(gateway, `{"own":1,"foreign":2}`)(nil))
	if len(w.state) != 2 || gateway.Count(http.MethodDelete, "") > 0 {
		t.Errorf("the state has %v", w.state)
	}
}
