package reconcile_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

// hold keeps a call about the key "held" under way until the returned function
// is called.
func hold(t *testing.T, run *reconcile.Apply, gateway *mockgateway.Server) (release func()) {
	t.Helper()
	held := gateway.Inject(mockgateway.Fault{Method: http.MethodPut, Path: "*/entries/held", Effect: mockgateway.Hang()})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		run.Change(ctx, call{set: "held=1", had: "held=0"}.change())
	}()
	<-held.Reached(1)
	return func() {
		cancel()
		<-ended
	}
}

// start makes a call that adds entries, and returns once it has checked the
// first of them.
func start(t *testing.T, run *reconcile.Apply, gateway *mockgateway.Server, c call) (outcome <-chan string) {
	t.Helper()
	key, _, _ := strings.Cut(c.add, "=")
	checks := gateway.Inject(mockgateway.Fault{Method: http.MethodGet, Path: "*/entries/" + key, Times: 1}) // which passes
	described := make(chan string, 1)
	go func() { described <- describe(run.Change(t.Context(), c.change())) }()
	<-checks.Reached(1)
	return described
}

// TestHandOver: a creation that comes first waits for the call that lets its
// keys go. Nothing is deleted in between.
func TestHandOver(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		holds  string
		first  call
		others []call
		sent   string // but for the PUT of the call that is under way
		left   string
	}{
		"one to one":   {"a=1", call{add: "a=2", want: "written a"}, []call{{remove: "a=1", want: "removed a"}}, "PUT a", "a=2"},
		"two to one":   {"a=1 b=1", call{add: "a=2 b=1", want: "written a b"}, []call{{remove: "b=1", want: "removed b"}, {remove: "a=1", want: "removed a"}}, "PUT a", "a=2 b=1"},
		"out of many":  {"a=1 b=1", call{add: "a=2", want: "written a"}, []call{{remove: "a=1 b=1", want: "removed a b"}}, "", "a=2"},
		"by an update": {"a=1 b=1", call{add: "a=2", want: "written a"}, []call{{set: "b=2", had: "b=0", remove: "a=1", want: "written b; removed a"}}, "PUT b, PUT a", "a=2 b=2"},
		// Another resource adds b while the first one waits for a.
		"declared twice":    {"a=1 b=1", call{add: "a=2 b=1", want: "inherited a=1; written before: b"}, []call{{add: "b=1", want: "written b"}, {remove: "a=1", want: "removed a"}}, "", "a=1 b=1"},
		"not the right one": {"a=1 b=1", call{add: "a=2", want: "taken: a"}, []call{{remove: "b=1", want: "removed b"}}, "DELETE b", "a=1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run, gateway := newRun(t, tt.holds)
			release := hold(t, run, gateway)
			defer release()
			gateway.ResetRequests()
			first := start(t, run, gateway, tt.first)
			for i, call := range tt.others {
				if got := describe(run.Change(t.Context(), call.change())); got != call.want {
					t.Errorf("call %d: %q, want %q", i+2, got, call.want)
				}
			}
			if got := <-first; got != tt.first.want {
				t.Errorf("call 1: %q, want %q", got, tt.first.want)
			}
			// What is deleted and written at the same time has no order.
			if got := requests(gateway); tt.sent != "" && got != tt.sent {
				t.Errorf("sent %q, want %q", got, tt.sent)
			}
			if strings.Contains(requests(gateway), "DELETE a") {
				t.Errorf("sent %q", requests(gateway))
			}
			if got := text(gateway.Entries("flags")); got != tt.left {
				t.Errorf("the gateway holds %q, want %q", got, tt.left)
			}
		})
	}
}

// TestHandOverTakesTime: how long a creation waits for its key.
func TestHandOverTakesTime(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		ended, underWay    bool // another call
		atLeast, atLongest time.Duration
	}{
		// Nobody could let the key go but a call that Terraform is yet to begin.
		"alone":                    {false, false, 0, time.Second},
		"once another has ended":   {true, false, 0, time.Second},
		"while another is at work": {false, true, 2 * time.Second, 3 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run, gateway := newRun(t, "a=1")
			if tt.ended {
				run.Change(t.Context(), call{add: "b=1"}.change())
			}
			if tt.underWay {
				defer hold(t, run, gateway)()
			}
			begun := time.Now()
			if got := describe(run.Change(t.Context(), call{add: "a=2"}.change())); got != "taken: a" {
				t.Error(got)
			}
			if took := time.Since(begun); took < tt.atLeast || took > tt.atLongest {
				t.Errorf("it took %s, want %s to %s", took, tt.atLeast, tt.atLongest)
			}
		})
	}
}

