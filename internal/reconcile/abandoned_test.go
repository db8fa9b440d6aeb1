package reconcile_test

import (
	"context"
	"testing"
)

// TestDeleteAbandoned: what was left in place for a replacement that never came
// is deleted in the end, and nothing else is.
func TestDeleteAbandoned(t *testing.T) {
	t.Parallel()
	replaced := call{remove: "a=1", successors: "a", isReplaced: true}
	tests := map[string]struct {
		calls     []call
		cancelled bool
		left      string
	}{
		"never created":           {[]call{replaced}, false, "b=1"},
		"created":                 {[]call{replaced, {add: "a=2"}}, false, "a=2 b=1"},
		"not created, but begun":  {[]call{replaced, {add: "a=2", fails: "PUT a"}}, false, "a=1 b=1"},
		"cancelled":               {[]call{replaced}, true, "a=1 b=1"},
		"left to another object":  {[]call{{remove: "a=1", successors: "a"}}, false, "a=1 b=1"},
		"nothing was left at all": {[]call{{set: "a=2"}}, false, "a=2 b=1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run, gateway := newRun(t, "a=1 b=1")
			for _, call := range tt.calls {
				call.inject(gateway)
				run.Apply(t.Context(), call.change())
			}
			if tt.cancelled {
				cancelled, cancel := context.WithCancel(t.Context())
				cancel()
				run.Apply(cancelled, call{remove: "b=1"}.change())
			}
			run.DeleteAbandoned(t.Context())
			if got := text(gateway.Entries("flags")); got != tt.left {
				t.Errorf("the gateway holds %q, want %q", got, tt.left)
			}
		})
	}
}
