package reconcile_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

// propertiesCall is one change of properties of the entry "a", or of all of it,
// and what is to come of it: "" for success.
type propertiesCall struct {
	had, wanted, successors string // empty is none
	overwrite               bool
	// whole changes entries in place of properties.
	whole *call
	// fails makes a request fail: "PUT a" is the first PUT of a.
	fails string
	want  string
}

func (c propertiesCall) apply(t *testing.T, run *reconcile.Run, gateway *mockgateway.Server) string {
	t.Helper()
	if c.whole != nil {
		c.whole.inject(gateway)
		return describe(run.Apply(t.Context(), c.whole.change()))
	}
	call{fails: c.fails}.inject(gateway)
	change := reconcile.PropertiesChange{Bucket: "flags", Key: "a", Overwrite: c.overwrite}
	if c.had != "" {
		change.Had = json.RawMessage(c.had)
	}
	if c.wanted != "" {
		change.Wanted = json.RawMessage(c.wanted)
	}
	if c.successors != "" {
		change.Successors = json.RawMessage(c.successors)
	}
	return describeFailure(run.ApplyProperties(t.Context(), change))
}

// describeFailure writes a failure as a call's want has it.
func describeFailure(failure *reconcile.Failure) string {
	if failure == nil {
		return ""
	}
	kinds := map[reconcile.FailureKind]string{
		reconcile.Cancelled: "cancelled", reconcile.WrittenBefore: "written before", reconcile.NotChecked: "not checked", reconcile.Taken: "taken",
		reconcile.NotWritten: "not written", reconcile.NotDeleted: "not deleted", reconcile.Retained: "retained", reconcile.Overtaken: "overtaken",
	}
	text := fmt.Sprintf("%s: %v", kinds[failure.Kind], failure.Properties)
	if failure.TakenOver != nil {
		text += fmt.Sprintf(", taken over %s", failure.TakenOver)
	}
	return text
}