// TestHandOverMakesRoom: creations that wait can take all the places that
// Terraform has for calls. Where keys are being handed over, one gives up at a
// time, which lets the next call begin.
func TestHandOverMakesRoom(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "a=1 b=1 c=1")
	release := hold(t, run, gateway)
	a := start(t, run, gateway, call{add: "a=2"})
	b := start(t, run, gateway, call{add: "b=2"})
	c := start(t, run, gateway, call{add: "c=2"})
	if got := describe(run.Change(t.Context(), call{remove: "c=1"}.change())); got != "removed c" {
		t.Error(got)
	}
	if got := <-c; got != "written c" {
		t.Error(got)
	}
	release()
	var left string
	var other <-chan string
	select {
	case got := <-a:
		left, other = "b=1", b
		if got != "taken: a" {
			t.Error(got)
		}
	case got := <-b:
		left, other = "a=1", a
		if got != "taken: b" {
			t.Error(got)
		}
	}
	key, _, _ := strings.Cut(left, "=")
	if got := describe(run.Change(t.Context(), call{remove: left}.change())); got != "removed "+key {
		t.Errorf("the call that was made room for: %q", got)
	}
	if got := <-other; got != "written "+key {
		t.Errorf("the creation that went on waiting: %q", got)
	}
}

// TestHandOverOfMany: creations whose keys nobody lets go do not wait for each
// other.
func TestHandOverOfMany(t *testing.T) {
	t.Parallel()
	const count = 50
	var entries []string
	for i := range count {
		entries = append(entries, fmt.Sprintf("k%d=1", i))
	}
	run, _ := newRun(t, strings.Join(entries, " "))
	begun := time.Now()
	outcomes := make(chan string)
	for i := range count {
		go func() { outcomes <- describe(run.Change(t.Context(), call{add: fmt.Sprintf("k%d=2", i)}.change())) }()
	}
	for range count {
		if got := <-outcomes; !strings.HasPrefix(got, "taken: ") {
			t.Error(got)
		}
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("%d refusals took %s", count, took)
	}
}

// TestHandOverToTwo: of two creations that wait for one key, the second is told
// of the first.
func TestHandOverToTwo(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "a=1")
	defer hold(t, run, gateway)()
	first := start(t, run, gateway, call{add: "a=2"})
	second := make(chan string)
	go func() { second <- describe(run.Change(t.Context(), call{add: "a=3"}.change())) }()
	if got := describe(run.Change(t.Context(), call{remove: "a=1"}.change())); got != "removed a" {
		t.Error(got)
	}
	got := []string{<-first, <-second}
	slices.Sort(got)
	if want := []string{"written a", "written before: a"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestHandOverInterrupted: what is cancelled does not wait, and keeps its key
// from being deleted.
func TestHandOverInterrupted(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "a=1 b=1")
	defer hold(t, run, gateway)()
	ctx, cancel := context.WithCancel(t.Context())
	checks := gateway.Inject(mockgateway.Fault{Method: http.MethodGet})
	ended := make(chan string)
	go func() { ended <- describe(run.Change(ctx, call{add: "a=2 b=1"}.change())) }()
	<-checks.Reached(1)
	// This waits until the creation has checked its keys and waits itself.
	run.Change(t.Context(), call{remove: "b=1"}.change())
	begun := time.Now()
	cancel()
	if got := <-ended; !strings.HasSuffix(got, "cancelled: ") {
		t.Error(got)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("it took %s", took)
	}
	if got := describe(run.Change(t.Context(), call{remove: "a=1"}.change())); got != "retained: a" {
		t.Error(got)
	}
}

// TestConcurrentCalls: a call about a key waits for the one that is at work on
// it, and finds what that left.
func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "a=1")
	slow := gateway.Inject(mockgateway.Fault{Method: http.MethodDelete, Times: 1, Delay: 200 * time.Millisecond})
	deleting := make(chan string)
	go func() { deleting <- describe(run.Change(t.Context(), call{remove: "a=1"}.change())) }()
	<-slow.Reached(1)
	if got := describe(run.Change(t.Context(), call{add: "a=2"}.change())); got != "written a" {
		t.Error(got)
	}
	if got := <-deleting; got != "removed a" {
		t.Error(got)
	}
	if got := requests(gateway); got != "DELETE a, PUT a" {
		t.Errorf("sent %q", got)
	}
}
