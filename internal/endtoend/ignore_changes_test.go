package endtoend_test

import (
	"fmt"
	"maps"
	"testing"
)

// TestIgnoreChanges pins what the pages say of ignore_changes: a name after a dot
// ignores a part of an object. An index in its place ignores the whole object if
// it ends the path, since Terraform takes off such an index, and nothing before.
// In a map the index works.
func TestIgnoreChanges(t *testing.T) {
	needTerraform(t)
	const (
		object  = `{ rollout = var.n, limit = { n = var.n } }`
		objects = `{ a = { n = var.n, m = var.n }, "team/b" = { n = var.n } }`
	)
	tests := map[string]struct {
		value, ignored string
		want           entries // once n has gone from 1 to 2
	}{
		"property":                   {object, `value.rollout`, entries{"a": `{"limit":{"n":2},"rollout":1}`}},
		"property_of_property":       {object, `value.limit.n`, entries{"a": `{"limit":{"n":1},"rollout":2}`}},
		"property_by_index":          {object, `value["rollout"]`, entries{"a": `{"limit":{"n":1},"rollout":1}`}},
		"property_by_index_in_map":   {`tomap({ rollout = var.n, limit = var.n })`, `value["rollout"]`, entries{"a": `{"limit":2,"rollout":1}`}},
		"entry":                      {objects, `entries.a`, entries{"a": `{"m":1,"n":1}`, "team/b": `{"n":2}`}},
		"property_of_entry":          {objects, `entries.a.n`, entries{"a": `{"m":2,"n":1}`, "team/b": `{"n":2}`}},
		"entry_by_index":             {objects, `entries["team/b"]`, entries{"a": `{"m":1,"n":1}`, "team/b": `{"n":1}`}},
		"property_of_entry_by_index": {objects, `entries["team/b"].n`, entries{"a": `{"m":2,"n":2}`, "team/b": `{"n":2}`}},
		"entry_by_index_in_map":      {`tomap({ a = { n = var.n }, "team/b" = { n = var.n } })`, `entries["team/b"]`, entries{"a": `{"n":2}`, "team/b": `{"n":1}`}},
	}
	gateway := newGateway(t)
	configuration := "variable \"n\" {\n  type = number\n}\n"
	for name, test := range tests {
		gateway.CreateBucket(name)
		resource, value := "quiva_kv_entry", "  key = \"a\"\n  value = "+test.value
		if test.ignored[0] == 'e' {
			resource, value = "quiva_kv_entries", "  entries = "+test.value
		}
		configuration += fmt.Sprintf("resource %q %q {\n  bucket = %[2]q\n%s\n  lifecycle {\n    ignore_changes = [%s]\n  }\n}\n", resource, name, value, test.ignored)
	}
	w := newWorkspace(t, gateway)
	w.configure("", configuration)
	w.must("apply", "-auto-approve", "-var=n=1")
	w.must("apply", "-auto-approve", "-var=n=2")
	for name, test := range tests {
		if got := gateway.Entries(name); !maps.Equal(got, test.want) {
			t.Errorf("%s: the gateway holds %v, want %v", name, got, test.want)
		}
	}
}
