package reconcile_test

import "testing"

// TestPruneKeeps: a foreign entry is not written over by a creation that waits for
// its key, whatever is pruned meanwhile.
func TestPruneKeeps(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "a=1")
	created := start(t, run, gateway, call{add: "a=2"})
	if got := describe(run.Change(t.Context(), call{prune: "a=1"}.change())); got != "" {
		t.Errorf("pruned: %q", got)
	}
	if got := <-created; got != "taken: a" {
		t.Errorf("created: %q", got)
	}
	if got := requests(gateway); got != "" {
		t.Errorf("sent %q", got)
	}
}
