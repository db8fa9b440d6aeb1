package quiva

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestSearchGoesOn: whatever a gateway does, and in whatever order, there is a
// pace, and somebody can be sent sooner or later.
func TestSearchGoesOn(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		var (
			random   = rand.New(rand.NewPCG(seed, 0))
			s        = newSearch(DefaultMaxRetries)
			now      = time.Now()
			inFlight []ticket
			refusing = 0.1 // the part of requests
		)
		check := func(event string) {
			t.Helper()
			if !(s.pace > 0) || !(s.refusedPace > 0) || !(math.Floor(s.widest) >= 1) || s.inFlight != len(inFlight) ||
				math.IsNaN(s.saved) || math.IsNaN(s.jitter) || math.IsInf(s.burst, 0) {
				t.Fatalf("seed %d, %s: %+v", seed, event, s)
			}
		}
		for range 2000 {
			if random.IntN(100) == 0 {
				refusing = random.Float64() * random.Float64()
			}
			if len(inFlight) > 0 && random.IntN(3) > 0 {
				i := random.IntN(len(inFlight))
				over := inFlight[i]
				inFlight = append(inFlight[:i], inFlight[i+1:]...)
				now = now.Add(time.Duration(random.ExpFloat64() * float64(5*time.Millisecond)))
				switch {
				case random.IntN(50) == 0:
					s.drop()
					check("drop")
				case random.Float64() < refusing:
					s.refuse(over, now, time.Duration(1+random.IntN(3000))*time.Millisecond)
					check("refuse")
				default:
					s.accept(over, now)
					check("accept")
				}
				continue
			}
			at, ok := s.next(now)
			check("next")
			if !ok {
				if len(inFlight) == 0 {
					t.Fatalf("seed %d: nobody is sent, and nobody is waited for", seed)
				}
				continue
			}
			if at.Sub(now) > 2*time.Minute {
				t.Fatalf("seed %d: the next request is sent in %s", seed, at.Sub(now))
			}
			now = latest(now, at)
			if at, ok := s.next(now); ok && !at.After(now) {
				inFlight = append(inFlight, s.send(now))
				check("send")
			}
		}
	}
}
