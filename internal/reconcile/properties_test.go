package reconcile_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

// propertiesCall is one change of properties of the entry "a", or of all of it,
// and what is to come of it: "" for success.
type propertiesCall struct {
	had, wanted string // empty is none
	overwrite   bool
	// whole changes entries in place of properties.
	whole *call
	// fails makes a request fail: "PUT a" is the first PUT of a. others has another
	// writer write right after the first request of a method: `GET {"x":1}`, or delete.
	fails, others string
	want          string
}

func (c propertiesCall) apply(t *testing.T, run *reconcile.Apply, gateway *mockgateway.Gateway) string {
	t.Helper()
	if c.whole != nil {
		c.whole.inject(gateway)
		return describe(run.Change(t.Context(), c.whole.change()))
	}
	call{fails: c.fails}.inject(gateway)
	method, value, _ := strings.Cut(c.others, " ")
	gateway.SetRequestHook(func(request mockgateway.Request) {
		switch {
		case request.Method != method:
			return
		case value == "":
			gateway.DeleteEntry("flags", "a")
		default:
			gateway.PutEntry("flags", "a", value)
		}
		method = ""
	})
	change := reconcile.PropertiesChange{Bucket: "flags", Key: "a", Overwrite: c.overwrite}
	if c.had != "" {
		change.Had = json.RawMessage(c.had)
	}
	if c.wanted != "" {
		change.Wanted = json.RawMessage(c.wanted)
	}
	return describeFailure(run.ChangeProperties(t.Context(), change).Failure)
}

// describeFailure writes a failure as a call's want has it.
func describeFailure(failure *reconcile.Failure) string {
	if failure == nil {
		return ""
	}
	kinds := map[reconcile.FailureKind]string{
		reconcile.Cancelled: "cancelled", reconcile.WrittenBefore: "written before", reconcile.NotChecked: "not checked", reconcile.Taken: "taken",
		reconcile.NotWritten: "not written", reconcile.NotDeleted: "not deleted", reconcile.Retained: "retained", reconcile.Overtaken: "overtaken", reconcile.Changed: "changed",
	}
	text := fmt.Sprintf("%s: %v", kinds[failure.Kind], failure.Properties)
	if failure.Kind == reconcile.Changed {
		text += fmt.Sprintf(", present %s", failure.Present)
	}
	return text
}

