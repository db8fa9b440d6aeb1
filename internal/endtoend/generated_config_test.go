package endtoend_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// everyKind is a value with all that JSON has, and with what Terraform's
// language could take for something else.
const everyKind = `{
	"bool": true, "null": null, "text": "", "zero": 0,
	"list": [1, "two", false, null, [], {}, [[3]], {"deep": [null]}],
	"empty": {"list": [], "object": {}},
	"nested": {"a": {"b": {"c": {"d": [{"e": null}]}}}},
	"big": 123456789012345678901234567890123456789, "above_float": 9007199254740993, "negative": -0.000000001234567890123456789,
	"exponent": 6.02e23, "tiny": 1e-30,
	"unicode": "Grüße, 世界 🛠️ \u00e9 e\u0301 \u202e \u0000\u0001\u007f\u2028",
	"multi-line": "first\n  second\n\nEOT\n\tthird\r\n",
	"multi-line, no end": "a\nb",
	"template": "${not.a.reference} %{ if not } $${x} %%{y} $ % $$ {",
	"quotes": "\"quoted\" 'single' \\ backslash \\n </tag> # no comment // none /* none */",
	"": "no name", "0": "digits", "a b": "blank", "a.b": "dot", "ключ-🔑": "unicode", "${k}": "template", "\"q\"": "quotes", "for": "keyword", "line\nbreak": "control",
	"true": "bool", "null ": "blank at the end"
}`

// TestGeneratedConfig: what Terraform generates for import blocks is a
// configuration that can stay as it stands.
func TestGeneratedConfig(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	gateway.CreateBucketWith(mockgateway.BucketConfig{
		Name: "full", Description: `The "full" bucket: ${all} %{set}, 世界`, Compression: true, History: 64, MaxBytes: 1 << 40, MaxValueSize: 1<<31 - 1, Replicas: 5, Storage: "memory",
		Indexing: &mockgateway.Indexing{Mappings: []mockgateway.IndexMapping{{Field: "text", FieldType: "keyword"}}, Partitions: 3, Replicas: 2, StorageType: "file"},
	})
	gateway.PutEntry("flags", "plain", `{"enabled":true}`)
	gateway.PutEntry("full", "every/kind=1.json", everyKind)
	held := gateway.Entries("full")

	w := newWorkspace(t, gateway)
	w.configure("", `
import {
  to = quiva_kv_bucket.default
  id = "flags"
}
import {
  to = quiva_kv_bucket.full
  id = "full"
}
import {
  to = quiva_kv_entry.plain
  id = "flags/plain"
}
import {
  to = quiva_kv_entry.every_kind
  id = "full/every/kind=1.json"
}
`)
	const imports = "Plan: 4 to import, 0 to add, 0 to change, 0 to destroy."
	if plan := w.must("plan", "-generate-config-out=generated.tf"); !plan.says(imports) {
		t.Errorf("the plan that generates is:\n%s", plan.output)
	}
	generated, err := os.ReadFile(filepath.Join(w.dir, "generated.tf"))
	if err != nil {
		t.Fatal(err)
	}
	if plan := w.must("plan", "-out=plan"); !plan.says(imports) || warns(plan) {
		t.Errorf("the plan of what was generated is:\n%s\n\n%s", plan.output, generated)
	}
	w.must("apply", "plan")
	if plan := w.run("plan", "-detailed-exitcode"); plan.status != 0 || warns(plan) {
		t.Errorf("the plan after it ended with %d:\n%s", plan.status, plan.output)
	}

	if writes := gateway.Count("", "") - gateway.Count(http.MethodGet, ""); writes > 0 {
		t.Errorf("%d requests were no GET", writes)
	}
	if now := gateway.Entries("full"); now["every/kind=1.json"] != held["every/kind=1.json"] {
		t.Errorf("the gateway now holds %s", now)
	}
}

// warns reports whether there is a warning other than that of the development
// overrides.
func warns(result outcome) bool { return strings.Count(result.output, "Warning:") > 1 }
