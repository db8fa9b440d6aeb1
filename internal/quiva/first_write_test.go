package quiva

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// bare stores the body, as documented.
func bare(body string) (stored, refusal string) { return body, "" }

// fromEnvelope stores what is in an envelope, and otherwise what it is told.
func fromEnvelope(otherwise, refusal string) func(string) (string, string) {
	return func(body string) (string, string) {
		if value := members(json.RawMessage(body))["value"]; value != nil {
			return string(value), ""
		}
		return otherwise, refusal
	}
}

// TestFirstWrite: in each form in which a gateway may store values, a write to a free key
// and to one that holds a value, and the writes after it.
func TestFirstWrite(t *testing.T) {
	t.Parallel()
	const value = `{"a":{"n":9007199254740993},"l":[1,{"b":null}]}`
	store := func(stored string) func(string) (string, string) {
		return func(string) (string, string) { return stored, "" }
	}
	tests := map[string]struct {
		store func(string) (string, string)
		lag   time.Duration
		value string
		// free and taken are the errors for a key that is free or holds a value.
		free, taken string
		isEnveloped bool
		took        time.Duration // at most
	}{
		"as documented":                  {store: bare},
		"an empty object":                {store: bare, value: `{}`},
		"beyond a float64":               {store: bare, value: `{"n":1e400}`},
		"with a lag":                     {store: bare, lag: 1900 * time.Millisecond, took: 2 * time.Second},
		"rounds a number":                {store: store(`{"a":{"n":9007199254740992},"l":[1,{"b":null}]}`)},
		"value is required":              {store: fromEnvelope("", "value is required"), isEnveloped: true},
		"missing required field: value":  {store: fromEnvelope("", "missing required field: value"), isEnveloped: true},
		"stores null":                    {store: fromEnvelope("null", ""), isEnveloped: true, took: 3 * time.Second},
		"stores an empty object":         {store: fromEnvelope("{}", ""), isEnveloped: true, took: 3 * time.Second},
		"stores the member value":        {store: fromEnvelope("{}", ""), value: `{"value":{"n":1},"m":2}`, isEnveloped: true, took: 3 * time.Second},
		"a size is required":             {store: fromEnvelope("", "max_value_size is missing"), free: "max_value_size is missing", taken: "max_value_size is missing"},
		"stores the wrapper":             {store: store(`{"value":{"a":1}}`), free: `{"a":{"n":…},"l":[…,{"b":…}]}, and after it the gateway has {"value":{"a":…}}`, taken: "after it the gateway has", took: 6 * time.Second},
		"drops a name":                   {store: store(`{"a":{},"l":[1,{"b":null}]}`), free: "ErrNotStored", taken: "ErrNotStored", took: 6 * time.Second},
		"stores nothing":                 {store: store(""), free: "the gateway has no such entry", taken: "ErrNotStored", took: 7 * time.Second},
		"leaves what is there":           {store: store(unchanged), free: "the gateway has no such entry", taken: "ErrNotStored", took: 7 * time.Second},
		"leaves what has the same names": {store: store(unchanged), value: `{"old":2}`, free: "the gateway has no such entry", taken: `{"old":…}, with other values`, took: 8 * time.Second},
		"leaves what is there, bare":     {store: fromEnvelope(unchanged, ""), isEnveloped: true, took: 3 * time.Second},
		"leaves the same names, bare":    {store: fromEnvelope(unchanged, ""), value: `{"old":2}`, isEnveloped: true, took: 5 * time.Second},
		"changes a text":                 {store: store(`{"a":{"n":9007199254740993},"l":["1",{"b":null}]}`), took: 3 * time.Second},
		"stores null in any form":        {store: store("null"), free: "the gateway has an entry without a value", taken: "ErrNotStored", took: 7 * time.Second},
	}
	for name, test := range tests {
		for _, isTaken := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, taken %t", name, isTaken), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					gateway, client := newOddGateway()
					gateway.store, gateway.lag = test.store, test.lag
					want, sent := test.free, json.RawMessage(value)
					if test.value != "" {
						sent = json.RawMessage(test.value)
					}
					if isTaken {
						gateway.put("a", `{"old":1}`)
						want = test.taken
					}
					time.Sleep(time.Minute) // it was there for long
					if _, err := client.GetEntry(t.Context(), "flags", "a"); isTaken == errors.Is(err, ErrNotFound) {
						t.Fatal(err)
					}
					start := time.Now()
					err := client.PutEntry(t.Context(), "flags", "a", sent)
					switch {
					case want == "" && err != nil:
						t.Fatal(err)
					case want == "ErrNotStored" && !errors.Is(err, ErrNotStored), want != "" && want != "ErrNotStored" && (err == nil || !strings.Contains(err.Error(), want)):
						t.Errorf("error %v, want %s", err, want)
					}
					if took := time.Since(start); took > test.took {
						t.Errorf("took %s", took)
					}
					writes := gateway.count("PUT")
					again := client.PutEntry(t.Context(), "flags", "b", sent)
					if errors.Is(err, ErrNotStored) {
						if !errors.Is(again, ErrNotStored) || gateway.count("PUT") != writes {
							t.Errorf("after %v the next write gave %v, with %d requests", err, again, gateway.count("PUT")-writes)
						}
						return
					}
					if test.isEnveloped && gateway.now("a") != string(sent) {
						t.Errorf("the gateway holds %s", gateway.now("a"))
					}
					if want == "" && (!hasSameNames(sent, json.RawMessage(gateway.now("a"))) || again != nil || !hasSameNames(sent, json.RawMessage(gateway.now("b")))) {
						t.Errorf("the gateway holds %s and %s, error %v", gateway.now("a"), gateway.now("b"), again)
					}
					for key := range gateway.gateway.Entries("flags") {
						if key != "a" && key != "b" {
							t.Errorf("%s is left behind", key)
						}
					}
					if noted := client.EnvelopedBuckets(); (len(noted) == 1) != test.isEnveloped || len(client.EnvelopedBuckets()) > 0 {
						t.Errorf("noted %v", noted)
					}
				})
			})
		}
	}
}

