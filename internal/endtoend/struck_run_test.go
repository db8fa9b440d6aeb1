//go:build unix

package endtoend_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// latency makes the requests of a run overlap.
const latency = 3 * time.Millisecond

// failure is what goes wrong in a run: with a request or, where there is no
// method, when Terraform says a text, which ends the run.
type failure struct {
	method string
	key    string // empty for any
	after  int    // how many such requests, or texts, pass first
	all    bool   // all such requests fail, not one
	kind   string // of failureKinds
	text   string
}

// failureKinds are how something goes wrong.
var failureKinds = map[string]failureKind{
	"503":   {effect: respond(503, `{"error":"unavailable"}`)},
	"reset": {effect: mockgateway.Reset()},
	"lost":  {effect: mockgateway.LoseResponse(), unseen: true},
	// Nothing fails, but others come first.
	"slow": {delay: 100 * latency},
	// Ends the run: before the request is carried out, or after it but before
	// there is a response.
	"kill":            {effect: mockgateway.Hang(), ends: kill},
	"kill after":      {effect: mockgateway.HoldResponse(), ends: kill, unseen: true},
	"interrupt":       {effect: mockgateway.Hang(), ends: interrupt},
	"interrupt after": {effect: mockgateway.HoldResponse(), ends: interrupt, unseen: true},
}

type failureKind struct {
	delay  time.Duration
	effect mockgateway.Effect
	// ends says how the failure ends the run, unseen that the request is carried
	// out and the provider cannot know.
	ends   ending
	unseen bool
}

// ending is how a run is ended before its time.
type ending int

const (
	goesOn ending = iota
	interrupt
	kill
)

func (f failure) String() string {
	if f.method == "" {
		return fmt.Sprintf("at %q number %d: %s", f.text, f.after+1, f.kind)
	}
	which, of := fmt.Sprint("number ", f.after+1), "any entry"
	if f.all {
		which = "from " + which
	}
	if f.key != "" {
		of = f.key
	}
	return fmt.Sprintf("at %s %s of %s: %s", f.method, which, of, f.kind)
}

// struckRun is how a run of Terraform went in which something went wrong.
type struckRun struct {
	outcome
	// ended is how the run was ended before its time, and when.
	ended   ending
	endedAt time.Time
	// requests are those about entries.
	requests []mockgateway.Request
}

func entryPath(key string) string { return "/storage/kv/flags/entries/" + key }

// runStruck runs Terraform with failures. At most one of them ends the run.
func runStruck(t *testing.T, gateway *mockgateway.Server, w *workspace, failures []failure, arguments ...string) (result struckRun) {
	t.Helper()
	gateway.ResetRequests()
	defer gateway.ClearFaults()
	command, output := w.command(arguments...)
	var ending ending
	var endNow <-chan struct{} // without a failure that ends the run, for ever open
	for _, f := range failures {
		kind := failureKinds[f.kind]
		var reached <-chan struct{}
		if f.method == "" {
			watch := newWatch(output, f.text, f.after+1)
			command.Stdout, command.Stderr = watch, watch
			reached = watch.seen
		} else {
			fault := mockgateway.Fault{Method: f.method, Path: entryPath("*"), After: f.after, Times: 1, Delay: kind.delay, Effect: kind.effect}
			if f.key != "" {
				fault.Path = entryPath(f.key)
			}
			if f.all {
				fault.Times = 0
			}
			reached = gateway.Inject(fault).Reached(1)
		}
		if kind.ends != goesOn {
			ending, endNow = kind.ends, reached
		}
	}

	start(t, command)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait() // its exit status says it too
	}()
	select {
	case <-ended:
	case <-endNow:
		result.ended, result.endedAt = ending, time.Now()
		if ending == kill {
			killBetweenStates(t, w, command)
		} else {
			// As a terminal does: to Terraform and to the provider. An error means
			// that they have ended.
			_ = syscall.Kill(-command.Process.Pid, syscall.SIGINT)
		}
		<-ended
	}
	result.outcome = outcome{command.ProcessState.ExitCode(), output.String()}
	waitFor(t, "the gateway to have handled every request", func() bool {
		result.requests = gateway.RequestsTo("", entryPath("*"))
		return !slices.ContainsFunc(result.requests, func(r mockgateway.Request) bool { return r.Duration == 0 })
	})
	return result
}

// watch passes an output on and tells when it has said a text so many times.
type watch struct {
	output io.Writer
	text   []byte
	times  int
	read   []byte
	seen   chan struct{}
}

func newWatch(output io.Writer, text string, times int) *watch {
	return &watch{output: output, text: []byte(text), times: times, seen: make(chan struct{})}
}

func (w *watch) Write(p []byte) (int, error) {
	was := bytes.Count(w.read, w.text)
	w.read = append(w.read, p...)
	if now := bytes.Count(w.read, w.text); was < w.times && now >= w.times {
		close(w.seen)
	}
	return w.output.Write(p)
}

// succeeded reports whether Terraform ended by itself and without an error.
func (r struckRun) succeeded() bool { return r.status == 0 && r.ended == goesOn }

func isWrite(request mockgateway.Request) bool { return request.Method != "GET" }

// unseen reports whether the run may have written or deleted an entry without
// knowing. A response that came just before an interrupt may not have been read.
func (r struckRun) unseen(key string) bool {
	interruptedAt := r.endedAt.Add(-100 * time.Millisecond)
	return slices.ContainsFunc(r.requestsOf(key), func(request mockgateway.Request) bool {
		return isWrite(request) && (request.Status == 0 || r.ended == kill || r.ended == interrupt && request.Start.Add(request.Duration).After(interruptedAt))
	})
}

// requestsOf returns the requests about an entry, or that of a property, in the
// order of their arrival.
func (r struckRun) requestsOf(key string) []mockgateway.Request {
	path := entryPath(entryOf(key))
	return slices.DeleteFunc(slices.Clone(r.requests), func(request mockgateway.Request) bool { return request.Path != path })
}

// String tells the outcome of a run in short: the errors' titles and the writes.
func (r struckRun) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s with status %d", map[ending]string{goesOn: "ended", interrupt: "interrupted, ended", kill: "killed"}[r.ended], r.status)
	titles := map[string]bool{}
	for line := range strings.Lines(r.output) {
		if _, title, ok := strings.Cut(line, "Error: "); ok {
			titles[strings.TrimSpace(title)] = true
		}
	}
	for _, title := range slices.Sorted(maps.Keys(titles)) {
		fmt.Fprintf(&text, "; %s", title)
	}
	for _, request := range r.requests {
		if isWrite(request) {
			fmt.Fprintf(&text, "\n    %s %s: %d", request.Method, strings.TrimPrefix(request.Path, entryPath("")), request.Status)
		}
	}
	return text.String()
}
