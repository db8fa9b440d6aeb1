package endtoend_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestUnknownConfiguration: where only the credential's source changes, and with
// it the credential is known after apply, what exists is planned from the state,
// with one warning however much there is, and the apply does it.
func TestUnknownConfiguration(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	w := newWorkspace(t, gateway)
	configure := func(rotation, count, n int) {
		w.configure("token = terraform_data.vault.output.token", fmt.Sprintf(`
resource "terraform_data" "vault" {
  input = { token = %q, rotation = %d }
}
resource "quiva_kv_bucket" "test" {
  bucket = "test"
}
resource "quiva_kv_entry" "test" {
  count  = %d
  bucket = quiva_kv_bucket.test.bucket
  key    = "k${count.index}"
  value  = { n = count.index == 0 ? %d : count.index }
}
resource "quiva_kv_entries" "test" {
  bucket  = "flags"
  entries = { a = { n = 1 }, b = { n = %[4]d } }
}
`, mockgateway.DefaultToken, rotation, count, n))
	}
	configure(1, 60, 1)
	w.must("apply", "-auto-approve")

	configure(2, 59, 2)
	gateway.ResetRequests()
	plan := w.must("plan", "-out=plan")
	const warning = "State not refreshed"
	if strings.Count(plan.output, warning) != 1 || plan.says("more similar warning") || !plan.says(`the provider's argument "token" will be known only after apply.`) {
		t.Errorf("the plan does not warn once:\n%s", plan.output)
	}
	if !plan.says("Plan: 0 to add, 3 to change, 1 to destroy.") {
		t.Errorf("the plan is another one:\n%s", plan.output)
	}
	if requests := gateway.Count("", ""); requests != 0 {
		t.Errorf("the plan sent %d requests", requests)
	}
	if apply := w.must("apply", "plan"); apply.says(warning) {
		t.Errorf("the apply warns, too:\n%s", apply.output)
	}
	held := gateway.Entries("test")
	if len(held) != 59 || held["k0"] != `{"n":2}` || held["k58"] != `{"n":58}` || gateway.Entries("flags")["b"] != `{"n":2}` {
		t.Errorf("the gateway holds %v and %v", held, gateway.Entries("flags"))
	}
	if plan := w.must("plan", "-detailed-exitcode"); plan.says(warning) {
		t.Errorf("a plan with a known credential warns:\n%s", plan.output)
	}

	// Destroying knows the credential: it is in the state.
	configure(3, 59, 2)
	w.must("destroy", "-auto-approve")
	if held := gateway.Entries("flags"); len(held) != 0 {
		t.Errorf("the gateway still holds %v", held)
	}
}

// TestUnknownConfigurationExclusive: what no refresh has looked at is not deleted
// as undeclared, even if an earlier one has found it.
func TestUnknownConfigurationExclusive(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	w := newWorkspace(t, gateway)
	configure := func(rotation int) {
		w.configure("token = terraform_data.vault.output.token", fmt.Sprintf(`
resource "terraform_data" "vault" {
  input = { token = %q, rotation = %d }
}
resource "quiva_kv_entries" "test" {
  bucket    = "flags"
  entries   = { a = { n = 1 } }
  exclusive = {}
}
`, mockgateway.DefaultToken, rotation))
	}
	configure(1)
	w.must("apply", "-auto-approve")
	gateway.PutEntry("flags", "foreign", `{}`)
	w.must("apply", "-auto-approve", "-refresh-only")
	configure(2)
	w.must("apply", "-auto-approve")
	if _, ok := gateway.Entry("flags", "foreign"); !ok {
		t.Error("an entry was deleted that the plan has not looked at")
	}
	w.must("apply", "-auto-approve")
	if _, ok := gateway.Entry("flags", "foreign"); ok {
		t.Error("an entry that the plan has looked at was not deleted")
	}
}