// TestApplyProperties: calls of one run, one after the other.
func TestApplyProperties(t *testing.T) {
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
		"a number overwritten":         {`{"x":5}`, []propertiesCall{{wanted: `{"x":{"y":1}}`, overwrite: true}}, "PUT a", `{"x":{"y":1}}`},
		"an object in the way":         {`{"x":{"y":1}}`, []propertiesCall{{wanted: `{"x":5}`, want: "taken: [x]"}}, "", `{"x":{"y":1}}`},
		"not an object":                {`[1]`, []propertiesCall{{wanted: `{"x":1}`, want: "taken: []"}}, "", `[1]`},
		"not an object, overwritten":   {`[1]`, []propertiesCall{{wanted: `{"x":1}`, overwrite: true}}, "PUT a", `{"x":1}`},
		"not an object, removed":       {`[1]`, []propertiesCall{{had: `{"x":1}`}}, "", `[1]`},
		"not checked":                  {`{"y":2}`, []propertiesCall{{wanted: `{"x":1}`, fails: "GET a", want: "not checked: []"}}, "", `{"y":2}`},
		"not written":                  {`{"y":2}`, []propertiesCall{{wanted: `{"x":1}`, fails: "PUT a", want: "not written: []"}}, "PUT a", `{"y":2}`},
		"updated":                      {`{"x":1,"y":2}`, []propertiesCall{{had: `{"x":1}`, wanted: `{"x":3}`}}, "PUT a", `{"x":3,"y":2}`},
		"updated, changed since":       {`{"x":9,"y":2}`, []propertiesCall{{had: `{"x":1}`, wanted: `{"x":3}`}}, "PUT a", `{"x":3,"y":2}`},
		"updated, gone since":          {``, []propertiesCall{{had: `{"x":1}`, wanted: `{"x":3}`}}, "PUT a", `{"x":3}`},
		"updated, equal already":       {`{"x":3,"y":2}`, []propertiesCall{{had: `{"x":1}`, wanted: `{"x":3}`}}, "", `{"x":3,"y":2}`},
		"one more, taken":              {`{"x":1,"y":2}`, []propertiesCall{{had: `{"x":1}`, wanted: `{"x":1,"y":3}`, want: "taken: [y]"}}, "", `{"x":1,"y":2}`},
		"one less":                     {`{"x":1,"y":2}`, []propertiesCall{{had: `{"x":1,"y":2}`, wanted: `{"x":1}`}}, "PUT a", `{"x":1}`},
		"one less, gone already":       {`{"x":1}`, []propertiesCall{{had: `{"x":1,"y":2}`, wanted: `{"x":1}`}}, "", `{"x":1}`},
		"none, but still there":        {`{"x":1}`, []propertiesCall{{had: `{"x":1}`, wanted: `{}`}}, "PUT a", `{}`},
		"an object for its properties": {`{"x":{"y":1,"z":2}}`, []propertiesCall{{had: `{"x":{"y":1}}`, wanted: `{"x":5}`, want: "taken: [x]"}}, "", `{"x":{"y":1,"z":2}}`},
		"a number for its properties":  {`{"x":{"y":1},"z":2}`, []propertiesCall{{had: `{"x":{"y":1}}`, wanted: `{"x":5}`}}, "PUT a", `{"x":5,"z":2}`},
		"removed":                      {`{"x":1,"y":2}`, []propertiesCall{{had: `{"x":1}`}}, "PUT a", `{"y":2}`},
		"removed, gone already":        {`{"y":2}`, []propertiesCall{{had: `{"x":1}`}}, "", `{"y":2}`},
		"removed, no entry":            {``, []propertiesCall{{had: `{"x":1}`}}, "", ``},
		"removed, the last":            {`{"x":{"y":1}}`, []propertiesCall{{had: `{"x":{"y":1}}`}}, "DELETE a", ``},
		"removed, not deleted":         {`{"x":1}`, []propertiesCall{{had: `{"x":1}`, fails: "DELETE a", want: "not deleted: []"}}, "DELETE a", `{"x":1}`},
		"removed, emptied before":      {`{}`, []propertiesCall{{had: `{"x":1}`}}, "", `{}`},
		"nothing to remove":            {`{}`, []propertiesCall{{had: `{}`}}, "", `{}`},

		"two of one entry":                  {``, []propertiesCall{{wanted: `{"x":1}`}, {wanted: `{"y":2}`}}, "PUT a, PUT a", `{"x":1,"y":2}`},
		"two of one object":                 {``, []propertiesCall{{wanted: `{"o":{"x":1}}`}, {wanted: `{"o":{"y":2}}`}}, "PUT a, PUT a", `{"o":{"x":1,"y":2}}`},
		"one property twice":                {``, []propertiesCall{{wanted: `{"x":1}`}, {wanted: `{"x":1,"y":2}`, want: "written before: [x]"}}, "PUT a", `{"x":1}`},
		"a property in another":             {``, []propertiesCall{{wanted: `{"x":{"y":1}}`}, {wanted: `{"x":5}`, overwrite: true, want: "written before: [x]"}}, "PUT a", `{"x":{"y":1}}`},
		"moved, created first":              {`{"x":1,"y":2}`, []propertiesCall{{wanted: `{"x":1}`}, {had: `{"x":1,"y":2}`}}, "PUT a", `{"x":1}`},
		"moved, removed first":              {`{"x":1}`, []propertiesCall{{had: `{"x":1}`}, {wanted: `{"x":2}`}}, "DELETE a, PUT a", `{"x":2}`},
		"moved by an update":                {`{"x":1,"y":2}`, []propertiesCall{{had: `{"y":2}`, wanted: `{"x":1,"y":2}`}, {had: `{"x":1}`, wanted: `{}`}}, "", `{"x":1,"y":2}`},
		"moved, refused":                    {`{"x":1,"y":2}`, []propertiesCall{{wanted: `{"x":3}`, want: "taken: [x]"}, {had: `{"x":1,"y":2}`, want: "retained: [x]"}}, "", `{"x":1,"y":2}`},
		"released":                          {`{"x":1,"y":2}`, []propertiesCall{{had: `{"x":1,"y":2}`, successors: `{"x":1}`}, {wanted: `{"x":3}`}}, "PUT a, PUT a", `{"x":3}`},
		"released by an update":             {`{"x":1,"y":2}`, []propertiesCall{{had: `{"x":1,"y":2}`, wanted: `{"y":2}`, successors: `{"x":1}`}, {had: `{"z":1}`, wanted: `{"z":1,"x":3}`}}, "PUT a", `{"x":3,"y":2,"z":1}`},
		"released, others refused":          {`{"x":1,"y":2}`, []propertiesCall{{had: `{"x":1}`, successors: `{"x":1}`}, {wanted: `{"x":3,"y":3}`, want: `taken: [y], taken over {"x":1}`}}, "", `{"x":1,"y":2}`},
		"released, not written":             {`{"x":{"y":1,"z":1}}`, []propertiesCall{{had: `{"x":{"y":1,"z":1}}`, successors: `{"x":{"y":1}}`}, {wanted: `{"x":{"y":2},"w":1}`, fails: "PUT a", want: `not written: [], taken over {"x":{"y":1}}`}}, "PUT a, PUT a", `{"x":{"y":1}}`},
		"released, taken over once":         {`{"x":1,"y":2}`, []propertiesCall{{had: `{"x":1}`, successors: `{"x":1}`}, {wanted: `{"x":3,"y":3}`, want: `taken: [y], taken over {"x":1}`}, {wanted: `{"x":3,"y":3}`, want: "taken: [x y]"}}, "", `{"x":1,"y":2}`},
		"released, for others":              {`{"x":1,"y":2}`, []propertiesCall{{had: `{"x":1}`, successors: `{"x":1}`}, {wanted: `{"y":3}`, want: "taken: [y]"}}, "", `{"x":1,"y":2}`},
		"refused, then to be released":      {`{"x":1}`, []propertiesCall{{wanted: `{"x":3}`, want: "taken: [x]"}, {had: `{"x":1}`, successors: `{"x":1}`, want: "retained: [x]"}}, "", `{"x":1}`},
		"refused, as another one":           {`{"x":1,"y":1}`, []propertiesCall{{wanted: `{"x":3}`, want: "taken: [x]"}, {had: `{"x":1}`, wanted: `{"y":2}`, want: "taken: [y]"}}, "", `{"x":1,"y":1}`},
		"not released, since not written":   {`{"x":1,"y":1}`, []propertiesCall{{had: `{"x":1,"y":1}`, wanted: `{"y":2}`, successors: `{"x":1}`, fails: "PUT a", want: "not written: []"}, {wanted: `{"x":3}`, want: "taken: [x]"}}, "PUT a", `{"x":1,"y":1}`},
		"others refused":                    {`{"x":1,"y":2,"z":1}`, []propertiesCall{{wanted: `{"x":3}`, want: "taken: [x]"}, {had: `{"y":2}`}}, "PUT a", `{"x":1,"z":1}`},
		"the whole is written before":       {``, []propertiesCall{whole(call{add: "a=1", want: "written a"}), {wanted: `{"x":1}`, want: "written before: []"}}, "PUT a", `{"n":1}`},
		"the whole is updated before":       {`{"x":1}`, []propertiesCall{whole(call{set: "a=1", want: "written a"}), {had: `{"x":1}`, wanted: `{"x":2}`, want: "written before: []"}}, "PUT a", `{"n":1}`},
		"the whole is written after":        {``, []propertiesCall{{wanted: `{"n":1}`}, whole(call{add: "a=1", want: "written before: a"})}, "PUT a", `{"n":1}`},
		"from properties to the whole":      {`{"n":1}`, []propertiesCall{whole(call{add: "a=1", want: "written a"}), {had: `{"n":1}`}}, "", `{"n":1}`},
		"from properties, refused":          {`{"x":1}`, []propertiesCall{whole(call{add: "a=1", want: "taken: a"}), {had: `{"x":1}`, want: "retained: []"}}, "", `{"x":1}`},
		"from properties, deleted first":    {`{"x":1}`, []propertiesCall{{had: `{"x":1}`}, whole(call{add: "a=1", want: "written a"})}, "DELETE a, PUT a", `{"n":1}`},
		"from the whole, created first":     {`{"n":1}`, []propertiesCall{{wanted: `{"x":1}`}, whole(call{remove: "a=1", want: "let go a"})}, "PUT a", `{"n":1,"x":1}`},
		"from the whole, deleted first":     {`{"n":1}`, []propertiesCall{whole(call{remove: "a=1", want: "let go a"}), {wanted: `{"x":1}`}}, "DELETE a, PUT a", `{"x":1}`},
		"from the whole, released":          {`{"n":1}`, []propertiesCall{whole(call{remove: "a=1", successors: "a", want: "let go a"}), {wanted: `{"n":2}`}}, "PUT a", `{"n":2}`},
		"from the whole, refused":           {`{"n":1}`, []propertiesCall{{wanted: `{"n":2}`, want: "taken: [n]"}, whole(call{remove: "a=1", want: "retained: a"})}, "", `{"n":1}`},
		"the whole goes, properties went":   {`{"n":1,"x":1}`, []propertiesCall{{had: `{"x":1}`}, whole(call{remove: "a=1", want: "let go a"})}, "PUT a, DELETE a", ``},
		"a refusal that comes to be mended": {`{"x":1}`, []propertiesCall{{wanted: `{"x":2}`, want: "taken: [x]"}, {wanted: `{"x":2}`, overwrite: true}}, "PUT a", `{"x":2}`},
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

// TestApplyPropertiesAtOnce: many objects have properties of one entry, and none
// loses what another one writes.
func TestApplyPropertiesAtOnce(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "")
	var calls sync.WaitGroup
	want := map[string]int{}
	for i := range 20 {
		want[fmt.Sprint("p", i)] = i
		calls.Go(func() {
			if failure := run.ApplyProperties(t.Context(), reconcile.PropertiesChange{Bucket: "flags", Key: "a", Wanted: json.RawMessage(fmt.Sprintf(`{"p%d":%d}`, i, i))}); failure != nil {
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

// TestApplyPropertiesGoneMeanwhile: an entry that somebody else deletes first is
// deleted.
func TestApplyPropertiesGoneMeanwhile(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "a=1")
	gateway.SetRequestHook(func(request mockgateway.Request) {
		if request.Method == http.MethodGet {
			gateway.DeleteEntry("flags", "a")
		}
	})
	if got := describeFailure(run.ApplyProperties(t.Context(), reconcile.PropertiesChange{Bucket: "flags", Key: "a", Had: json.RawMessage(`{"n":1}`)})); got != "" {
		t.Errorf("it came to %q", got)
	}
}

// TestApplyPropertiesAsksNothing: an object that has nothing lets nothing go.
func TestApplyPropertiesAsksNothing(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "a=1")
	if got := describeFailure(run.ApplyProperties(t.Context(), reconcile.PropertiesChange{Bucket: "flags", Key: "a", Had: json.RawMessage(`{}`)})); got != "" {
		t.Errorf("it came to %q", got)
	}
	if count := gateway.Count("", ""); count > 0 {
		t.Errorf("it sent %d requests", count)
	}
}

// TestApplyPropertiesHandsOver: the creation of an entry that comes first waits
// for the last properties to go.
func TestApplyPropertiesHandsOver(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "a=1")
	release := hold(t, run, gateway)
	creation := start(t, run, gateway, call{add: "a=2"})
	if got := describeFailure(run.ApplyProperties(t.Context(), reconcile.PropertiesChange{Bucket: "flags", Key: "a", Had: json.RawMessage(`{"n":1}`)})); got != "" {
		t.Errorf("letting go came to %q", got)
	}
	release()
	if got := <-creation; got != "written a" {
		t.Errorf("the creation came to %q", got)
	}
	if left, _ := gateway.Entry("flags", "a"); left != `{"n":2}` {
		t.Errorf("left %s", left)
	}
}

// TestApplyPropertiesIsUnderWay: a creation waits for a hand-over as long as
// properties are written, which Terraform may do before the call that lets its key
// go, and not longer.
func TestApplyPropertiesIsUnderWay(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "a=1 b=1")
	slow := gateway.Inject(mockgateway.Fault{Method: http.MethodPut, Path: "*/entries/p", Delay: 400 * time.Millisecond})
	release := hold(t, run, gateway) // until the properties are
	creation := start(t, run, gateway, call{add: "a=2"})
	written := make(chan string, 1)
	go func() {
		written <- describeFailure(run.ApplyProperties(t.Context(), reconcile.PropertiesChange{Bucket: "flags", Key: "p", Wanted: json.RawMessage(`{"n":1}`)}))
	}()
	<-slow.Reached(1)
	release()
	if got := <-written; got != "" {
		t.Errorf("the properties came to %q", got)
	}
	if got := describe(run.Apply(t.Context(), call{remove: "a=1"}.change())); got != "let go a" {
		t.Errorf("letting go came to %q", got)
	}
	if got := <-creation; got != "written a" {
		t.Errorf("the creation came to %q", got)
	}
	begun := time.Now()
	if got := describe(run.Apply(t.Context(), call{add: "b=2"}.change())); got != "taken: b" {
		t.Errorf("another creation came to %q", got)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("it took %s", took)
	}
}

// between has another writer write an entry right after a read of it.
func between(gateway *mockgateway.Server, after int, written string) {
	gateway.Inject(mockgateway.Fault{Method: http.MethodGet, Path: "*/entries/a", After: after, Times: 1, Effect: mockgateway.Stream(http.StatusOK, http.Header{"Content-Type": {"application/json"}}, func() io.Reader {
		read, _ := gateway.Entry("flags", "a")
		gateway.PutEntry("flags", "a", written)
		return strings.NewReader(fmt.Sprintf(`{"body":{"key":"a","value":%s},"metadata":{"bucket":"flags","key":"a"}}`, read))
	})})
}

// TestApplyPropertiesRace shows what the gateway's lack of a conditional write
// costs: what another writer writes between the read and the write is lost.
func TestApplyPropertiesRace(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "")
	gateway.PutEntry("flags", "a", `{"visits":1,"limit":10}`)
	between(gateway, 0, `{"visits":2,"limit":10}`)
	if got := describeFailure(run.ApplyProperties(t.Context(), reconcile.PropertiesChange{Bucket: "flags", Key: "a", Had: json.RawMessage(`{"limit":10}`), Wanted: json.RawMessage(`{"limit":20}`)})); got != "" {
		t.Errorf("it came to %q", got)
	}
	if left, _ := gateway.Entry("flags", "a"); left != `{"visits":1,"limit":20}` {
		t.Errorf("left %s: the page says that the other writer's visit is lost", left)
	}
}

