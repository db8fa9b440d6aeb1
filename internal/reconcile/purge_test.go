package reconcile_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestPurge: what a run has deleted on request is free for others, and what could
// not be deleted is as it was.
func TestPurge(t *testing.T) {
	t.Parallel()
	keys := []string{"a", "b"}
	tests := map[string]struct {
		whole bool
		fails string // requests that do
		left  string
		next  call // after it
		last  string
	}{
		"each":        {left: "c=1", next: call{add: "a=2 b=2", want: "written a b"}, last: "a=2 b=2 c=1"},
		"whole":       {whole: true, next: call{add: "a=2 b=2", want: "written a b"}, last: "a=2 b=2"},
		"each, fails": {fails: "*/entries/a", left: "a=1 c=1", next: call{add: "a=2 b=2", want: "written b; taken: a"}, last: "a=1 b=2 c=1"},
		"whole fails": {whole: true, fails: "*/purge", left: "a=1 b=1 c=1", next: call{add: "a=2 b=2", want: "taken: a b"}, last: "a=1 b=1 c=1"},
		// An update writes again what it would have left alone.
		"each, updated":           {left: "c=1", next: call{set: "a=2", had: "a=1", keep: "b=1", want: "written a"}, last: "a=2 b=1 c=1"},
		"whole, unknown, updated": {whole: true, next: call{keep: "c=1"}, last: "c=1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run, gateway := newRun(t, "a=1 b=1 c=1")
			if tt.fails != "" {
				gateway.Inject(mockgateway.Fault{Method: http.MethodDelete, Path: tt.fails, Effect: mockgateway.Respond(http.StatusBadRequest, nil, `{"error":"locked"}`)})
			}
			var err error
			if tt.whole {
				err = run.PurgeBucket(t.Context(), "flags", keys)
			} else {
				err = run.DeleteEntries(t.Context(), "flags", keys).Err()
			}
			if (err != nil) != (tt.fails != "") {
				t.Errorf("error %v", err)
			}
			if got := text(gateway.Entries("flags")); got != tt.left {
				t.Errorf("the gateway holds %q", got)
			}
			if got := describe(run.Change(t.Context(), tt.next.change())); got != tt.next.want {
				t.Errorf("the change after it: %q", got)
			}
			if got := text(gateway.Entries("flags")); got != tt.last {
				t.Errorf("after that, the gateway holds %q", got)
			}
		})
	}
}

// TestPurgeCancelled: nothing is deleted, and nothing is called deleted.
func TestPurgeCancelled(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "a=1 b=1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	keys := []string{"a", "b"}
	if err := run.PurgeBucket(ctx, "flags", keys); !errors.Is(err, context.Canceled) {
		t.Errorf("the error of the purge is %v", err)
	}
	requests := run.DeleteEntries(ctx, "flags", keys)
	if err := requests.Err(); !errors.Is(err, context.Canceled) || len(requests.Done) > 0 || !slices.Equal(requests.Untried, []string{"b"}) {
		t.Errorf("the deletions came to %+v", requests)
	}
	if got := text(gateway.Entries("flags")); got != "a=1 b=1" || gateway.Count("", "") > 0 {
		t.Errorf("the gateway holds %q", got)
	}
}