// TestChangeProperties: calls of one run, one after the other.
func TestChangeProperties(t *testing.T) {
	t.Parallel()
	whole := func(c call) propertiesCall { return propertiesCall{whole: &c, want: c.want} }
	tests := map[string]struct {
		holds string // the entry "a" at first, empty for none
		calls []propertiesCall
		sent  string // requests but for GETs
		left  string // the entry in the end
	}{
		"no entry":                     {``, []propertiesCall{{wanted: `{"x":1}`}}, "PUT a", `{"x":1}`},
		"no entry, nothing wanted":     {``, []propertiesCall{{wanted: `{}`}}, "PUT a", `{}`},
		"an empty one, nothing wanted": {`{}`, []propertiesCall{{wanted: `{}`}}, "", `{}`},
		"beside others":                {`{"y":2.50}`, []propertiesCall{{wanted: `{"x":1}`}}, "PUT a", `{"y":2.50,"x":1}`},
		"adopted":                      {`{"y":2,"x":1}`, []propertiesCall{{wanted: `{"x":1}`}}, "", `{"y":2,"x":1}`},
		"taken":                        {`{"x":2,"z":{"w":1}}`, []propertiesCall{{wanted: `{"x":1,"z":{"w":2,"v":3}}`, want: "taken: [x z.w]"}}, "", `{"x":2,"z":{"w":1}}`},
		"overwritten":                  {`{"x":2,"y":3}`, []propertiesCall{{wanted: `{"x":1}`, overwrite: true}}, "PUT a", `{"x":1,"y":3}`},
		"a number in the way":          {`{"x":5}`, []propertiesCall{{wanted: `{"x":{"y":1}}`, want: "taken: [x]"}}, "", `{"x":5}`},
		"not an object":                {`[1]`, []propertiesCall{{wanted: `{"x":1}`, want: "taken: []"}}, "", `[1]`},
		"not an object, removed":       {`[1]`, []propertiesCall{{had: `{"x":1}`}}, "", `[1]`},
		"not checked":                  {`{"y":2}`, []propertiesCall{{wanted: `{"x":1}`, fails: "GET a", want: "not checked: []"}}, "", `{"y":2}`},
		"not written":                  {`{"y":2}`, []propertiesCall{{wanted: `{"x":1}`, fails: "PUT a", want: "not written: []"}}, "PUT a", `{"y":2}`},
		"updated":                      {`{"x":1,"y":2}`, []propertiesCall{{had: `{"x":1}`, wanted: `{"x":3}`}}, "PUT a", `{"x":3,"y":2}`},
		"updated, changed since":       {`{"x":9,"y":2}`, []propertiesCall{{had: `{"x":1}`, wanted: `{"x":3}`, want: `changed: [x], present {"x":9}`}}, "", `{"x":9,"y":2}`},
		"another one changed since":    {`{"x":9,"y":2}`, []propertiesCall{{had: `{"x":1,"y":2}`, wanted: `{"x":1,"y":3}`, want: `changed: [x], present {"x":9,"y":2}`}}, "", `{"x":9,"y":2}`},
		"changed since, overwritten":   {`{"x":9,"y":2}`, []propertiesCall{{had: `{"x":1}`, wanted: `{"x":3}`, overwrite: true}}, "PUT a", `{"x":3,"y":2}`},
		"one less, changed since":      {`{"x":1,"y":9}`, []propertiesCall{{had: `{"x":1,"y":2}`, wanted: `{"x":1}`, want: `changed: [y], present {"x":1,"y":9}`}}, "", `{"x":1,"y":9}`},
		"removed, changed since":       {`{"x":9,"y":2}`, []propertiesCall{{had: `{"x":1}`, want: `changed: [x], present {"x":9}`}}, "", `{"x":9,"y":2}`},
		"updated, gone since":          {``, []propertiesCall{{had: `{"x":1}`, wanted: `{"x":3}`}}, "PUT a", `{"x":3}`},
		"updated, equal already":       {`{"x":3,"y":2}`, []propertiesCall{{had: `{"x":1}`, wanted: `{"x":3}`}}, "", `{"x":3,"y":2}`},
		"one more, taken":              {`{"x":1,"y":2}`, []propertiesCall{{had: `{"x":1}`, wanted: `{"x":1,"y":3}`, want: "taken: [y]"}}, "", `{"x":1,"y":2}`},
		"one less":                     {`{"x":1,"y":2}`, []propertiesCall{{had: `{"x":1,"y":2}`, wanted: `{"x":1}`}}, "PUT a", `{"x":1}`},
		"none, but still there":        {`{"x":1}`, []propertiesCall{{had: `{"x":1}`, wanted: `{}`}}, "PUT a", `{}`},
		"an object for its properties": {`{"x":{"y":1,"z":2}}`, []propertiesCall{{had: `{"x":{"y":1}}`, wanted: `{"x":5}`, want: "taken: [x]"}}, "", `{"x":{"y":1,"z":2}}`},
		"a number for its properties":  {`{"x":{"y":1},"z":2}`, []propertiesCall{{had: `{"x":{"y":1}}`, wanted: `{"x":5}`}}, "PUT a", `{"x":5,"z":2}`},
		"removed":                      {`{"x":1,"y":2}`, []propertiesCall{{had: `{"x":1}`}}, "PUT a", `{"y":2}`},
		"removed, no entry":            {``, []propertiesCall{{had: `{"x":1}`}}, "", ``},
		"removed, the last":            {`{"x":{"y":1}}`, []propertiesCall{{had: `{"x":{"y":1}}`}}, "DELETE a", ``},
		"removed, not deleted":         {`{"x":1}`, []propertiesCall{{had: `{"x":1}`, fails: "DELETE a", want: "not deleted: []"}}, "DELETE a", `{"x":1}`},
		"removed, emptied before":      {`{}`, []propertiesCall{{had: `{"x":1}`}}, "", `{}`},
		"nothing to remove":            {`{}`, []propertiesCall{{had: `{}`}}, "", `{}`},

		"two of one entry":                {``, []propertiesCall{{wanted: `{"x":1}`}, {wanted: `{"y":2}`}}, "PUT a, PUT a", `{"x":1,"y":2}`},
		"one property twice":              {``, []propertiesCall{{wanted: `{"x":1}`}, {wanted: `{"x":1,"y":2}`, want: "written before: [x]"}}, "PUT a", `{"x":1}`},
		"a property in another":           {``, []propertiesCall{{wanted: `{"x":{"y":1}}`}, {wanted: `{"x":5}`, overwrite: true, want: "written before: [x]"}}, "PUT a", `{"x":{"y":1}}`},
		"moved, created first":            {`{"x":1,"y":2}`, []propertiesCall{{wanted: `{"x":1}`}, {had: `{"x":1,"y":2}`}}, "PUT a", `{"x":1}`},
		"moved, removed first":            {`{"x":1}`, []propertiesCall{{had: `{"x":1}`}, {wanted: `{"x":2}`}}, "DELETE a, PUT a", `{"x":2}`},
		"moved, refused":                  {`{"x":1,"y":2}`, []propertiesCall{{wanted: `{"x":3}`, want: "taken: [x]"}, {had: `{"x":1,"y":2}`, want: "retained: [x]"}}, "", `{"x":1,"y":2}`},
		"refused, as another one":         {`{"x":1,"y":1}`, []propertiesCall{{wanted: `{"x":3}`, want: "taken: [x]"}, {had: `{"x":1}`, wanted: `{"y":2}`, want: "taken: [y]"}}, "", `{"x":1,"y":1}`},
		"refused, then given up for more": {`{"x":1}`, []propertiesCall{{wanted: `{"x":3}`, want: "taken: [x]"}, {had: `{"x":1}`, wanted: `{"y":2}`, want: "retained: [x]"}}, "", `{"x":1}`},
		"others refused":                  {`{"x":1,"y":2,"z":1}`, []propertiesCall{{wanted: `{"x":3}`, want: "taken: [x]"}, {had: `{"y":2}`}}, "PUT a", `{"x":1,"z":1}`},
		"the whole is written before":     {``, []propertiesCall{whole(call{add: "a=1", want: "written a"}), {wanted: `{"x":1}`, want: "written before: []"}}, "PUT a", `{"n":1}`},
		"the whole is updated before":     {`{"x":1}`, []propertiesCall{whole(call{set: "a=1", had: "a=0", want: "written a"}), {had: `{"x":1}`, wanted: `{"x":2}`, want: "written before: []"}}, "PUT a", `{"n":1}`},
		"the whole is written after":      {``, []propertiesCall{{wanted: `{"n":1}`}, whole(call{add: "a=1", want: "written before: a"})}, "PUT a", `{"n":1}`},
		"from properties to the whole":    {`{"n":1}`, []propertiesCall{whole(call{add: "a=1", want: "written a"}), {had: `{"n":1}`}}, "", `{"n":1}`},
		"from properties, refused":        {`{"x":1}`, []propertiesCall{whole(call{add: "a=1", want: "taken: a"}), {had: `{"x":1}`, want: "retained: []"}}, "", `{"x":1}`},
		"from properties, deleted first":  {`{"x":1}`, []propertiesCall{{had: `{"x":1}`}, whole(call{add: "a=1", want: "written a"})}, "DELETE a, PUT a", `{"n":1}`},
		"from the whole, created first":   {`{"n":1}`, []propertiesCall{{wanted: `{"x":1}`}, whole(call{remove: "a=1", want: "removed a"})}, "PUT a", `{"n":1,"x":1}`},
		"from the whole, deleted first":   {`{"n":1}`, []propertiesCall{whole(call{remove: "a=1", want: "removed a"}), {wanted: `{"x":1}`}}, "DELETE a, PUT a", `{"x":1}`},
		"from the whole, released":        {`{"n":1}`, []propertiesCall{whole(call{remove: "a=1", successors: "a", want: "removed a; left a"}), {wanted: `{"n":2}`}}, "PUT a", `{"n":2}`},
		"from the whole, refused":         {`{"n":1}`, []propertiesCall{{wanted: `{"n":2}`, want: "taken: [n]"}, whole(call{remove: "a=1", want: "retained: a"})}, "", `{"n":1}`},
		"the whole goes, properties went": {`{"n":1,"x":1}`, []propertiesCall{{had: `{"x":1}`}, whole(call{remove: "a=1", want: "removed a"})}, "PUT a, DELETE a", ``},
		"gone meanwhile":                  {`{"n":1}`, []propertiesCall{{had: `{"n":1}`, others: "GET "}}, "DELETE a", ``},
		// The gateway has no conditional write: what another writer writes between the
		// read and the write is lost, as the page says.
		"a race": {`{"visits":1,"limit":10}`, []propertiesCall{{had: `{"limit":10}`, wanted: `{"limit":20}`, others: `GET {"visits":2,"limit":10}`}}, "PUT a", `{"visits":1,"limit":20}`},
		// One who has read before and writes after it is noticed.
		"overtaken":              {`{"visits":1,"limit":10}`, []propertiesCall{{had: `{"limit":10}`, wanted: `{"limit":20}`, others: `PUT {"visits":2,"limit":10}`, want: "overtaken: []"}}, "PUT a", `{"visits":2,"limit":10}`},
		"removed, and overtaken": {`{"visits":1,"limit":10}`, []propertiesCall{{had: `{"limit":10}`, others: `PUT {"visits":2,"limit":10}`, want: "overtaken: []"}}, "PUT a", `{"visits":2,"limit":10}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run, gateway := newRun(t, "")
			if tt.holds != "" {
				gateway.PutEntry("flags", "a", tt.holds)
			}
			for i, call := range tt.calls {
				if got := call.apply(t, run, gateway); got != call.want {
					t.Errorf("call %d came to %q, want %q", i, got, call.want)
				}
			}
			if sent := requests(gateway); sent != tt.sent {
				t.Errorf("sent %q, want %q", sent, tt.sent)
			}
			if left, _ := gateway.Entry("flags", "a"); left != tt.left {
				t.Errorf("left %s, want %s", left, tt.left)
			}
		})
	}
}

// TestChangePropertiesAtOnce: many objects have properties of one entry, and none
// loses what another one writes.
func TestChangePropertiesAtOnce(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "")
	var calls sync.WaitGroup
	want := map[string]int{}
	for i := range 20 {
		want[fmt.Sprint("p", i)] = i
		calls.Go(func() {
			if failure := run.ChangeProperties(t.Context(), reconcile.PropertiesChange{Bucket: "flags", Key: "a", Wanted: json.RawMessage(fmt.Sprintf(`{"p%d":%d}`, i, i))}).Failure; failure != nil {
				t.Errorf("call %d came to %s", i, describeFailure(failure))
			}
		})
	}
	calls.Wait()
	left, _ := gateway.Entry("flags", "a")
	var held map[string]int
	if err := json.Unmarshal([]byte(left), &held); err != nil || fmt.Sprint(held) != fmt.Sprint(want) {
		t.Errorf("left %s", left)
	}
}

// TestChangePropertiesHandsOver: the creation of an entry that comes first waits
// for the last properties to go, and for properties that are written, which Terraform
// may do before the call that lets its key go.
func TestChangePropertiesHandsOver(t *testing.T) {
	onItsClock(t, func(t *testing.T) {
		run, gateway := newRun(t, "a=1 b=1")
		gateway.Inject(mockgateway.Fault{Method: http.MethodPut, Path: "*/entries/p", Delay: time.Second})
		written := make(chan string, 1)
		go func() {
			written <- describeFailure(run.ChangeProperties(t.Context(), reconcile.PropertiesChange{Bucket: "flags", Key: "p", Wanted: json.RawMessage(`{"n":1}`)}).Failure)
		}()
		synctest.Wait()
		properties, whole := start(t.Context(), run, call{add: "a=2"}), start(t.Context(), run, call{add: "b=2"})
		got := []string{
			<-written,
			describeFailure(run.ChangeProperties(t.Context(), reconcile.PropertiesChange{Bucket: "flags", Key: "a", Had: json.RawMessage(`{"n":1}`)}).Failure), <-properties,
			describe(run.Change(t.Context(), call{remove: "b=1"}.change())), <-whole,
		}
		if want := []string{"", "", "written a", "removed b", "written b"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestChangePropertiesLeft: properties beside others' are left to the creation of all
// of the entry, which may be refused. It may write over them, and nothing else.
func TestChangePropertiesLeft(t *testing.T) {
	for name, tt := range map[string]struct{ add, want, left string }{
		"equal":              {`{"others":1,"x":1}`, "written a", `{"others":1,"x":1}`},
		"another value":      {`{"others":1,"x":2}`, "written a", `{"others":1,"x":2}`},
		"without them":       {`{"others":1}`, "written a", `{"others":1}`},
		"others changed too": {`{"others":2,"x":1}`, "taken: a", `{"others":1,"x":1}`},
		"only them":          {`{"x":1}`, "taken: a", `{"others":1,"x":1}`},
	} {
		for _, known := range []string{"from the plan", "since it waits"} {
			t.Run(name+", "+known, func(t *testing.T) {
				onItsClock(t, func(t *testing.T) {
					run, gateway := newRun(t, "")
					gateway.PutEntry("flags", "a", `{"others":1,"x":1}`)
					creation := reconcile.Change{Bucket: "flags", Wanted: map[string]json.RawMessage{"a": json.RawMessage(tt.add)}}
					deletion := reconcile.PropertiesChange{Bucket: "flags", Key: "a", Had: json.RawMessage(`{"x":1}`)}
					outcome, wantLeft := make(chan string, 1), ""
					switch known {
					case "from the plan":
						deletion.HasSuccessor, wantLeft = true, "left a"
					case "since it waits":
						go func() { outcome <- describe(run.Change(t.Context(), creation)) }()
						synctest.Wait()
					}
					if got := describe(run.ChangeProperties(t.Context(), deletion)); got != wantLeft {
						t.Errorf("the deletion came to %q", got)
					}
					if known != "since it waits" {
						outcome <- describe(run.Change(t.Context(), creation))
					}
					if got := <-outcome; got != tt.want {
						t.Errorf("the creation came to %q, want %q", got, tt.want)
					}
					if left, _ := gateway.Entry("flags", "a"); left != tt.left {
						t.Errorf("left %s, want %s", left, tt.left)
					}
				})
			})
		}
	}
}

// TestChangePropertiesLeftBySeveral: a creation may write over what each of several
// objects has left to it, and over nothing that somebody else has written since.
func TestChangePropertiesLeftBySeveral(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ since, want string }{
		"nothing since":          {`{"others":1,"x":1,"y":1}`, "written a"},
		"one is gone since":      {`{"others":1,"y":1}`, "written a"},
		"one has changed since":  {`{"others":1,"x":9,"y":1}`, "taken: a"},
		"the others have, since": {`{"others":9,"x":1,"y":1}`, "taken: a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run, gateway := newRun(t, "")
			gateway.PutEntry("flags", "a", `{"others":1,"x":1,"y":1}`)
			for _, had := range []string{`{"x":1}`, `{"y":1}`} {
				outcome := run.ChangeProperties(t.Context(), reconcile.PropertiesChange{Bucket: "flags", Key: "a", Had: json.RawMessage(had), HasSuccessor: true})
				if got := describe(outcome); got != "left a" {
					t.Errorf("the deletion of %s came to %q", had, got)
				}
			}
			gateway.PutEntry("flags", "a", tt.since)
			creation := reconcile.Change{Bucket: "flags", Wanted: map[string]json.RawMessage{"a": json.RawMessage(`{"others":1,"x":2,"y":2}`)}}
			if got := describe(run.Change(t.Context(), creation)); got != tt.want {
				t.Errorf("the creation came to %q, want %q", got, tt.want)
			}
		})
	}
}

// TestChangePropertiesUnread: a write that succeeded is no failure if the entry
// cannot be read after it.
func TestChangePropertiesUnread(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "")
	gateway.Inject(mockgateway.Fault{Method: http.MethodGet, Path: "*/entries/a", After: 1, Times: 1, Effect: mockgateway.Respond(http.StatusServiceUnavailable, nil, `{"error":"unavailable"}`)})
	if got := describeFailure(run.ChangeProperties(t.Context(), reconcile.PropertiesChange{Bucket: "flags", Key: "a", Wanted: json.RawMessage(`{"x":1}`)}).Failure); got != "" {
		t.Errorf("it came to %q", got)
	}
}

// TestChangePropertiesCancelled sends nothing.
func TestChangePropertiesCancelled(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := describeFailure(run.ChangeProperties(ctx, reconcile.PropertiesChange{Bucket: "flags", Key: "a", Wanted: json.RawMessage(`{"x":1}`)}).Failure); got != "cancelled: []" {
		t.Errorf("it came to %q", got)
	}
	if count := gateway.Count("", ""); count > 0 {
		t.Errorf("it sent %d requests", count)
	}
}
