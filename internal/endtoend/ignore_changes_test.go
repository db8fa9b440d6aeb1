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
	value := func(object, ignored string) string {
		return fmt.Sprintf("resource \"quiva_kv_entry\" \"test\" {\n  bucket = \"flags\"\n  key = \"a\"\n  value = %s\n  lifecycle {\n    ignore_changes = [%s]\n  }\n}\n", object, ignored)
	}
	many := func(object, ignored string) string {
		return fmt.Sprintf("resource \"quiva_kv_entries\" \"test\" {\n  bucket = \"flags\"\n  entries = %s\n  lifecycle {\n    ignore_changes = [%s]\n  }\n}\n", object, ignored)
	}
	const (
		object  = `{ rollout = var.n, limit = { n = var.n } }`
		objects = `{ a = { n = var.n, m = var.n }, "team/b" = { n = var.n } }`
	)
	tests := map[string]struct {
		configuration string
		want          entries // once n has gone from 1 to 2
	}{
		"property":                    {value(object, `value.rollout`), entries{"a": `{"limit":{"n":2},"rollout":1}`}},
		"property of a property":      {value(object, `value.limit.n`), entries{"a": `{"limit":{"n":1},"rollout":2}`}},
		"property by index":           {value(object, `value["rollout"]`), entries{"a": `{"limit":{"n":1},"rollout":1}`}},
		"property by index, in a map": {value(`tomap({ rollout = var.n, limit = var.n })`, `value["rollout"]`), entries{"a": `{"limit":2,"rollout":1}`}},
		"entry":                       {many(objects, `entries.a`), entries{"a": `{"m":1,"n":1}`, "team/b": `{"n":2}`}},
		"property of an entry":        {many(objects, `entries.a.n`), entries{"a": `{"m":2,"n":1}`, "team/b": `{"n":2}`}},
		"entry by index":              {many(objects, `entries["team/b"]`), entries{"a": `{"m":1,"n":1}`, "team/b": `{"n":1}`}},
		"property of entry by index":  {many(objects, `entries["team/b"].n`), entries{"a": `{"m":2,"n":2}`, "team/b": `{"n":2}`}},
		"entry by index, in a map":    {many(`tomap({ a = { n = var.n }, "team/b" = { n = var.n } })`, `entries["team/b"]`), entries{"a": `{"n":2}`, "team/b": `{"n":1}`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			needTerraform(t)
			gateway := newGateway(t)
			w := newWorkspace(t, gateway)
			w.configure("", test.configuration+"variable \"n\" {\n  type = number\n}\n")
			w.must("apply", "-auto-approve", "-var=n=1")
			w.must("apply", "-auto-approve", "-var=n=2")
			if got := gateway.Entries("flags"); !maps.Equal(got, test.want) {
				t.Errorf("the gateway holds %v, want %v", got, test.want)
			}
		})
	}
}
