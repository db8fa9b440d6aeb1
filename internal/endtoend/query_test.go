package endtoend_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// query writes a query into a workspace.
func (w *workspace) query(text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, "all.tfquery.hcl"), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// TestQuery: what a query generates imports all that it lists, changes nothing,
// and can stay as it stands.
func TestQuery(t *testing.T) {
	many := entries{}
	for i := range 5000 {
		many[fmt.Sprintf("team-%d/flag-%04d", i%7, i)] = fmt.Sprintf(`{"n":%d,"text":"${n} %%{if}"}`, i)
	}
	twelve := entries{"every/kind=1.json": everyKind}
	for i := range 11 {
		twelve[fmt.Sprintf("entry/%02d", i)] = fmt.Sprintf(`{"n":%d}`, i)
	}
	const bucket = "  config {\n    bucket = \"flags\"\n  }\n"
	tests := map[string]struct {
		held             entries
		resource, config string
		imports          int
	}{
		"entries":                    {twelve, "quiva_kv_entry", bucket, 12},
		"entries as one":             {twelve, "quiva_kv_entries", bucket, 1},
		"5,000 entries as one":       {many, "quiva_kv_entries", bucket, 1},
		"entries of a prefix as one": {many, "quiva_kv_entries", "  config {\n    bucket = \"flags\"\n    key_prefix = \"team-3/\"\n  }\n", 1},
		"bucket":                     {entries{}, "quiva_kv_bucket", "", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			needMinor(t, 14)
			gateway := newGateway(t)
			for _, key := range slices.Sorted(maps.Keys(test.held)) {
				gateway.PutEntry("flags", key, test.held[key])
			}
			w := newWorkspace(t, gateway)
			w.configure("", "")
			w.query(fmt.Sprintf("list %q \"all\" {\n  provider = quiva\n  include_resource = true\n%s}\n", test.resource, test.config))
			w.must("query", "-generate-config-out=generated.tf")
			imports := fmt.Sprintf("%d imported, 0 added, 0 changed, 0 destroyed.", test.imports)
			if applied := w.must("apply", "-auto-approve"); !applied.says(imports) || warns(applied) {
				generated, _ := os.ReadFile(filepath.Join(w.dir, "generated.tf"))
				t.Errorf("the apply of what was generated says:\n%s\n\n%s", applied.output, generated[:min(len(generated), 4000)])
			}
			if plan := w.run("plan", "-detailed-exitcode"); plan.status != 0 || warns(plan) {
				t.Errorf("the plan after it ended with %d:\n%s", plan.status, plan.output)
			}
			if writes := gateway.Count("", "") - gateway.Count(http.MethodGet, ""); writes > 0 {
				t.Errorf("%d requests were no GET", writes)
			}
		})
	}
}

// TestQueryExamples runs the queries that the documentation shows.
func TestQueryExamples(t *testing.T) {
	const root = "../../examples/list-resources"
	for resource, finds := range map[string]int{"quiva_kv_bucket": 1, "quiva_kv_entry": 2, "quiva_kv_entries": 2} {
		t.Run(resource, func(t *testing.T) {
			needMinor(t, 14)
			gateway := newGateway(t)
			gateway.CreateBucket("team-a-limits")
			gateway.CreateBucket("shop-settings")
			gateway.PutEntry("shop-settings", "currency", `{"code":"EUR"}`)
			gateway.CreateBucket("feature-flags")
			for _, key := range []string{"team-a.checkout", "team-a.search", "team-a.secrets.mail", "team-a.db.password", "team-b.checkout"} {
				gateway.PutEntry("feature-flags", key, `{}`)
			}
			w := newWorkspace(t, gateway)
			w.configure("", "")
			example, err := os.ReadFile(filepath.Join(root, resource, "list-resource.tfquery.hcl"))
			if err != nil {
				t.Fatal(err)
			}
			w.query(string(example))
			w.must("query", "-generate-config-out=generated.tf")
			imports := fmt.Sprintf("%d imported, 0 added, 0 changed, 0 destroyed.", finds)
			if applied := w.must("apply", "-auto-approve"); !applied.says(imports) {
				t.Errorf("the apply of what was generated says:\n%s", applied.output)
			}
		})
	}
}
