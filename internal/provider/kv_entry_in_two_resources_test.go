package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/zclconf/go-cty/cty"
)

// TestKVEntryInTwoResources: two resources that declare one entry are an error,
// and it can move from one to the other.
func TestKVEntryInTwoResources(t *testing.T) {
	t.Parallel()
	one := func(name string) string {
		return "resource \"quiva_kv_entry\" \"" + name + "\" {\n  bucket = \"flags\"\n  key = \"shared\"\n  value = { n = 1 }\n}\n"
	}
	many := func(name, entries string) string {
		return "resource \"quiva_kv_entries\" \"" + name + "\" {\n  bucket = \"flags\"\n  entries = {\n " + entries + "\n " + name + " = {}\n }\n}\n"
	}
	const shared = "shared = { n = 1 }"
	for name, tt := range map[string]struct {
		first, second string
		// without is the first resource when it gives the entry up.
		without string
	}{
		"entry and entry":     {one("a"), one("b"), ""},
		"entry and entries":   {one("a"), many("b", shared), ""},
		"entries and entry":   {many("a", shared), one("b"), many("a", "")},
		"entries and entries": {many("a", shared), many("b", shared), many("a", "")},
		// What only the first has is deleted with it.
		"dropped entries and entry":   {many("a", shared), one("b"), ""},
		"dropped entries and entries": {many("a", shared), many("b", shared), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			untouched := holds(gateway, "flags", "shared", `{"n":1}`)
			run(t,
				resource.TestStep{Config: withProvider(gateway, tt.first), Check: untouched},
				resource.TestStep{Config: withProvider(gateway, tt.first+tt.second), ExpectError: message("KV entry declared twice")},
				// It adopts the entry, which is equal.
				resource.TestStep{Config: withProvider(gateway, tt.without+tt.second), Check: untouched},
			)
			if _, ok := gateway.Entry("flags", "shared"); ok {
				t.Error("the destroy at the end left the entry")
			}
		})
	}
}

// TestKVEntryInTwoImports: imports that overlap are an error, and never of an entry
// that does not exist.
func TestKVEntryInTwoImports(t *testing.T) {
	t.Parallel()
	const one = "resource \"quiva_kv_entry\" \"one\" {\n  bucket = \"flags\"\n  key = \"shared\"\n  value = {}\n}\nimport {\n  to = quiva_kv_entry.one\n  id = \"flags/shared\"\n}\n"
	for entries, want := range map[string]string{`{ shared = {}, b = {} }`: "KV entry declared twice", `{ b = {} }`: "KV entry in two resources"} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "shared", `{}`)
			gateway.PutEntry("flags", "b", `{}`)
			w := newWorkspace(t)
			err := errorOf(w.planAndApply(manyEntries(gateway, entries)+"import {\n  to = "+entriesAddress+"\n  id = \"flags\"\n}\n"+one, planOptions{}))
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "non-existent") {
				t.Errorf("got %v, want %s", err, want)
			}
			if held := gateway.Entries("flags"); len(held) != 2 {
				t.Errorf("the gateway holds %v", held)
			}
		})
	}
}

// TestKVEntryInTwoResourcesWarning: of two objects of a state that have one entry, the
// second to be read leaves it, and says so.
func TestKVEntryInTwoResourcesWarning(t *testing.T) {
	t.Parallel()
	// Both have the entry "shared"; the entries have others too.
	one := single("test", "shared", 1)
	many := batch("test", world{"shared": valueOf("", 1), "other": valueOf("", 2)})
	for name, tt := range map[string]struct{ first, second string }{
		"entry and entry":   {one, strings.Replace(one, "test", "again", 1)},
		"entry and entries": {one, many},
		"entries and entry": {many, one},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			var first objectKey
			both := newWorkspace(t)
			for _, configuration := range []string{tt.second, tt.first} {
				w := newWorkspace(t) // which knows of no other
				w.must(withProvider(gateway, configuration), planOptions{})
				maps.Copy(both.state, w.state)
				first = slices.Collect(maps.Keys(w.state))[0]
			}
			both.next = func(ready []string) int { return max(0, slices.Index(ready, fmt.Sprint("orphan ", first))) }
			planned := both.plan(withProvider(gateway, ""), planOptions{refreshOnly: true})
			both.check(errorOf(planned.diagnostics))
			if len(planned.diagnostics) != 1 || planned.diagnostics[0].summary != "KV entry in two resources" || planned.diagnostics[0].address == first.address ||
				!strings.Contains(planned.diagnostics[0].detail, `entry "shared" in bucket "flags"`) {
				t.Errorf("the refresh says %v", planned.diagnostics)
			}
			delete(both.state, first)
			for second, o := range both.state {
				left := planned.prior[second]
				if typeNameOf(second.address) == "quiva_kv_entry" {
					if left != nil {
						t.Errorf("%s is still there", second.address)
					}
				} else if got, want := left.value.GetAttr("entries"), o.value.GetAttr("entries").GetAttr("other"); !got.RawEquals(cty.ObjectVal(map[string]cty.Value{"other": want})) {
					t.Errorf("%s has %#v", second.address, got)
				}
			}
		})
	}
}
