package endtoend_test

import (
	"fmt"
	"maps"
	"os"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// entries is what a gateway or a state holds: JSON by key.
type entries = map[string]string

var (
	before = entries{"a": `{"n":1}`, "b": `{"n":1}`}
	after  = entries{"a": `{"n":2}`, "b": `{"n":2}`}
	none   = entries{}
)

// twoEntries is the configuration that the faults strike: the entries a and b
// with the value {"n": n}.
func twoEntries(n int) string {
	return fmt.Sprintf("resource \"quiva_kv_entry\" \"test\" {\n  for_each = toset([\"a\", \"b\"])\n  bucket = \"flags\"\n  key = each.key\n  value = { n = %d }\n}\n", n)
}

// fault is one thing that goes wrong with requests about the entry a, and what
// must come of it.
type fault struct {
	first   entries
	command string
	// method selects the requests that are struck, times how many of them; 0
	// is all.
	method string
	times  int
	effect mockgateway.Effect
	// retries is the provider's max_retries, timeout its request_timeout.
	retries int
	timeout string

	// status is Terraform's exit status; says is a text that the user sees.
	status int
	says   string
	// gateway and state are what is there after the struck run.
	gateway, state entries
}

func respond(status int, body string) mockgateway.Effect {
	return mockgateway.Respond(status, nil, body)
}

// TestFaults: some of the faults of internal/provider's test of this name, with
// Terraform: what it prints of them, and its exit status.
func TestFaults(t *testing.T) {
	onlyB, onlyA := entries{"b": `{"n":2}`}, entries{"a": `{"n":1}`}
	for name, fault := range map[string]fault{
		"create, dropped once":  {first: none, command: "apply", method: "PUT", effect: mockgateway.Drop(), times: 1, retries: 1, gateway: after, state: after},
		"create, response lost": {first: none, command: "apply", method: "PUT", effect: mockgateway.LoseResponse(), status: 1, says: `Could not write entry "a" in bucket "flags"`, gateway: after, state: onlyB},
		"create, hanging":       {first: none, command: "apply", method: "PUT", effect: mockgateway.Hang(), timeout: "1s", status: 1, says: "no complete response within 1s", gateway: onlyB, state: onlyB},
		"read, 404 html":        {first: before, command: "apply", method: "GET", effect: respond(404, "<html>no such page"), status: 1, says: "The response started with: <html>no such page", gateway: before, state: before},
		"read, 401":             {first: before, command: "apply", method: "GET", effect: respond(401, `{"status_code":401,"body":{"error":"unauthorized"}}`), status: 1, says: "the API key from the environment variable QUIVA_API_KEY", gateway: before, state: before},
		"read, cut JSON":        {first: before, command: "apply", method: "GET", effect: respond(200, `{"body":{"key":"a","value":{"n":`), status: 1, says: "the response is broken JSON", gateway: before, state: before},
		"update, not_found":     {first: before, command: "apply", method: "GET", effect: respond(404, `{"error":"not_found"}`), status: 1, says: "Not confirmed to be missing", gateway: before, state: before},
		"delete, 500":           {first: before, command: "destroy", method: "DELETE", effect: respond(500, `{"error":"internal_error"}`), status: 1, says: `Could not delete entry "a" in bucket "flags"`, gateway: onlyA, state: onlyA},
	} {
		t.Run(name, func(t *testing.T) { strike(t, fault) })
	}
}

// strike applies what is to be there at first, runs the command with the fault
// and checks what came of it, then runs it without: it must converge.
func strike(t *testing.T, fault fault) {
	needTerraform(t)
	gateway := newGateway(t)
	w := newWorkspace(t, gateway)
	provider := fmt.Sprintf("  max_retries = %d", fault.retries)
	if fault.timeout != "" {
		provider += fmt.Sprintf("\n  request_timeout = %q", fault.timeout)
	}
	if len(fault.first) > 0 {
		w.configure(provider, twoEntries(1))
		w.must("apply", "-auto-approve")
	}
	w.configure(provider, twoEntries(2))

	injection := gateway.Inject(mockgateway.Fault{Method: fault.method, Path: "/storage/kv/flags/entries/a", Times: fault.times, Effect: fault.effect})
	struck := w.run(fault.command, "-auto-approve")
	if injection.Hits() == 0 {
		t.Error("the fault struck nothing")
	}
	if struck.status != fault.status || !struck.says(fault.says) {
		t.Errorf("ended with %d, want %d; its output must say %q:\n%s", struck.status, fault.status, fault.says, struck.output)
	}
	if struck.says("panic") || struck.says("inconsistent") || struck.says("crashed") {
		t.Errorf("the provider misbehaved:\n%s", struck.output)
	}
	if held := gateway.Entries("flags"); !maps.Equal(held, fault.gateway) {
		t.Errorf("the gateway holds %v, want %v", held, fault.gateway)
	}
	if state := w.state(); !maps.Equal(state, fault.state) {
		t.Errorf("the state holds %v, want %v", state, fault.state)
	}

	gateway.ClearFaults()
	final := after
	if fault.command == "destroy" {
		final = none
	}
	w.must(fault.command, "-auto-approve")
	if state := w.state(); !maps.Equal(state, final) {
		t.Errorf("after the next run, the state holds %v, want %v", state, final)
	}
	if held := gateway.Entries("flags"); !maps.Equal(held, final) && fault.says != "" {
		t.Errorf("after the next run, the gateway holds %v, want %v", held, final)
	}
}

// TestGatewayRewrites: a gateway that rounds what it is given shows as drift, and one
// that drops a property as an error of the first write.
func TestGatewayRewrites(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	gateway.SetWriteTransform(func(_, _, _ string) string { return `{"n":1}` })
	w := newWorkspace(t, gateway)
	w.configure("", "resource \"quiva_kv_entry\" \"test\" {\n  bucket = \"flags\"\n  key = \"a\"\n  value = { n = 1.5 }\n}\n")
	if applied := w.must("apply", "-auto-approve"); applied.says("inconsistent") {
		t.Error(applied.output)
	}
	plan := w.run("plan", "-detailed-exitcode")
	if plan.status != 2 || !plan.says("~ n = 1 -> 1.5") {
		t.Errorf("the plan ended with %d:\n%s", plan.status, plan.output)
	}
	w.configure("", "resource \"quiva_kv_entry\" \"test\" {\n  bucket = \"flags\"\n  key = \"a\"\n  value = { n = 1.5, dropped = true }\n}\n")
	if applied := w.run("apply", "-auto-approve"); applied.status != 1 || !applied.says("Gateway did not store what was sent") || !applied.says(`the request had {"dropped":…,"n":…}, and after it the gateway has {"n":…}`) {
		t.Errorf("the apply ended with %d:\n%s", applied.status, applied.output)
	}
}

// TestPlainHTTP: nothing is sent over plain http to a host that is not
// loopback.
func TestPlainHTTP(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	w := newWorkspace(t, gateway, "QUIVA_API_URL=http://gateway.example.com")
	w.configure("", twoEntries(1))
	if plan := w.run("plan"); plan.status != 1 || !plan.says("plain http would send the credential unencrypted") {
		t.Errorf("the plan ended with %d:\n%s", plan.status, plan.output)
	}
	if _, err := os.Stat(w.dir + "/terraform.tfstate"); err == nil {
		t.Error("there is a state")
	}
}
