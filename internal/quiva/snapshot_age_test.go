package quiva

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestSnapshotAge: a list is not served once it is 30 seconds old, counted from
// when it was asked for.
func TestSnapshotAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &snapshots{buckets: map[string]*snapshotBucket{}}
		for range bulkThreshold {
			if list, _ := s.join("flags", snapshotAge); list != nil {
				t.Fatal("a list for the first entries")
			}
		}
		first, fetch := s.join("flags", snapshotAge)
		if !fetch {
			t.Fatal("no list after the first entries")
		}
		time.Sleep(snapshotAge)
		if list, fetch := s.join("flags", snapshotAge); list != first || fetch {
			t.Error("a list of 30 seconds is not shared")
		}
		time.Sleep(time.Nanosecond)
		if list, fetch := s.join("flags", snapshotAge); list == first || !fetch {
			t.Error("an older list is still served")
		}
	})
}
