package provider_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// withKey is a provider block whose key is a variable, so that an apply can have
// another one than the plan.
func withKey(gateway *mockgateway.Server, configuration string) string {
	return fmt.Sprintf("provider \"quiva\" {\n  endpoint = %q\n  api_key = var.key\n}\nvariable \"key\" {\n  default = \"msr-plan\"\n}\n", gateway.URL) + configuration
}

// TestRestrictedKeys: with one key that may make the calls that the guide "CI and
// HCP Terraform" lists for a plan, and another with those for an apply as well, all
// that the provider has is planned, applied and destroyed; and each listed call is
// made.
func TestRestrictedKeys(t *testing.T) {
	t.Parallel()
	planCalls := listedCalls(t, "### The Key That Plans")
	applyCalls := listedCalls(t, "### The Key That Applies")
	gateway := newGateway(t)
	gateway.CreateBucketWith(mockgateway.BucketConfig{Name: "feature-flags", Indexing: &mockgateway.Indexing{
		Mappings: []mockgateway.IndexMapping{{Field: "owner", FieldType: "keyword"}}, Partitions: 1, Replicas: 1, StorageType: "file",
	}})
	gateway.PutEntry("feature-flags", "vault/password", `{"password":"secret"}`)
	gateway.PutEntry("feature-flags", "team/undeclared", `{"enabled":true}`)
	gateway.RevokeCredentials()
	gateway.AllowRestrictedKey("msr-plan", permissions(planCalls)...)
	gateway.AllowRestrictedKey("msr-apply", permissions(slices.Concat(applyCalls, planCalls))...)

	w := newWorkspace(t)
	planned, applied := map[string]bool{}, map[string]bool{}
	for revision := range int64(3) {
		w.variables = map[string]cty.Value{"revision": cty.NumberIntVal(revision)}
		plan := w.plan(withKey(gateway, everyCall), planOptions{destroy: revision == 2})
		madeCalls(t, gateway, planCalls, planned)
		w.check(errorOf(plan.diagnostics))
		plan.configuration.variables["key"] = cty.StringVal("msr-apply")
		w.check(errorOf(w.apply(plan)))
		madeCalls(t, gateway, applyCalls, applied)
	}
	// What a plan saw of undeclared entries is keyed with its credential, so that an apply
	// with another one deletes none of them.
	if left := gateway.Entries("feature-flags"); len(left) != 2 {
		t.Errorf("the gateway is left with %v, not with the entries that nobody declares", left)
	}
	for _, call := range planCalls {
		if !planned[call] {
			t.Errorf("a plan has not made the call %q", call)
		}
	}
	for _, call := range applyCalls {
		if !applied[call] {
			t.Errorf("an apply has not made the call %q", call)
		}
	}
}

// everyCall is a configuration that makes every call, as its revision goes from 0
// to 1 and with its destruction.
const everyCall = `
variable "revision" {
  type = number
}
resource "quiva_kv_bucket" "shop" {
  bucket      = "shop"
  description = "Revision ${var.revision}"
}
resource "quiva_kv_entry" "many" { # enough to be read at once
  count  = 14
  bucket = quiva_kv_bucket.shop.bucket
  key    = "entry/${count.index}"
  value  = { revision = var.revision }
}
resource "quiva_kv_entries" "team" {
  bucket     = "feature-flags"
  key_prefix = "team/"
  entries    = var.revision == 0 ? { "team/a" = {}, "team/b" = {} } : { "team/a" = {} }
  exclusive  = {}
}
resource "quiva_kv_entry_properties" "shared" {
  bucket     = "feature-flags"
  key        = "shared"
  properties = { revision = var.revision }
}
data "quiva_kv_bucket" "flags" {
  bucket = "feature-flags"
}
data "quiva_kv_buckets" "all" {}
data "quiva_kv_entry" "password" {
  bucket = "feature-flags"
  key    = "vault/password"
}
data "quiva_kv_entries" "all" {
  bucket = "feature-flags"
}
data "quiva_kv_entries" "team" {
  bucket      = "feature-flags"
  key_pattern = "team/*"
}
data "quiva_kv_entries" "owned" {
  bucket = "feature-flags"
  search = { field = "owner", text = "ana", type = "exact" }
}
ephemeral "quiva_kv_entry" "password" {
  bucket = "feature-flags"
  key    = "vault/password"
}
`

// listedCalls returns the calls, such as "GET /storage/kv/{bucket}", in the table
// of a section of the guide.
func listedCalls(t *testing.T, heading string) []string {
	t.Helper()
	guide, err := os.ReadFile("../../templates/guides/ci-and-hcp-terraform.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(guide), "\n"+heading+"\n")
	section, _, _ = strings.Cut(section, "\n##")
	var calls []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z]+ /[^`]+)` \\|").FindAllStringSubmatch(section, -1) {
		calls = append(calls, row[1])
	}
	if len(calls) == 0 {
		t.Fatalf("the guide has no calls under %q", heading)
	}
	return calls
}

// permissions returns what lets a key make these calls, and no other, in any of
// the test's buckets.
func permissions(calls []string) []mockgateway.Permission {
	var permitted []mockgateway.Permission
	for _, call := range calls {
		method, path, _ := strings.Cut(call, " ")
		for _, bucket := range []string{"flags", "feature-flags", "shop"} {
			permitted = append(permitted, mockgateway.Permission{
				Method: method,
				Path:   strings.NewReplacer("{bucket}", bucket, "{key}", "*").Replace(path),
			})
		}
	}
	return permitted
}

// madeCalls notes which calls were made since it was last asked, and checks that
// the gateway has forbidden none.
func madeCalls(t *testing.T, gateway *mockgateway.Server, calls []string, made map[string]bool) {
	t.Helper()
	for _, request := range gateway.Requests() {
		if request.Status == http.StatusForbidden {
			t.Errorf("%s %s is not permitted", request.Method, request.Path)
		}
	}
	for _, call := range calls {
		for _, permission := range permissions([]string{call}) {
			made[call] = made[call] || gateway.Count(permission.Method, permission.Path) > 0
		}
	}
	gateway.ResetRequests()
}
