package endtoend_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestRestrictedKeys: with one key that may make the calls that the guide "CI and
// HCP Terraform" lists for a plan, and another with those for an apply as well, all
// that the provider has is planned, applied and destroyed; and each listed call is
// made.
func TestRestrictedKeys(t *testing.T) {
	needTerraform(t)
	planCalls := listedCalls(t, "### The Key That Plans")
	applyCalls := listedCalls(t, "### The Key That Applies")
	gateway := newGateway(t)
	gateway.CreateBucketWith(mockgateway.BucketConfig{Name: "feature-flags", Indexing: &mockgateway.Indexing{
		Mappings: []mockgateway.IndexMapping{{Field: "owner", FieldType: "keyword"}}, Partitions: 1, Replicas: 1, StorageType: "file",
	}})
	gateway.PutEntry("feature-flags", "vault/password", `{"password":"secret"}`)
	gateway.PutEntry("feature-flags", "team/undeclared", `{"enabled":true}`)
	const planKey, applyKey = "msr-plan", "msr-apply"
	gateway.RevokeCredentials()
	gateway.AllowRestrictedKey(planKey, permissions(planCalls)...)
	gateway.AllowRestrictedKey(applyKey, permissions(append(applyCalls, planCalls...))...)

	planning, applying := newWorkspace(t, gateway, "QUIVA_API_KEY="+planKey), newWorkspace(t, gateway, "QUIVA_API_KEY="+applyKey)
	applying.dir = planning.dir
	planning.configure("", everyCall)
	planned, applied := map[string]bool{}, map[string]bool{}
	for _, arguments := range [][]string{{}, {"-var=revision=2"}, {"-var=revision=3", "-destroy"}} {
		planning.must(append([]string{"plan", "-out=tfplan"}, arguments...)...)
		madeCalls(t, gateway, planCalls, planned)
		applying.must("apply", "tfplan")
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

// TestRestrictedKeyWithoutOptionalCalls: the calls that the guide calls optional
// make no difference to what is planned.
func TestRestrictedKeyWithoutOptionalCalls(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	w := newWorkspace(t, gateway, "QUIVA_API_KEY=msr-plan")
	configuration, _ := manyEntries(14)
	w.configure("", configuration)
	gateway.AllowAPIKey("msr-plan")
	w.must("apply", "-auto-approve")
	var needed []mockgateway.Permission
	for _, call := range listedCalls(t, "### The Key That Plans") {
		if !strings.HasSuffix(call, "/entries") && !strings.HasSuffix(call, "/search-by-key") {
			needed = append(needed, permissions([]string{call})...)
		}
	}
	gateway.AllowRestrictedKey("msr-plan", needed...)
	gateway.PutEntry("flags", "entry/7", `{"n":0}`)
	gateway.ResetRequests()
	if plan := w.run("plan", "-detailed-exitcode"); plan.status != 2 || !plan.says("0 to add, 1 to change, 0 to destroy") {
		t.Errorf("the plan ended with %d:\n%s", plan.status, plan.output)
	}
	if gateway.Count(http.MethodGet, "/storage/kv/flags/entries") == 0 {
		t.Error("the optional call was not even tried")
	}
}

// everyCall is a configuration that makes every call, as its revision goes from 1
// to 2 and with its destruction.
const everyCall = `
variable "revision" {
  type    = number
  default = 1
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
  entries    = var.revision == 1 ? { "team/a" = {}, "team/b" = {} } : { "team/a" = {} }
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
