//go:build unix

package endtoend_test

import (
	"flag"
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// Flags of TestHistories, for a run of its own:
//
//	TF_ACC=1 go test ./internal/endtoend -run TestHistories -timeout 2h -histories=100 -history.seed=1000
var (
	histories     = flag.Int("histories", 20, "how many random histories are played")
	firstSeed     = flag.Uint64("history.seed", 1, "seed of the first history; those after it have the seeds that follow")
	timeToShorten = flag.Duration("history.shorten", time.Minute, "how long to look for a shorter one of a history that breaks a promise")
)

// TestHistories plays random histories of one configuration: its entries, and the
// properties of entries that others write too, are renamed, moved between
// resources, changed, added and dropped, requests fail, runs are ended, and after
// every run the promises must hold. One that breaks is printed as it went, and then
// the shortest found that breaks too. A seed fixes what is run; in which order
// Terraform calls the provider may differ.
func TestHistories(t *testing.T) {
	var needed atomic.Int64 // histories that needed a step that an error names
	t.Cleanup(func() {
		t.Logf("%d of %d histories needed a step that an error named", needed.Load(), *histories)
		if limit := int64(*histories+9) / 10; needed.Load() > limit {
			t.Errorf("that is more than %d", limit)
		}
	})
	for i := range *histories {
		seed := *firstSeed + uint64(i)
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			needTerraform(t)
			h := newHistory(seed)
			p, broken := play(t, h)
			if p.named > 0 {
				needed.Add(1)
			}
			if broken == nil {
				return
			}
			t.Errorf("seed %d breaks %s\n%s", seed, broken, &p.story)
			var shortest *player
			h.steps = h.steps[:broken.step]
			shorten(h, time.Now().Add(*timeToShorten), func(shorter history) bool {
				again, alike := play(t, shorter)
				if alike == nil || alike.promise != broken.promise {
					return false
				}
				shortest, broken = again, alike
				return true
			})
			if shortest != nil {
				t.Logf("seed %d, shortened, breaks %s\n%s", seed, broken, &shortest.story)
			}
		})
	}
}
