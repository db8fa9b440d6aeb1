package reconcile_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

// newRun returns a run against a gateway whose bucket "flags" holds entries,
// which are written as "a=1 b=2".
func newRun(t *testing.T, entries string) (*reconcile.Apply, *mockgateway.Gateway) {
	t.Helper()
	gateway := mockgateway.NewGateway()
	gateway.CreateBucket("flags")
	for key, value := range values(entries) {
		gateway.PutEntry("flags", key, string(value))
	}
	client := quiva.New(quiva.Config{
		Endpoint:       &url.URL{Scheme: "memory", Host: "gateway"},
		Transport:      mockgateway.InMemory(gateway),
		Credential:     quiva.Credential{Secret: mockgateway.DefaultAPIKey},
		RequestTimeout: 10 * time.Second,
		Digest:         func(value []byte) (quiva.Digest, error) { return sha256.Sum256(value), nil },
		BulkRefresh:    true,
	})
	// The first write to a bucket goes alone and is read back: it comes before the test's own.
	if err := client.PutEntry(t.Context(), "flags", "first", []byte(`{"n":1}`)); err != nil {
		t.Fatal(err)
	}
	gateway.DeleteEntry("flags", "first")
	gateway.ResetRequests()
	return reconcile.NewApply(client, func(a, b []byte) bool { return string(a) == string(b) }), gateway
}

// values reads "a=1 b=2" as {"a": {"n":1}, "b": {"n":2}}.
func values(text string) map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	for _, field := range strings.Fields(text) {
		key, n, _ := strings.Cut(field, "=")
		all[key] = json.RawMessage(`{"n":` + n + `}`)
	}
	return all
}

// text is the opposite of values, in the order of the keys.
func text[Value ~string | ~[]byte](all map[string]Value) string {
	var fields []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		fields = append(fields, key+"="+strings.TrimSuffix(strings.TrimPrefix(string(all[key]), `{"n":`), "}"))
	}
	return strings.Join(fields, " ")
}

// call is one change and what is to come of it.
type call struct {
	// What the state has of the entries of set is in had, and of those of remove in
	// remove; 0 is a value that it must not have, and - one that was not read.
	add, set, keep, remove, had string
	overwrite                   bool
	successors                  string
	prune                       string // what the plan saw undeclared
	// fails makes requests fail: "PUT a" is the first PUT of a.
	fails string
	want  string
}

func (c call) change() reconcile.Change {
	seen, had, wanted := values(c.prune), values(c.remove), values(c.keep)
	for key := range values(c.set) {
		had[key] = json.RawMessage{}
	}
	for _, some := range []map[string]json.RawMessage{values(c.keep), values(c.had)} {
		maps.Copy(had, some)
	}
	for _, some := range []map[string]json.RawMessage{values(c.add), values(c.set)} {
		maps.Copy(wanted, some)
	}
	for key, value := range had {
		switch string(value) {
		case `{"n":0}`:
			had[key] = nil
		case `{"n":-}`:
			had[key] = json.RawMessage{}
		}
	}
	return reconcile.Change{
		Bucket:      "flags",
		Had:         had,
		Wanted:      wanted,
		Overwrite:   c.overwrite,
		Successors:  strings.Fields(c.successors),
		Prune:       slices.Sorted(maps.Keys(seen)),
		IsAsPlanned: func(key string, digest quiva.Digest) bool { return digest == sha256.Sum256(seen[key]) },
	}
}

// inject makes the request fail that is to.
func (c call) inject(gateway *mockgateway.Gateway) {
	if method, key, fails := strings.Cut(c.fails, " "); fails {
		gateway.Inject(mockgateway.Fault{Method: method, Path: "*/entries/" + key, Times: 1, Effect: mockgateway.Respond(http.StatusServiceUnavailable, nil, `{"error":"unavailable"}`)})
	}
}

