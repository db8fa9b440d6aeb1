package endtoend_test

import (
	"cmp"
	"fmt"
	"maps"
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
	// provider are arguments of the provider block: max_retries = 0 if empty.
	provider string

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
		"create, dropped once":  {first: none, command: "apply", method: "PUT", effect: mockgateway.Drop(), times: 1, provider: "max_retries = 1", gateway: after, state: after},
		"create, response lost": {first: none, command: "apply", method: "PUT", effect: mockgateway.LoseResponse(), status: 1, says: `Could not write entry "a" in bucket "flags"`, gateway: after, state: onlyB},
		"create, hanging":       {first: none, command: "apply", method: "PUT", effect: mockgateway.Hang(), provider: "max_retries = 0\n request_timeout = \"1s\"", status: 1, says: "no complete response within 1s", gateway: onlyB, state: onlyB},
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
	provider := cmp.Or(fault.provider, "max_retries = 0")
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
