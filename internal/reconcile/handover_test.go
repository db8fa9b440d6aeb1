package reconcile_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

// onItsClock runs a test whose time passes only while all of its calls wait.
func onItsClock(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

// hold keeps a call about the key "held" under way until the returned function
// is called.
func hold(t *testing.T, run *reconcile.Apply, gateway *mockgateway.Gateway) (release func()) {
	t.Helper()
	gateway.Inject(mockgateway.Fault{Method: http.MethodPut, Path: "*/entries/held", Effect: mockgateway.Hang()})
	ctx, cancel := context.WithCancel(t.Context())
	go run.Change(ctx, call{set: "held=1", had: "held=0"}.change())
	synctest.Wait()
	return func() {
		cancel()
		synctest.Wait()
	}
}

// start makes a call, and returns once it has ended or waits.
func start(ctx context.Context, run *reconcile.Apply, c call) (outcome <-chan string) {
	described := make(chan string, 1)
	go func() { described <- describe(run.Change(ctx, c.change())) }()
	synctest.Wait()
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
		sent   string // but for the PUT of the call that is under way, if its order is known
		left   string
	}{
		"one to one":   {"a=1", call{add: "a=2", want: "written a"}, []call{{remove: "a=1", want: "removed a"}}, "PUT a", "a=2"},
		"two to one":   {"a=1 b=1", call{add: "a=2 b=1", want: "written a b"}, []call{{remove: "b=1", want: "removed b"}, {remove: "a=1", want: "removed a"}}, "PUT a", "a=2 b=1"},
		"out of many":  {"a=1 b=1", call{add: "a=2", want: "written a"}, []call{{remove: "a=1 b=1", want: "removed a b"}}, "", "a=2"},
		"by an update": {"a=1 b=1", call{add: "a=2", want: "written a"}, []call{{set: "b=2", had: "b=0", remove: "a=1", want: "written b; removed a"}}, "PUT b, PUT a", "a=2 b=2"},
		"swapped":      {"a=1 b=1", call{add: "a=2", remove: "b=1", want: "written a; removed b"}, []call{{add: "b=2", remove: "a=1", want: "written b; removed a"}}, "", "a=2 b=2"},
		// Another resource adds b while the first one waits for a.
		"declared twice":    {"a=1 b=1", call{add: "a=2 b=1", want: "inherited a=1; written before: b"}, []call{{add: "b=1", want: "written b"}, {remove: "a=1", want: "removed a"}}, "", "a=1 b=1"},
		"to two":            {"a=1", call{add: "a=2", want: "written a"}, []call{{remove: "a=1", want: "removed a"}, {add: "a=3", want: "written before: a"}}, "PUT a", "a=2"},
		"not the right one": {"a=1 b=1", call{add: "a=2", want: "taken: a"}, []call{{remove: "b=1", want: "removed b"}}, "DELETE b", "a=1"},
		// What is foreign is not written over, whatever is pruned meanwhile.
		"pruned meanwhile": {"a=1 b=1", call{add: "a=2", want: "taken: a"}, []call{{prune: "a=1 b=1"}}, "DELETE b", "a=1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onItsClock(t, func(t *testing.T) {
				run, gateway := newRun(t, tt.holds)
				release := hold(t, run, gateway)
				defer release()
				gateway.ResetRequests()
				first := start(t.Context(), run, tt.first)
				for i, call := range tt.others {
					if got := describe(run.Change(t.Context(), call.change())); got != call.want {
						t.Errorf("call %d: %q, want %q", i+2, got, call.want)
					}
					synctest.Wait() // the first call goes on
				}
				if got := <-first; got != tt.first.want {
					t.Errorf("call 1: %q, want %q", got, tt.first.want)
				}
				if got := requests(gateway); tt.sent != "" && got != tt.sent || strings.Contains(got, "DELETE a") {
					t.Errorf("sent %q", got)
				}
				if got := text(gateway.Entries("flags")); got != tt.left {
					t.Errorf("the gateway holds %q, want %q", got, tt.left)
				}
			})
		})
	}
}

