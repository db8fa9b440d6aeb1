package provider_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// entries is what a gateway or a state holds: JSON by key.
type entries = map[string]string

var (
	bothOld   = entries{"a": `{"n":1}`, "b": `{"n":1}`}
	bothNew   = entries{"a": `{"n":2}`, "b": `{"n":2}`}
	noEntries = entries{}
)

// twoEntries is the configuration that the faults strike: the entries a and b
// with the value {"n": n}.
func twoEntries(n int) string {
	return fmt.Sprintf("resource \"quiva_kv_entry\" \"test\" {\n  for_each = toset([\"a\", \"b\"])\n  bucket = \"flags\"\n  key = each.key\n  value = { n = %d }\n}\n", n)
}

// fault is one thing that goes wrong with requests about the entry a, and what
// must come of it.
type fault struct {
	// method selects the requests that are struck, times how many of them; 0
	// is all.
	method string
	times  int
	effect mockgateway.Effect
	// retries is the provider's max_retries, timeout its request_timeout: the
	// default if empty, so that a slow machine is no fault of its own.
	retries int
	timeout string

	// says is the text of an error, or "" for a run that succeeds.
	says string
	// gateway and state are what is there after the struck run.
	gateway, state entries
}

// The entry a as left by a run that did all for b and nothing for a.
var (
	onlyBefore = entries{"a": `{"n":1}`, "b": `{"n":2}`}
	onlyB      = entries{"b": `{"n":2}`}
)

func respond(status int, body string) mockgateway.Effect {
	return mockgateway.Respond(status, nil, body)
}

func retryAfter(status int, after, body string) mockgateway.Effect {
	return mockgateway.Respond(status, http.Header{"Retry-After": {after}}, body)
}

var elsewhere = mockgateway.Respond(http.StatusPermanentRedirect, http.Header{"Location": {"http://localhost:1/a"}}, "")

// creating: the gateway is empty, both entries are to be created.
var creating = map[string]fault{
	"look refused":           {method: "GET", effect: mockgateway.Reset(), says: `Could not check whether entry "a" already exists in bucket "flags"`, gateway: onlyB, state: onlyB},
	"look 500":               {method: "GET", effect: respond(500, `{"error":"internal_error"}`), retries: 1, says: "internal_error (2 tries in", gateway: onlyB, state: onlyB},
	"look 404 of a proxy":    {method: "GET", effect: respond(404, "<html>no such page"), says: "The response started with: <html>no such page", gateway: onlyB, state: onlyB},
	"dropped":                {method: "PUT", effect: mockgateway.Drop(), retries: 1, says: "EOF (2 tries in", gateway: onlyB, state: onlyB},
	"kept connection closed": {method: "PUT", effect: mockgateway.Drop(), times: 1, gateway: bothNew, state: bothNew},
	"dropped once":           {method: "PUT", effect: mockgateway.Drop(), times: 1, retries: 1, gateway: bothNew, state: bothNew},
	// Written, and nobody knows: the next run adopts it.
	"response lost":      {method: "PUT", effect: mockgateway.LoseResponse(), says: `Could not write entry "a" in bucket "flags"`, gateway: bothNew, state: onlyB},
	"response lost once": {method: "PUT", effect: mockgateway.LoseResponse(), times: 1, retries: 1, gateway: bothNew, state: bothNew},
	"response cut":       {method: "PUT", effect: mockgateway.Truncate(), says: "unexpected EOF", gateway: bothNew, state: onlyB},
	"429 in seconds":     {method: "PUT", effect: retryAfter(429, "1", "slow down"), times: 1, retries: 1, gateway: bothNew, state: bothNew},
	"429 for good":       {method: "PUT", effect: retryAfter(429, "0", "no more than 5 requests"), retries: 2, says: "no more than 5 requests (", gateway: onlyB, state: onlyB},
	"503 once":           {method: "PUT", effect: respond(503, ""), times: 1, retries: 1, gateway: bothNew, state: bothNew},
	"hanging":            {method: "PUT", effect: mockgateway.Hang(), timeout: "1s", says: "no complete response within 1s", gateway: onlyB, state: onlyB},
	"403":                {method: "PUT", effect: respond(403, `{"error":"forbidden"}`), says: "must list it: PUT /storage/kv/flags/entries/a", gateway: onlyB, state: onlyB},
}

