package reconcile_test

import (
	"context"
	"slices"
	"testing"
	"time"
)

// TestPruneHandsOver: a creation that waits for a key which is pruned gets it,
// and nothing is deleted in between.
func TestPruneHandsOver(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "a=1")
	created := start(t, run, gateway, call{add: "a=2"})
	if got := describe(run.Apply(t.Context(), call{prune: "a=1"}.change())); got != "" {
		t.Errorf("pruned: %q", got)
	}
	if got := <-created; got != "written a" {
		t.Errorf("created: %q", got)
	}
	if got := requests(gateway); got != "PUT a" {
		t.Errorf("sent %q", got)
	}
}

// TestUnheld: what an object was read to hold, or has written, is no foreign
// entry.
func TestUnheld(t *testing.T) {
	t.Parallel()
	run, _ := newRun(t, "")
	run.ReadBy("flags", []string{"read"})
	run.ReadBy("others", []string{"free"})
	run.Successors(t.Context(), "flags", []string{"deleted"})
	run.Apply(t.Context(), call{add: "written=1"}.change())
	if got := run.Unheld("flags", []string{"read", "free", "deleted", "written"}); !slices.Equal(got, []string{"free"}) {
		t.Errorf("unheld: %q, want free", got)
	}
}

// TestPlanPruning: whichever comes first, the other one learns of it.
func TestPlanPruning(t *testing.T) {
	t.Parallel()
	run, _ := newRun(t, "")
	run.ReadBy("flags", []string{"early"})
	if held := run.PlanPruning("flags", []string{"early", "late", "deleted"}); !slices.Equal(held, []string{"early"}) {
		t.Errorf("held: %q, want early", held)
	}
	run.Successors(t.Context(), "flags", []string{"deleted"})
	if pruned := run.Pruned("flags", []string{"late", "other", "deleted"}); !slices.Equal(pruned, []string{"late"}) {
		t.Errorf("pruned: %q, want late", pruned)
	}
	if pruned := run.Pruned("others", []string{"late"}); len(pruned) > 0 {
		t.Errorf("pruned in another bucket: %q", pruned)
	}
}

// TestAwaitUnheld: an object that is being read can wait for all others, also if
// these wait themselves.
func TestAwaitUnheld(t *testing.T) {
	t.Parallel()
	run, _ := newRun(t, "")
	slow := run.Reading()
	waited := make(chan time.Duration, 2)
	for range 2 {
		go func() {
			defer run.Reading()()
			begun := time.Now()
			if got := run.AwaitUnheld(t.Context(), "flags", []string{"free"}); !slices.Equal(got, []string{"free"}) {
				t.Errorf("unheld: %q, want free", got)
			}
			waited <- time.Since(begun)
		}()
	}
	const slowFor = 300 * time.Millisecond
	time.AfterFunc(slowFor, slow)
	for range 2 {
		if took := <-waited; took < slowFor || took > 5*time.Second {
			t.Errorf("it waited for %s, want a little more than %s", took, slowFor)
		}
	}
}

// TestAwaitUnheldNone: an object whose keys have all been seen to be held waits for
// nothing more, and makes way for others that are to be read.
func TestAwaitUnheldNone(t *testing.T) {
	t.Parallel()
	run, _ := newRun(t, "")
	defer run.Reading()()
	defer run.Reading()()
	run.ReadBy("flags", []string{"early"})
	time.AfterFunc(200*time.Millisecond, func() { run.ReadBy("flags", []string{"late"}) })
	if got := run.AwaitUnheld(t.Context(), "flags", []string{"early", "late"}); len(got) > 0 {
		t.Errorf("unheld: %q", got)
	}
}

// TestAwaitUnheldCancelled: nobody waits for a read that hangs once the run ends.
func TestAwaitUnheldCancelled(t *testing.T) {
	t.Parallel()
	run, _ := newRun(t, "")
	defer run.Reading()()
	defer run.Reading()()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	run.AwaitUnheld(cancelled, "flags", []string{"free"})
}