// TestHandOverTakesTime: how long a creation waits for its key.
func TestHandOverTakesTime(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		ended, underWay bool // another call
		want            time.Duration
	}{
		// Nobody could let the key go but a call that Terraform is yet to begin.
		"alone":                    {want: 100 * time.Millisecond},
		"once another has ended":   {ended: true, want: 100 * time.Millisecond},
		"while another is at work": {underWay: true, want: 2 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onItsClock(t, func(t *testing.T) {
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
				if took := time.Since(begun); took != tt.want {
					t.Errorf("it took %s, want %s", took, tt.want)
				}
			})
		})
	}
}

// TestHandOverMakesRoom: creations that wait can take all the places that
// Terraform has for calls. Where keys are being handed over, one gives up at a
// time, which lets the next call begin.
func TestHandOverMakesRoom(t *testing.T) {
	onItsClock(t, func(t *testing.T) {
		run, gateway := newRun(t, "a=1 b=1 c=1")
		release := hold(t, run, gateway)
		a := start(t.Context(), run, call{add: "a=2"})
		b := start(t.Context(), run, call{add: "b=2"})
		c := start(t.Context(), run, call{add: "c=2"})
		let := func(remove string) string { return describe(run.Change(t.Context(), call{remove: remove}.change())) }
		got := []string{let("c=1"), <-c}
		release()
		got = append(got, <-a, let("b=1"), <-b)
		if want := []string{"removed c", "written c", "taken: a", "removed b", "written b"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestHandOverOfMany: creations whose keys nobody lets go do not wait for each
// other.
func TestHandOverOfMany(t *testing.T) {
	onItsClock(t, func(t *testing.T) {
		const count = 50
		var entries []string
		for i := range count {
			entries = append(entries, fmt.Sprintf("k%d=1", i))
		}
		run, _ := newRun(t, strings.Join(entries, " "))
		begun := time.Now()
		outcomes := make(chan string)
		for i := range count {
			go func() {
				outcomes <- describe(run.Change(t.Context(), call{add: fmt.Sprintf("k%d=2", i)}.change()))
			}()
		}
		for range count {
			if got := <-outcomes; !strings.HasPrefix(got, "taken: ") {
				t.Error(got)
			}
		}
		if took := time.Since(begun); took > 200*time.Millisecond {
			t.Errorf("%d refusals took %s", count, took)
		}
	})
}

// TestHandOverInterrupted: what is cancelled does not wait, and keeps its key
// from being deleted.
func TestHandOverInterrupted(t *testing.T) {
	onItsClock(t, func(t *testing.T) {
		run, gateway := newRun(t, "a=1")
		defer hold(t, run, gateway)()
		ctx, cancel := context.WithCancel(t.Context())
		creation := start(ctx, run, call{add: "a=2"})
		begun := time.Now()
		cancel()
		if got := <-creation; got != "cancelled: " || time.Since(begun) > 0 {
			t.Errorf("%q after %s", got, time.Since(begun))
		}
		if got := describe(run.Change(t.Context(), call{remove: "a=1"}.change())); got != "retained: a" {
			t.Error(got)
		}
	})
}

// TestConcurrentCalls: a call about a key waits for the one that is at work on
// it, and finds what that left.
func TestConcurrentCalls(t *testing.T) {
	onItsClock(t, func(t *testing.T) {
		run, gateway := newRun(t, "a=1")
		gateway.Inject(mockgateway.Fault{Method: http.MethodDelete, Times: 1, Delay: time.Second})
		deleting := start(t.Context(), run, call{remove: "a=1"})
		if got := describe(run.Change(t.Context(), call{add: "a=2"}.change())); got != "written a" {
			t.Error(got)
		}
		if got := <-deleting; got != "removed a" {
			t.Error(got)
		}
		if got := requests(gateway); got != "DELETE a, PUT a" {
			t.Errorf("sent %q", got)
		}
	})
}
