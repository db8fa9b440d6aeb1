package reconcile_test

import "testing"

// TestDeleteAbandoned: what was left in place for a replacement that never came
// is deleted in the end, and nothing else is.
func TestDeleteAbandoned(t *testing.T) {
	t.Parallel()
	replaced := call{remove: "a=1", successors: "a", isReplaced: true}
	tests := map[string]struct {
		calls []call
		left  string
	}{
		"never created":           {[]call{replaced}, "b=1"},
		"created":                 {[]call{replaced, {add: "a=2"}}, "a=2 b=1"},
		"not created, but begun":  {[]call{replaced, {add: "a=2", fails: "PUT a"}}, "a=1 b=1"},
		"taken by another object": {[]call{{add: "a=2"}, {remove: "a=1", isReplaced: true}}, "a=1 b=1"},
		"left to another object":  {[]call{{remove: "a=1", successors: "a"}}, "a=1 b=1"},
		"nothing was left at all": {[]call{{set: "a=2"}}, "a=2 b=1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run, gateway := newRun(t, "a=1 b=1")
			for _, call := range tt.calls {
				call.inject(gateway)
				run.Apply(t.Context(), call.change())
			}
			run.DeleteAbandoned(t.Context())
			if got := text(gateway.Entries("flags")); got != tt.left {
				t.Errorf("the gateway holds %q, want %q", got, tt.left)
			}
		})
	}
}