// reading: both entries are there and in the state, the run changes both. The
// refresh is struck, so nothing at all may happen.
var reading = map[string]fault{
	"404 html":        {effect: respond(404, "<html>no such page"), says: "The response started with: <html>no such page"},
	"404 other error": {effect: respond(404, `{"error":"no route matched"}`), says: "Gateway request failed"},
	"404, and more":   {effect: respond(404, `{"error":"not_found","message":"no route"}`), says: "Not confirmed to be missing"},
	"404 not_found":   {effect: respond(404, `{"error":"not_found"}`), says: "Not confirmed to be missing"},
	"value is null":   {effect: respond(200, `{"body":{"key":"a","value":null}}`), says: "Not confirmed to be missing"},
	"error and value": {effect: respond(200, `{"error":"stale","body":{"key":"a","value":{"n":9}}}`), says: "contains an error despite status 200: stale"},
	"200 with error":  {effect: respond(200, `{"status_code":404,"body":{"error":"not_found"}}`), says: "Not confirmed to be missing"},
	"cut in a secret": {effect: respond(200, `{"body":{"key":"a","value":{"n":"geheim`), says: `The response started with: {"body":{"key":…,"value":{"n":…`},
	"401":             {effect: respond(401, `{"status_code":401,"body":{"error":"unauthorized"}}`), says: "the API key from the provider block"},
	"403":             {effect: respond(403, `{"error":"forbidden"}`), says: "GET /storage/kv/flags/entries/a"},
	"500 html":        {effect: respond(500, "<html>oops"), retries: 1, says: "(2 tries in"},
	"truncated":       {effect: mockgateway.Truncate(), says: "unexpected EOF"},
	"no value":        {effect: respond(200, `{"body":{"key":"a"}}`), says: `the response lacks "body.value"`},
	"endless":         {effect: respond(200, strings.Repeat(" ", 17<<20)), says: "Gateway's response is too large"},
	"deep, legal":     {effect: respond(200, `{"body":{"key":"a","value":`+strings.Repeat("[", 9_000)+strings.Repeat("]", 9_000)+`}}`), says: "nests deeper than 1000 levels"},
	"huge number":     {effect: respond(200, `{"body":{"key":"a","value":{"n":1e999999999}}}`), says: "beyond 1e±4096"},
	"hanging":         {effect: mockgateway.Hang(), timeout: "1s", says: "no complete response within 1s"},
	"reset":           {effect: mockgateway.Reset(), says: "Gateway not reachable"},
	"redirected":      {effect: elsewhere, says: "redirected to http://localhost:1"},
	"429 for good":    {effect: retryAfter(429, "0", "slow down"), says: "slow down"},
}

// updating: both entries are there, the run changes both.
var updating = map[string]fault{
	"500":           {method: "PUT", effect: respond(500, `{"error":"internal_error"}`), says: "internal_error", gateway: onlyBefore, state: onlyBefore},
	"not success":   {method: "PUT", effect: respond(200, `{"message":"success","error":"locked"}`), says: "contains an error despite status 200: locked", gateway: onlyBefore, state: onlyBefore},
	"too large":     {method: "PUT", effect: respond(413, "<html>"), says: "Value too large", gateway: onlyBefore, state: onlyBefore},
	"401":           {method: "PUT", effect: respond(401, `{"error":"unauthorized"}`), says: "Gateway refused the credential", gateway: onlyBefore, state: onlyBefore},
	"bucket gone":   {method: "PUT", effect: respond(404, `{"error":"not_found"}`), says: "Not confirmed to be missing", gateway: onlyBefore, state: onlyBefore},
	"response lost": {method: "PUT", effect: mockgateway.LoseResponse(), says: "EOF", gateway: bothNew, state: onlyBefore},
	"reset once":    {method: "PUT", effect: mockgateway.Reset(), times: 1, retries: 1, gateway: bothNew, state: bothNew},
	"redirected":    {method: "PUT", effect: elsewhere, says: "redirected to http://localhost:1", gateway: onlyBefore, state: onlyBefore},
	// What is legal JSON is drift like any other, and repaired.
	// The apply reads another value than the refresh did.
	"value is text":   {method: "GET", times: 1, effect: respond(200, `{"body":{"key":"a","value":"text"}}`), says: "KV entry changed since the plan", gateway: onlyBefore, state: entries{"a": `"{\"n\":1}"`, "b": `{"n":2}`}},
	"value is number": {method: "GET", times: 1, effect: respond(200, `{"body":{"key":"a","value":7}}`), says: "KV entry changed since the plan", gateway: onlyBefore, state: onlyBefore},
}

// deleting: both entries are there, the run destroys both.
var deleting = map[string]fault{
	"500":           {method: "DELETE", effect: respond(500, `{"error":"internal_error"}`), says: `Could not delete entry "a" in bucket "flags"`, gateway: entries{"a": `{"n":1}`}, state: entries{"a": `{"n":1}`}},
	"404 not_found": {method: "DELETE", effect: respond(404, `{"error":"not_found"}`), says: "Not confirmed to be missing", gateway: entries{"a": `{"n":1}`}, state: entries{"a": `{"n":1}`}},
	"not success":   {method: "DELETE", effect: respond(200, `{"message":"success","error":"locked"}`), says: "despite status 200: locked", gateway: entries{"a": `{"n":1}`}, state: entries{"a": `{"n":1}`}},
	"response lost": {method: "DELETE", effect: mockgateway.LoseResponse(), says: "EOF", gateway: noEntries, state: entries{"a": `{"n":1}`}},
	"lost once":     {method: "DELETE", effect: mockgateway.LoseResponse(), times: 1, retries: 1, gateway: noEntries, state: noEntries},
}

