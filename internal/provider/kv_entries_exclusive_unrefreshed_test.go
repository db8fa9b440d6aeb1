package provider_test

import (
	"net/http"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestExclusiveFailureUnrefreshed: after an apply that could not delete what is
// undeclared, a plan without a refresh does not delete it either: it is declared by
// now, which is an error as long as the scope includes it.
func TestExclusiveFailureUnrefreshed(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	w, exclusive := newWorkspace(t), manyEntries(gateway, `{ a = { n = 1 } }`, "exclusive = {}")
	w.must(exclusive, planOptions{})
	gateway.PutEntry("flags", "x", `{"n":1}`)
	fault := gateway.Inject(mockgateway.Fault{Method: http.MethodDelete, Effect: respond(http.StatusForbidden, `{"error":"forbidden"}`)})
	if err := errorOf(w.planAndApply(exclusive, planOptions{})); err == nil || !message("1 of 1 entries could not be deleted").MatchString(err.Error()) {
		t.Errorf("ended with %v", err)
	}
	fault.Clear()
	exclusive += single("x", "x", 1)
	w.must(exclusive, planOptions{targets: []string{"quiva_kv_entry.x"}})
	if err := errorOf(w.planAndApply(exclusive, planOptions{noRefresh: true})); err == nil || !message("KV entry in an exclusive scope").MatchString(err.Error()) {
		t.Errorf("ended with %v", err)
	}
	if _, ok := gateway.Entry("flags", "x"); !ok {
		t.Error("an entry was deleted that is declared")
	}
}

// TestExclusiveUnrefreshedUnknown: what no refresh has looked at stays in the list,
// also if it turns out to be declared: Terraform takes no other plan then.
func TestExclusiveUnrefreshedUnknown(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	w := newWorkspace(t)
	configuration := func(entries string) string {
		return withOther(manyEntries(gateway, "terraform_data.other.output", "exclusive = {}"), entries)
	}
	gateway.PutEntry("flags", "x", `{"n":1}`)
	w.must(configuration(`{ a = { n = 1 } }`), planOptions{})
	w.must(configuration(`{ a = { n = 1 }, x = { n = 1 } }`), planOptions{noRefresh: true})
	run := w.plan(configuration(`{ a = { n = 1 }, x = { n = 1 } }`), planOptions{})
	for key, change := range run.changes {
		if change.action != noOp {
			t.Errorf("the next plan has %s: %s", key.address, change.action)
		}
	}
	if held := gateway.Entries("flags"); len(held) != 2 || len(failed(run.diagnostics)) > 0 {
		t.Errorf("the gateway holds %v, the plan says %v", held, run.diagnostics)
	}
}

// TestExclusiveUnknownCredential: what no refresh has looked at, since the credential
// was not known, is not deleted as undeclared, even if an earlier one has found it.
func TestExclusiveUnknownCredential(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	w := newWorkspace(t)
	configuration := func(rotation int) string {
		return withVault(gateway, rotation) + "resource \"quiva_kv_entries\" \"test\" {\n  bucket = \"flags\"\n  entries = { a = { n = 1 } }\n  exclusive = {}\n}\n"
	}
	w.must(configuration(1), planOptions{})
	gateway.PutEntry("flags", "foreign", `{}`)
	w.must(configuration(1), planOptions{refreshOnly: true})
	w.must(configuration(2), planOptions{})
	if _, ok := gateway.Entry("flags", "foreign"); !ok {
		t.Error("an entry was deleted that the plan has not looked at")
	}
	w.must(configuration(2), planOptions{})
	if _, ok := gateway.Entry("flags", "foreign"); ok {
		t.Error("an entry that the plan has looked at was not deleted")
	}
}
