package provider_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"
)

// Flags of TestHistories, for a run of its own: see make histories.
var (
	histories        = flag.Int("histories", 6, "how many random histories are played")
	firstSeed        = flag.Uint64("history.seed", 1, "seed of the first history; those after it have the seeds that follow")
	historiesWithCLI = flag.Int("histories.cli", 2, "how many are played with the command line of Terraform")
	historyKind      = flag.String("history.kind", "", "what happens in each history, of historyKinds; those have others too")
	timeToShorten    = flag.Duration("history.shorten", 10*time.Second, "how long to look for a shorter one of a history that breaks a promise")
)

// TestHistories plays random histories of one configuration: entries and properties
// are renamed, moved between resources, changed, added and dropped, others write,
// requests fail, runs are ended, and after every run the promises must hold. One
// that breaks is printed as it went, and then the shortest found that breaks too.
func TestHistories(t *testing.T) {
	t.Parallel()
	if *historyKind != "" && !slices.Contains(historyKinds, *historyKind) {
		t.Fatalf("the kinds are %v", historyKinds)
	}
	for i := range *histories {
		seed := *firstSeed + uint64(i)
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			h := newHistory(seed, *historyKind)
			p, broken := playHistory(t, h)
			if broken == nil {
				return
			}
			t.Errorf("seed %d breaks %s", seed, broken)
			h.steps = h.steps[:broken.step]
			shorten(&h, time.Now().Add(*timeToShorten), func(shorter history) bool {
				again, alike := playHistory(t, shorter)
				if alike == nil || alike.promise != broken.promise {
					return false
				}
				p, broken = again, alike
				return true
			})
			t.Logf("seed %d, shortened, breaks %s\n%s", seed, broken, &p.story)
		})
	}
}