// TestApplyPropertiesOvertaken: another writer has read the entry before the
// write, and writes it after that. That is noticed.
func TestApplyPropertiesOvertaken(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]reconcile.PropertiesChange{
		"changed": {Had: json.RawMessage(`{"limit":10}`), Wanted: json.RawMessage(`{"limit":20}`)},
		"removed": {Had: json.RawMessage(`{"limit":10}`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run, gateway := newRun(t, "")
			gateway.PutEntry("flags", "a", `{"visits":1,"limit":10}`)
			gateway.Inject(mockgateway.Fault{Method: http.MethodPut, Times: 1, Effect: mockgateway.Stream(http.StatusOK, http.Header{"Content-Type": {"application/json"}}, func() io.Reader {
				gateway.PutEntry("flags", "a", `{"visits":2,"limit":10}`)
				return strings.NewReader(`{"message":"success"}`)
			})})
			change.Bucket, change.Key = "flags", "a"
			if got := describeFailure(run.ApplyProperties(t.Context(), change)); got != "overtaken: []" {
				t.Errorf("it came to %q", got)
			}
		})
	}
}

// TestApplyPropertiesUnread: a write that succeeded is no failure if the entry
// cannot be read after it.
func TestApplyPropertiesUnread(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "")
	gateway.Inject(mockgateway.Fault{Method: http.MethodGet, Path: "*/entries/a", After: 1, Times: 1, Effect: mockgateway.Respond(http.StatusServiceUnavailable, nil, `{"error":"unavailable"}`)})
	if got := describeFailure(run.ApplyProperties(t.Context(), reconcile.PropertiesChange{Bucket: "flags", Key: "a", Wanted: json.RawMessage(`{"x":1}`)})); got != "" {
		t.Errorf("it came to %q", got)
	}
}