// describe writes an outcome as a call's want has it.
func describe(outcome reconcile.Outcome) string {
	var parts []string
	part := func(name, list string) {
		if list != "" {
			parts = append(parts, name+" "+list)
		}
	}
	part("written", strings.Join(slices.Sorted(slices.Values(outcome.Written)), " "))
	part("inherited", text(outcome.Inherited))
	part("changed", text(outcome.Changed))
	part("removed", strings.Join(slices.Sorted(slices.Values(outcome.Removed)), " "))
	part("left", strings.Join(outcome.Left, " "))
	part("kept", strings.Join(outcome.Kept, " "))
	if failure := outcome.Failure; failure != nil {
		kinds := map[reconcile.FailureKind]string{
			reconcile.Cancelled: "cancelled", reconcile.WrittenBefore: "written before", reconcile.NotChecked: "not checked",
			reconcile.Taken: "taken", reconcile.NotWritten: "not written", reconcile.NotDeleted: "not deleted", reconcile.Retained: "retained",
		}
		keys := failure.Keys
		if len(failure.Requests.Failed) > 0 {
			keys = slices.Sorted(maps.Keys(failure.Requests.Failed))
		}
		parts = append(parts, kinds[failure.Kind]+": "+strings.Join(keys, " "))
	}
	return strings.Join(parts, "; ")
}

// requests writes all requests that changed something, in order: "PUT a".
func requests(gateway *mockgateway.Gateway) string {
	var all []string
	for _, request := range gateway.Requests() {
		if request.Method != http.MethodGet {
			all = append(all, request.Method+" "+request.Path[strings.LastIndex(request.Path, "/")+1:])
		}
	}
	return strings.Join(all, ", ")
}