// TestFirstWriteGoesAlone: the others wait for it, a free key goes first, and after a
// mismatch nothing more is sent.
func TestFirstWriteGoesAlone(t *testing.T) {
	t.Parallel()
	for _, isStored := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			gateway, client := newOddGateway()
			if !isStored {
				gateway.store = func(string) (string, string) { return `{"x":1}`, "" }
			}
			values := objects(numberedKeys(100))
			for _, key := range numberedKeys(99) {
				gateway.put(key, `{}`)
			}
			if _, outcome := client.GetEntries(t.Context(), "flags", numberedKeys(100)); outcome.Err() != nil {
				t.Fatal(outcome.Err())
			}
			gateway.requests = nil
			outcome := client.PutEntries(t.Context(), "flags", values)
			checkSettled(t, numberedKeys(100), outcome)
			if !strings.HasPrefix(strings.Join(gateway.requests, ", "), "PUT /entries/k00099, GET /entries/k00099, ") {
				t.Errorf("began with %v", gateway.requests[:2])
			}
			switch {
			case isStored && (outcome.Err() != nil || len(gateway.requests) != 101):
				t.Errorf("error %v after %d requests, want one more than entries", outcome.Err(), len(gateway.requests))
			case !isStored && (!errors.Is(outcome.Err(), ErrNotStored) || gateway.count("PUT") != 2 || len(outcome.Untried) != 99):
				t.Errorf("error %v after %d writes, %d untried", outcome.Err(), gateway.count("PUT"), len(outcome.Untried))
			}
		})
	}
	// Single writes at the same time, some to keys that need percent-encoding.
	synctest.Test(t, func(t *testing.T) {
		gateway, client := newOddGateway()
		gateway.onRequest = func(string, string) (int, string) {
			gateway.mu.Unlock()
			time.Sleep(time.Second)
			gateway.mu.Lock()
			return 0, ""
		}
		var wait sync.WaitGroup
		for i := range 20 {
			wait.Go(func() {
				if err := client.PutEntry(t.Context(), "flags", fmt.Sprintf("team%s%d", []string{".", "/"}[i%2], i), []byte(`{"n":1}`)); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if reads := gateway.count("GET"); reads < 1 || reads > 2 {
			t.Errorf("%d writes were read back, want those of the first key and the first with a slash", reads)
		}
	})
}

// TestFirstWriteWithASlash: an error about a key with a slash names that.
func TestFirstWriteWithASlash(t *testing.T) {
	t.Parallel()
	tests := map[string]func(method, path string) (int, string){
		"refused":     func(string, string) (int, string) { return 400, `{"error":"invalid key"}` },
		"not routed":  func(string, string) (int, string) { return 404, "404 page not found" },
		"not allowed": func(string, string) (int, string) { return 405, "" },
		"stored under another name": func(method, _ string) (int, string) {
			if method == http.MethodGet {
				return 200, `{"body":{"key":"b","value":{"n":1}}}`
			}
			return 200, ""
		},
		"lost": func(method, _ string) (int, string) {
			if method == http.MethodGet {
				return 404, `{"error":"not_found"}`
			}
			return 200, ""
		},
	}
	for name, respond := range tests {
		synctest.Test(t, func(t *testing.T) {
			gateway, client := newOddGateway()
			gateway.onRequest = respond
			err := client.PutEntry(t.Context(), "flags", "a/b", []byte(`{"n":1}`))
			if err == nil || !strings.Contains(err.Error(), `The key contains a "/"`) {
				t.Errorf("%s: error %v", name, err)
			}
			if err := client.PutEntry(t.Context(), "flags", "ab", []byte(`{"n":1}`)); err == nil || strings.Contains(err.Error(), `The key contains a "/"`) && !errors.Is(err, ErrNotStored) {
				t.Errorf("%s: error %v for a key without", name, err)
			}
		})
	}
}

// TestOldKey: a value that an envelope could be mistaken for never replaces an entry.
func TestOldKey(t *testing.T) {
	t.Parallel()
	value := json.RawMessage(`{"value":{"n":1},"old_key":"other"}`)
	for _, isEnveloped := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			gateway, client := newOddGateway()
			gateway.put("other", `{"kept":true}`)
			if isEnveloped {
				gateway.store = func(body string) (string, string) {
					if old := scalar(members(json.RawMessage(body))["old_key"]); old != "" {
						gateway.put(old, "")
					}
					return fromEnvelope("null", "")(body)
				}
			}
			err := client.PutEntry(t.Context(), "flags", "a", value)
			if isEnveloped && gateway.gateway.Revisions("flags", "a") > 0 {
				t.Errorf("the refused value left %v", gateway.now("a"))
			}
			if gateway.now("other") == "" || errors.Is(err, ErrAmbiguousValue) != isEnveloped || !isEnveloped && (err != nil || gateway.now("a") != string(value)) {
				t.Errorf("enveloped %t: error %v, the gateway holds %s and %s", isEnveloped, err, gateway.now("a"), gateway.now("other"))
			}
		})
	}
}