// TestApplyPropertiesCancelled sends nothing.
func TestApplyPropertiesCancelled(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := describeFailure(run.ApplyProperties(ctx, reconcile.PropertiesChange{Bucket: "flags", Key: "a", Wanted: json.RawMessage(`{"x":1}`)})); got != "cancelled: []" {
		t.Errorf("it came to %q", got)
	}
	if count := gateway.Count("", ""); count > 0 {
		t.Errorf("it sent %d requests", count)
	}
}

// TestReadProperties: the second object to be read leaves to the first what both
// have.
func TestReadProperties(t *testing.T) {
	t.Parallel()
	run, _ := newRun(t, "")
	for i, tt := range []struct{ key, had, own, twice string }{
		{"a", `{"x":1,"o":{"y":1}}`, `{"x":1,"o":{"y":1}}`, `[]`},
		{"a", `{"z":1,"o":{"w":1}}`, `{"z":1,"o":{"w":1}}`, `[]`},
		{"a", `{"x":1,"v":1,"o":{"w":1}}`, `{"v":1}`, `[x o.w]`},
		{"a", `{"o":5}`, `{}`, `[o]`},
		{"b", `{"x":1}`, `{"x":1}`, `[]`},
	} {
		own, twice := run.ReadProperties("flags", tt.key, json.RawMessage(tt.had))
		if string(own) != tt.own || fmt.Sprint(twice) != tt.twice {
			t.Errorf("reading %d gives %s and %v, want %s and %s", i, own, twice, tt.own, tt.twice)
		}
	}
}