// TestApply: calls of one run, one after the other.
func TestApply(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		holds string // at first
		calls []call
		sent  string // requests but for GETs
		left  string // what the gateway holds in the end
	}{
		"free":                     {"", []call{{add: "a=1", want: "written a"}}, "PUT a", "a=1"},
		"adopted":                  {"a=1", []call{{add: "a=1", want: "written a"}}, "", "a=1"},
		"refused":                  {"a=2", []call{{add: "a=1", want: "taken: a"}}, "", "a=2"},
		"overwritten":              {"a=2", []call{{add: "a=1", overwrite: true, want: "written a"}}, "PUT a", "a=1"},
		"updated":                  {"a=2", []call{{set: "a=1", had: "a=0", want: "written a"}}, "PUT a", "a=1"},
		"deleted":                  {"a=2", []call{{remove: "a=2", want: "removed a"}}, "DELETE a", ""},
		"written, then deleted":    {"c=3", []call{{add: "a=1", remove: "c=3", want: "written a; removed c"}}, "PUT a, DELETE c", "a=1"},
		"not checked":              {"", []call{{add: "a=1", fails: "GET a", want: "not checked: a"}}, "", ""},
		"not written":              {"", []call{{add: "a=1", fails: "PUT a", want: "not written: a"}}, "PUT a", ""},
		"not deleted":              {"a=1", []call{{remove: "a=1", fails: "DELETE a", want: "not deleted: a"}}, "DELETE a", "a=1"},
		"nothing deleted after it": {"c=3", []call{{add: "a=1", remove: "c=3", fails: "PUT a", want: "not written: a"}}, "PUT a", "c=3"},
		// Whether it was there before is not known any more: whatever is in the
		// state can come to be deleted.
		"not adopted after it": {"a=1", []call{{add: "a=1 b=1", fails: "PUT b", want: "not written: b"}}, "PUT b", "a=1"},

		"moved, created first":           {"a=1", []call{{add: "a=1", want: "written a"}, {remove: "a=1", want: "removed a"}}, "", "a=1"},
		"moved, deleted first":           {"a=1", []call{{remove: "a=1", want: "removed a"}, {add: "a=2", want: "written a"}}, "DELETE a, PUT a", "a=2"},
		"moved, deleted first, as known": {"a=1", []call{{remove: "a=1", successors: "a", want: "removed a; left a"}, {add: "a=2", want: "written a"}}, "PUT a", "a=2"},
		"updated by another":             {"a=1", []call{{set: "a=2", had: "a=0", want: "written a"}, {remove: "a=1", want: "removed a"}}, "PUT a", "a=2"},
		"deleted by two":                 {"a=1", []call{{remove: "a=1", want: "removed a"}, {remove: "a=1", want: "removed a"}}, "DELETE a", ""},
		"created twice":                  {"", []call{{add: "a=1", want: "written a"}, {add: "a=1", want: "written before: a"}}, "PUT a", "a=1"},
		"created and updated":            {"a=1", []call{{add: "a=1", want: "written a"}, {set: "a=2", had: "a=0", want: "written before: a"}}, "", "a=1"},

		"refused, then let go":     {"a=1", []call{{add: "a=2", want: "taken: a"}, {remove: "a=1", want: "retained: a"}}, "", "a=1"},
		"refused, with another":    {"a=1 b=1", []call{{add: "a=2 b=1", want: "taken: a"}, {remove: "b=1", want: "retained: b"}}, "", "a=1 b=1"},
		"not written, then let go": {"a=1", []call{{add: "a=2", overwrite: true, fails: "PUT a", want: "not written: a"}, {remove: "a=1", want: "retained: a"}}, "PUT a", "a=1"},
		"not checked, then let go": {"a=1 b=1", []call{{add: "a=2", fails: "GET a", want: "not checked: a"}, {remove: "a=1 b=1", want: "removed b; retained: a"}}, "DELETE b", "a=1"},
		// Without the update, nobody would know what became of a.
		"not updated, then let go": {"a=1", []call{{set: "a=2", had: "a=0", fails: "PUT a", want: "not written: a"}, {remove: "a=1", want: "retained: a"}}, "PUT a", "a=1"},

		// The first failure is the one to tell.
		"refused, then let go by a failed update": {"a=1", []call{{add: "a=2", want: "taken: a"}, {add: "b=1", remove: "a=1", fails: "PUT b", want: "not written: b"}}, "PUT b", "a=1"},

		// What has been deleted for a creation is written whatever comes, and
		// before all else.
		"deleted, then written":     {"b=1", []call{{remove: "b=1", want: "removed b"}, {add: "a=2 b=2", want: "written a b"}}, "DELETE b, PUT b, PUT a", "a=2 b=2"},
		"deleted, then not written": {"b=1", []call{{remove: "b=1", want: "removed b"}, {add: "a=2 b=2", fails: "PUT a", want: "written b; not written: a"}}, "DELETE b, PUT b, PUT a", "b=2"},
		"deleted, then lost":        {"b=1", []call{{remove: "b=1", want: "removed b"}, {add: "a=2 b=2", fails: "PUT b", want: "not written: b"}}, "DELETE b, PUT b", ""},
		// Two objects of one state had it.
		"deleted, then updated":        {"a=1", []call{{remove: "a=1", want: "removed a"}, {set: "a=2", had: "a=0", want: "written a"}}, "DELETE a, PUT a", "a=2"},
		"deleted, then not updated":    {"a=1 b=1", []call{{remove: "a=1", want: "removed a"}, {add: "b=2", set: "a=2", had: "a=0", want: "written a; taken: b"}}, "DELETE a, PUT a", "a=2 b=1"},
		"deleted, then unreadable":     {"a=1", []call{{remove: "a=1", want: "removed a"}, {add: "a=2", fails: "GET a", want: "written a"}}, "DELETE a, PUT a", "a=2"},
		"deleted, then refused":        {"a=1 b=1", []call{{remove: "a=1", want: "removed a"}, {add: "a=2 b=2", want: "written a; taken: b"}}, "DELETE a, PUT a", "a=2 b=1"},
		"deleted, then not checked":    {"a=1", []call{{remove: "a=1", want: "removed a"}, {add: "a=2 b=2", fails: "GET b", want: "written a; not checked: b"}}, "DELETE a, PUT a", "a=2"},
		"deleted, then written before": {"a=1", []call{{remove: "a=1", want: "removed a"}, {add: "b=1", want: "written b"}, {add: "a=2 b=2", want: "written a; written before: b"}}, "DELETE a, PUT b, PUT a", "a=2 b=1"},

		// What was released belongs to the one who takes it, also if that fails.
		"released, then not written": {"a=1", []call{{remove: "a=1", successors: "a", want: "removed a; left a"}, {add: "a=2", fails: "PUT a", want: "inherited a=1; not written: a"}}, "PUT a", "a=1"},
		"a secret, then not written": {"a=1", []call{{remove: "a=0", successors: "a", want: "removed a; left a"}, {add: "a=2", fails: "PUT a", want: "inherited a=; not written: a"}}, "PUT a", "a=1"},
		"released, then not checked": {"a=1", []call{{remove: "a=1", successors: "a", want: "removed a; left a"}, {add: "a=2", fails: "GET a", want: "inherited a=1; not checked: a"}}, "", "a=1"},
		"released, then refused":     {"a=1 b=1", []call{{remove: "a=1", successors: "a", want: "removed a; left a"}, {add: "a=2 b=2", want: "inherited a=1; taken: b"}}, "", "a=1 b=1"},
		"released, then let go too":  {"a=1", []call{{remove: "a=1", successors: "a", want: "removed a; left a"}, {remove: "a=1", want: "removed a"}, {add: "a=2", want: "written a"}}, "PUT a", "a=2"},
		// It is that object's although it was not written.
		"inherited, then created": {"a=1", []call{{remove: "a=1", successors: "a", want: "removed a; left a"}, {add: "a=2", fails: "PUT a", want: "inherited a=1; not written: a"}, {add: "a=2", want: "written before: a"}}, "PUT a", "a=1"},
		// A value that nobody has planned to write over survives.
		"drifted, then released":            {"a=3", []call{{remove: "a=1", successors: "a", want: "removed a; left a"}, {add: "a=2", want: "inherited a=1; changed a=3"}}, "", "a=3"},
		"not read, then released":           {"a=3", []call{{remove: "a=-", successors: "a", want: "removed a; left a"}, {add: "a=2", want: "inherited a=; changed a=3"}}, "", "a=3"},
		"not read, then deleted":            {"a=3", []call{{remove: "a=-", want: "changed a=3"}}, "", "a=3"},
		"drifted, then released to it":      {"a=3", []call{{remove: "a=1", successors: "a", want: "removed a; left a"}, {add: "a=3", want: "written a"}}, "", "a=3"},
		"drifted, then released, with more": {"a=3 b=1", []call{{remove: "a=1", successors: "a", want: "removed a; left a"}, {add: "a=2 b=2", want: "inherited a=1; changed a=3; taken: b"}}, "", "a=3 b=1"},
		"a secret, drifted, then released":  {"a=3", []call{{remove: "a=0", successors: "a", want: "removed a; left a"}, {add: "a=2", want: "written a"}}, "PUT a", "a=2"},

		// What the plan has not seen is neither written over nor deleted.
		"changed, then updated":         {"a=3 b=1", []call{{set: "a=2 b=2", had: "a=1 b=1", want: "written b; changed a=3"}}, "PUT b", "a=3 b=2"},
		"changed, then let go":          {"a=3 b=1", []call{{set: "a=2 b=2", had: "a=1 b=1", want: "written b; changed a=3"}, {remove: "a=1", want: "retained: a"}}, "PUT b", "a=3 b=2"},
		"changed, then overwritten":     {"a=3", []call{{set: "a=2", had: "a=1", overwrite: true, want: "written a"}}, "PUT a", "a=2"},
		"changed as planned":            {"a=2", []call{{set: "a=2", had: "a=1", want: "written a"}}, "", "a=2"},
		"gone, then updated":            {"", []call{{set: "a=2", had: "a=1", want: "written a"}}, "PUT a", "a=2"},
		"a value that was not read":     {"a=3 b=2", []call{{set: "a=2 b=2", want: "written b; changed a=3"}}, "", "a=3 b=2"},
		"changed, then deleted":         {"a=3 b=1", []call{{remove: "a=1 b=1", want: "changed a=3; removed b"}}, "DELETE b", "a=3"},
		"changed, deleted by overwrite": {"a=3", []call{{remove: "a=1", overwrite: true, want: "removed a"}}, "DELETE a", ""},
		"not read, despite overwrite":   {"a=3", []call{{remove: "a=1", overwrite: true, fails: "GET a", want: "not deleted: a"}}, "", "a=3"},
		"nothing deleted after it, too": {"a=3 c=1", []call{{set: "a=2", had: "a=1", remove: "c=1", prune: "c=1", want: "changed a=3"}}, "", "a=3 c=1"},
		"changed, then added":           {"a=3", []call{{set: "a=2", had: "a=1", add: "b=1", want: "written b; changed a=3"}}, "PUT b", "a=3 b=1"},
		"not read, then not updated":    {"a=1", []call{{set: "a=2", had: "a=1", fails: "GET a", want: "not written: a"}}, "", "a=1"},
		"not read, then not deleted":    {"a=1", []call{{remove: "a=1", fails: "GET a", want: "not deleted: a"}}, "", "a=1"},

		// What an object keeps is not deleted by another one, and written again.
		"kept by an update, let go":  {"a=1 b=1", []call{{set: "b=2", had: "b=1", keep: "a=1", want: "written b"}, {remove: "a=1", want: "removed a"}}, "PUT b", "a=1 b=2"},
		"let go, kept by an update":  {"a=1", []call{{remove: "a=1", want: "removed a"}, {keep: "a=1"}}, "DELETE a, PUT a", "a=1"},
		"released, and kept already": {"a=1", []call{{remove: "a=1", successors: "a", want: "removed a; left a"}, {keep: "a=1"}, {remove: "a=1", want: "removed a"}}, "", "a=1"},

		"replaced":                   {"a=1 b=1", []call{{remove: "a=1 b=1", successors: "a", want: "removed a b; left a"}, {add: "a=1 c=1", want: "written a c"}}, "DELETE b, PUT c", "a=1 c=1"},
		"replaced, deleting fails":   {"a=1 b=1", []call{{remove: "a=1 b=1", successors: "a", fails: "DELETE b", want: "not deleted: b"}}, "DELETE b", "a=1 b=1"},
		"replaced, still there":      {"a=1 b=1", []call{{remove: "a=1 b=1", successors: "a", fails: "DELETE b", want: "not deleted: b"}, {add: "a=2", want: "taken: a"}}, "DELETE b", "a=1 b=1"},
		"replaced, and taken before": {"a=1 b=1", []call{{add: "a=1", want: "written a"}, {remove: "a=1 b=1", successors: "a", fails: "DELETE b", want: "removed a; not deleted: b"}}, "DELETE b", "a=1 b=1"},

		"pruned":                     {"a=1 c=1", []call{{prune: "a=1"}}, "DELETE a", "c=1"},
		"pruned, gone already":       {"", []call{{prune: "a=1"}}, "", ""},
		"pruned, changed":            {"a=2 b=1", []call{{prune: "a=1 b=1", want: "kept a"}}, "DELETE b", "a=2"},
		"pruned last":                {"a=1 c=3", []call{{add: "b=1", remove: "c=3", prune: "a=1", want: "written b; removed c"}}, "PUT b, DELETE c, DELETE a", "b=1"},
		"not pruned after a failure": {"a=1", []call{{add: "b=1", prune: "a=1", fails: "PUT b", want: "not written: b"}}, "PUT b", "a=1"},
		"not compared":               {"a=1", []call{{prune: "a=1", fails: "GET a", want: "not deleted: a"}}, "", "a=1"},
		"adopted, then pruned":       {"a=1", []call{{add: "a=1", want: "written a"}, {prune: "a=1"}}, "", "a=1"},
		"updated, then pruned":       {"a=1", []call{{set: "a=2", had: "a=0", want: "written a"}, {prune: "a=1"}}, "PUT a", "a=2"},
		"refused, then pruned":       {"a=1", []call{{add: "a=2", want: "taken: a"}, {prune: "a=1"}}, "", "a=1"},
		"released, then pruned":      {"a=1", []call{{remove: "a=1", successors: "a", want: "removed a; left a"}, {prune: "a=1"}, {add: "a=2", want: "written a"}}, "PUT a", "a=2"},
		"pruned, then created":       {"a=1", []call{{prune: "a=1"}, {add: "a=2", want: "written a"}}, "DELETE a, PUT a", "a=2"},
		"kept, then created":         {"a=2", []call{{prune: "a=1", want: "kept a"}, {add: "a=3", want: "taken: a"}}, "", "a=2"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run, gateway := newRun(t, tt.holds)
			for i, call := range tt.calls {
				call.inject(gateway)
				if got := describe(run.Change(t.Context(), call.change())); got != call.want {
					t.Errorf("call %d: %q, want %q", i+1, got, call.want)
				}
			}
			if got := requests(gateway); got != tt.sent {
				t.Errorf("sent %q, want %q", got, tt.sent)
			}
			if got := text(gateway.Entries("flags")); got != tt.left {
				t.Errorf("the gateway holds %q, want %q", got, tt.left)
			}
		})
	}
}

// TestApplyCancelled: nothing is sent, and nothing is lost.
func TestApplyCancelled(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "a=1")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []call{
		{add: "a=2", want: "cancelled: "},
		{remove: "a=1", want: "cancelled: "},
	} {
		if got := describe(run.Change(cancelled, tt.change())); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	if got := describe(run.Change(t.Context(), call{remove: "a=1"}.change())); got != "retained: a" {
		t.Errorf("after the cancelled creation: %q", got)
	}
	if sent := gateway.Requests(); len(sent) > 0 {
		t.Errorf("%d requests were sent", len(sent))
	}
}

// TestBuckets: the same key in two buckets is two entries.
func TestBuckets(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "a=1")
	gateway.CreateBucket("others")
	run.Change(t.Context(), reconcile.Change{Bucket: "others", Wanted: values("a=1")})
	if got := describe(run.Change(t.Context(), call{remove: "a=1"}.change())); got != "removed a" {
		t.Error(got)
	}
	if left := fmt.Sprint(gateway.Entries("flags"), gateway.Entries("others")); left != `map[] map[a:{"n":1}]` {
		t.Errorf("the gateway holds %s", left)
	}
}
