package reconcile_test

import (
	"slices"
	"testing"
	"time"
)

// TestReadBy: the second object that holds an entry is told so.
func TestReadBy(t *testing.T) {
	t.Parallel()
	run, _ := newRun(t, "")
	if twice := run.ReadBy("flags", []string{"a", "b"}); len(twice) > 0 {
		t.Errorf("the first object: %q", twice)
	}
	if twice := run.ReadBy("others", []string{"a"}); len(twice) > 0 {
		t.Errorf("another bucket: %q", twice)
	}
	if twice := run.ReadBy("flags", []string{"b", "c"}); !slices.Equal(twice, []string{"b"}) {
		t.Errorf("the second object: %q, want b", twice)
	}
}

// TestSuccessors: a deletion learns of the creations that are planned at
// the same time, before it or after it.
func TestSuccessors(t *testing.T) {
	t.Parallel()
	run, _ := newRun(t, "")
	done := run.Reading()
	run.PlanCreation("flags", []string{"a"})
	go func() {
		run.PlanCreation("flags", []string{"b"})
		done()
	}()
	begun := time.Now()
	if planned := run.Successors(t.Context(), "flags", []string{"a", "b", "c"}); !slices.Equal(planned, []string{"a", "b"}) {
		t.Errorf("planned: %q, want a and b", planned)
	}
	if took := time.Since(begun); took > 500*time.Millisecond {
		t.Errorf("it took %s", took)
	}
	// A creation that has begun is not planned any more.
	run.Apply(t.Context(), call{add: "a=1"}.change())
	if planned := run.Successors(t.Context(), "flags", []string{"a"}); len(planned) > 0 {
		t.Errorf("planned after it began: %q", planned)
	}
}

// TestPlannedCreationTakesOver: what is let go before its planned creation begins
// is left in place for it.
func TestPlannedCreationTakesOver(t *testing.T) {
	t.Parallel()
	run, gateway := newRun(t, "a=1")
	run.PlanCreation("flags", []string{"a"})
	if got := describe(run.Apply(t.Context(), call{remove: "a=1"}.change())); got != "let go a" {
		t.Error(got)
	}
	if got := describe(run.Apply(t.Context(), call{add: "a=2"}.change())); got != "written a" {
		t.Error(got)
	}
	if got := requests(gateway); got != "PUT a" {
		t.Errorf("sent %q", got)
	}
}

// TestSuccessorsTakeTime: all deletions of a plan together wait for a
// second at most, however long something else is read.
func TestSuccessorsTakeTime(t *testing.T) {
	t.Parallel()
	run, _ := newRun(t, "")
	defer run.Reading()()
	begun := time.Now()
	for range 100 {
		run.Successors(t.Context(), "flags", []string{"a"})
	}
	if took := time.Since(begun); took < 900*time.Millisecond || took > 3*time.Second {
		t.Errorf("100 deletions took %s, want about a second", took)
	}
}

// TestPlanBucketDeletion: nothing can stay in a bucket that is deleted.
func TestPlanBucketDeletion(t *testing.T) {
	t.Parallel()
	run, _ := newRun(t, "")
	if run.IsBucketLeaving("flags") {
		t.Error("leaving before it is planned")
	}
	run.PlanBucketDeletion("flags")
	if !run.IsBucketLeaving("flags") || run.IsBucketLeaving("others") {
		t.Error("the wrong bucket is leaving")
	}
}

// TestSuccessorsInState: entries that another object of the state has stay in
// place too, but those that only the deleted one has do not.
func TestSuccessorsInState(t *testing.T) {
	t.Parallel()
	run, _ := newRun(t, "")
	run.ReadBy("flags", []string{"a"})
	if held := run.Successors(t.Context(), "flags", []string{"a", "b"}); !slices.Equal(held, []string{"a"}) {
		t.Errorf("before it is read: %q, want a", held)
	}
	run.ReadBy("flags", []string{"a", "b"})
	if held := run.Successors(t.Context(), "flags", []string{"b"}); len(held) > 0 {
		t.Errorf("after it is read: %q", held)
	}
}
