package endtoend_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

const exclusiveEntries = `
resource "quiva_kv_entries" "test" {
  bucket    = "flags"
  entries   = { a = { n = 1 } }
  exclusive = {}
}
`

// TestExclusiveFailureUnrefreshed: after an apply that could not delete what is
// undeclared, a plan without a refresh does not delete it either: it is declared by
// now, which is an error as long as the scope includes it.
func TestExclusiveFailureUnrefreshed(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	w := newWorkspace(t, gateway)
	w.configure("", exclusiveEntries)
	w.must("apply", "-auto-approve")
	gateway.PutEntry("flags", "x", `{"n":1}`)
	fault := gateway.Inject(mockgateway.Fault{Method: http.MethodDelete, Effect: mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`)})
	if result := w.run("apply", "-auto-approve"); !result.says("1 of 1 entries could not be deleted") {
		t.Errorf("the apply says\n%s", result.output)
	}
	fault.Clear()
	w.configure("", exclusiveEntries+`
resource "quiva_kv_entry" "x" {
  bucket = "flags"
  key    = "x"
  value  = { n = 1 }
}
`)
	w.must("apply", "-auto-approve", "-target=quiva_kv_entry.x")
	if result := w.run("apply", "-auto-approve", "-refresh=false"); !result.says("KV entry in an exclusive scope") {
		t.Errorf("the apply says\n%s", result.output)
	}
	if _, ok := gateway.Entry("flags", "x"); !ok {
		t.Error("an entry was deleted that is declared")
	}
}

// TestExclusiveDestroy: a destroy deletes what is declared, and too many undeclared
// entries do not stop it.
func TestExclusiveDestroy(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	w := newWorkspace(t, gateway)
	w.configure("", exclusiveEntries)
	w.must("apply", "-auto-approve")
	const foreign = 11
	for i := range foreign {
		gateway.PutEntry("flags", fmt.Sprintf("x%d", i), `{}`)
	}
	w.must("destroy", "-auto-approve")
	if held := gateway.Entries("flags"); len(held) != foreign {
		t.Errorf("the gateway holds %v, want the %d undeclared entries", held, foreign)
	}
}

// TestExclusiveUnrefreshedUnknown: what no refresh has looked at stays in the list,
// also if it turns out to be declared: Terraform takes no other plan then.
func TestExclusiveUnrefreshedUnknown(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	w := newWorkspace(t, gateway)
	configure := func(entries string) {
		w.configure("", fmt.Sprintf(`
resource "terraform_data" "entries" {
  input = %s
}
resource "quiva_kv_entries" "test" {
  bucket    = "flags"
  entries   = terraform_data.entries.output
  exclusive = {}
}
`, entries))
	}
	gateway.PutEntry("flags", "x", `{"n":1}`)
	configure(`{ a = { n = 1 } }`)
	w.must("apply", "-auto-approve")
	configure(`{ a = { n = 1 }, x = { n = 1 } }`)
	w.must("apply", "-auto-approve", "-refresh=false")
	if result := w.must("plan", "-detailed-exitcode"); !result.says("No changes") {
		t.Errorf("the next plan says\n%s", result.output)
	}
	if held := gateway.Entries("flags"); len(held) != 2 {
		t.Errorf("the gateway holds %v", held)
	}
}