// TestPlanProperties: whichever of an entry and its properties is seen second is
// told of the first.
func TestPlanProperties(t *testing.T) {
	t.Parallel()
	run, _ := newRun(t, "")
	run.ReadBy("flags", []string{"read"})
	run.PlanCreation("flags", []string{"planned"})
	for key, want := range map[string]bool{"read": true, "planned": true, "free": false} {
		if got := run.PlanProperties("flags", key, nil); got != want {
			t.Errorf("planning properties of %q says %t", key, got)
		}
	}
	if got := fmt.Sprint(run.InProperties("flags", []string{"other", "free"})); got != "[free]" {
		t.Errorf("in properties are %s", got)
	}
}

// TestPropertiesSuccessorsWait: what others have may be planned after the deletion.
func TestPropertiesSuccessorsWait(t *testing.T) {
	t.Parallel()
	run, _ := newRun(t, "")
	done := run.Reading()
	go func() {
		time.Sleep(20 * time.Millisecond)
		run.PlanProperties("flags", "a", json.RawMessage(`{"x":1}`))
		done()
	}()
	if got := run.PropertiesSuccessors(t.Context(), "flags", "a", json.RawMessage(`{"x":1,"y":1}`)); string(got) != `{"x":1}` {
		t.Errorf("%s stays, want x", got)
	}
}