// TestFaults: whatever goes wrong with the requests about one entry, the other is
// written, the state is what the provider could know, the error says why, and the
// next apply converges.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, fault := range creating {
		t.Run("creating/"+name, func(t *testing.T) { strike(t, fault, noEntries, planOptions{}) })
	}
	for name, fault := range reading {
		fault.method, fault.gateway, fault.state = "GET", bothOld, bothOld
		t.Run("reading/"+name, func(t *testing.T) { strike(t, fault, bothOld, planOptions{}) })
	}
	for name, fault := range updating {
		t.Run("updating/"+name, func(t *testing.T) { strike(t, fault, bothOld, planOptions{}) })
	}
	for name, fault := range deleting {
		t.Run("deleting/"+name, func(t *testing.T) { strike(t, fault, bothOld, planOptions{destroy: true}) })
	}
}

// strike applies what is to be there at first, then makes a run with the fault and
// checks what came of it, then one without: it must converge.
func strike(t *testing.T, fault fault, first entries, options planOptions) {
	t.Parallel()
	gateway := newGateway(t)
	w := newWorkspace(t)
	provider := fmt.Sprintf("provider \"quiva\" {\n  endpoint = %q\n  api_key = %q\n  max_retries = %d\n", gateway.URL, mockgateway.DefaultAPIKey, fault.retries)
	if fault.timeout != "" {
		provider += fmt.Sprintf("  request_timeout = %q\n", fault.timeout)
	}
	provider += "}\n"
	if len(first) > 0 {
		w.must(provider+twoEntries(1), planOptions{})
	}

	injection := gateway.Inject(mockgateway.Fault{Method: fault.method, Path: "/storage/kv/flags/entries/a", Times: fault.times, Effect: fault.effect})
	struck := errorOf(w.planAndApply(provider+twoEntries(2), options))
	if injection.Hits() == 0 {
		t.Error("the fault struck nothing")
	}
	if (struck != nil) != (fault.says != "") || struck != nil && !message(fault.says).MatchString(struck.Error()) {
		t.Errorf("ended with %v; it must say %q", struck, fault.says)
	}
	check := func(when string, gatewayWant, stateWant entries) {
		t.Helper()
		if held := gateway.Entries("flags"); !maps.Equal(held, gatewayWant) {
			t.Errorf("%s, the gateway holds %v, want %v", when, held, gatewayWant)
		}
		if state := w.entries(); !maps.Equal(state, stateWant) {
			t.Errorf("%s, the state holds %v, want %v", when, state, stateWant)
		}
	}
	check("after the fault", fault.gateway, fault.state)

	gateway.ClearFaults()
	w.must(provider+twoEntries(2), options)
	final := bothNew
	if options.destroy {
		final = noEntries
	}
	held := final
	if fault.says == "" {
		held = fault.gateway
	}
	check("after the next run", held, final)
}

// entries returns the values of the entries in the state, as JSON by their keys.
func (w *workspace) entries() entries {
	w.t.Helper()
	held := entries{}
	for _, o := range w.state {
		text, err := json.Marshal(shownJSON(o.value.GetAttr("value")))
		w.check(err)
		held[o.value.GetAttr("key").AsString()] = string(text)
	}
	return held
}

// TestGatewayRewrites: a gateway that rounds what it is given shows as drift, and one
// that drops a property as an error of the first write.
func TestGatewayRewrites(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.SetWriteTransform(func(_, _, _ string) string { return `{"n":1}` })
	run(t,
		resource.TestStep{Config: entry(gateway, "a", `{ n = 1.5 }`), ExpectNonEmptyPlan: true},
		resource.TestStep{
			Config:      entry(gateway, "a", `{ n = 1.5, dropped = true }`),
			ExpectError: message(`Gateway did not store what was sent`),
		},
	)
}

// TestUnreachable: many entries fail as fast as one, and only one error says all.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	// Nothing listens on port 1, and nothing else can take it as it can a gateway's.
	const provider = "provider \"quiva\" {\n  endpoint = \"http://127.0.0.1:1\"\n  api_key = \"ms-1\"\n  max_retries = 3\n}\n"
	said := strings.Join(failed(newWorkspace(t).planAndApply(provider+singleEntries("value = {}"), planOptions{})), "")
	for text, want := range map[string]int{"Error: Gateway not reachable": singles, "Check that the endpoint": 1, "see the error about": singles - 1} {
		if got := strings.Count(said, text); got != want {
			t.Errorf("%d errors say %q, want %d:\n%s", got, text, want, said)
		}
	}
}