// TestSlowWrites: a write that was accepted only, or ran into the gateway's time limit,
// is read back before it is done, or repeated.
func TestSlowWrites(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status   int
		isStored bool
		want     string
		writes   int
	}{
		"202, stored":     {202, true, "", 1},
		"202, not stored": {202, false, "did not show within 2s", 1},
		"504, stored":     {504, true, "", 1},
		"504, not stored": {504, false, "504 Gateway Timeout", 4},
	}
	for name, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			gateway, client := newOddGateway()
			gateway.put("a", `{"n":0}`)
			if err := client.PutEntry(t.Context(), "flags", "first", []byte(`{"n":1}`)); err != nil {
				t.Fatal(err)
			}
			gateway.requests = nil
			for request, call := range map[string]func() error{
				"PUT":    func() error { return client.PutEntry(t.Context(), "flags", "a", []byte(`{"n":1}`)) },
				"DELETE": func() error { return client.DeleteEntry(t.Context(), "flags", "a") },
			} {
				gateway.put("a", `{"n":0}`)
				gateway.onRequest = func(method, _ string) (int, string) {
					if method != request {
						return 0, ""
					}
					if test.isStored {
						gateway.put("a", map[string]string{"PUT": `{"n":1}`}[request])
					}
					return test.status, `{}`
				}
				err := call()
				if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
					t.Errorf("%s: %s: error %v", name, request, err)
				}
				if writes := gateway.count(request); writes != test.writes {
					t.Errorf("%s: %d times %s, want %d", name, writes, request, test.writes)
				}
			}
		})
	}
}