// TestPropertiesSuccessors: what others have stays in the entry.
func TestPropertiesSuccessors(t *testing.T) {
	t.Parallel()
	run, _ := newRun(t, "")
	run.ReadBy("flags", []string{"read"})
	run.PlanCreation("flags", []string{"planned"})
	run.PlanProperties("flags", "some", json.RawMessage(`{"x":1,"o":{"y":1}}`))
	run.PlanProperties("flags", "some", json.RawMessage(`{"z":1}`))
	run.PlanProperties("flags", "unknown", nil)
	const had = `{"x":2,"w":1,"o":{"y":1,"v":1}}`
	for key, want := range map[string]string{"read": had, "planned": had, "some": `{"x":2,"o":{"y":1}}`, "unknown": `{}`, "free": `{}`} {
		if got := run.PropertiesSuccessors(t.Context(), "flags", key, json.RawMessage(had)); string(got) != want {
			t.Errorf("of %q, %s stays, want %s", key, got, want)
		}
	}
}

// TestPruneProperties: an entry of which an object has properties is not pruned,
// and an object that is read after it was planned to be is told so.
func TestPruneProperties(t *testing.T) {
	t.Parallel()
	run, _ := newRun(t, "")
	run.ReadProperties("flags", "read", json.RawMessage(`{}`))
	run.PlanProperties("flags", "planned", nil)
	run.PropertiesSuccessors(t.Context(), "flags", "leaving", json.RawMessage(`{}`))
	keys := []string{"free", "leaving", "planned", "read"}
	if got := fmt.Sprint(run.Unheld("flags", keys)); got != "[free]" {
		t.Errorf("unheld are %s", got)
	}
	if got := fmt.Sprint(run.PlanPruning("flags", keys)); got != "[planned read]" {
		t.Errorf("held after all are %s", got)
	}
	if got := fmt.Sprint(run.Pruned("flags", []string{"free", "leaving"})); got != "[free]" {
		t.Errorf("pruned are %s", got)
	}
}
