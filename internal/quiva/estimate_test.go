package quiva

import (
	"math"
	"testing"
	"time"
)

// TestEstimates: a token bucket of 100 a second that lets bursts of 10 through,
// once found full by requests that come faster and faster.
func TestEstimates(t *testing.T) {
	t.Parallel()
	const rate, burst = 100.0, 10.0
	var (
		sent  []ticket
		at    time.Time
		left  = burst
		speed = 20.0
	)
	for {
		left = min(burst, left+rate/speed)
		if left < 1 {
			break // refused
		}
		left--
		sent = append(sent, ticket{at: at})
		at = at.Add(time.Duration(float64(time.Second) / speed))
		speed *= 1.02
	}
	found := sustained(sent, at, burst)
	if found.rate < 0.95*rate || found.rate > rate || found.limit < rate {
		t.Errorf("%d requests show a rate of %.1f to %.1f", len(sent), found.rate, found.limit)
	}
	if got := excess(sent, at, rate); math.Abs(got-burst) > 1.5 {
		t.Errorf("%d requests show a burst of %.1f", len(sent), got)
	}
	if got := excess(sent[:1], at, rate); got != 1 {
		t.Errorf("a single request is a burst of %.1f", got)
	}
	if got := since(sent, at.Add(-time.Second), at); got < int(rate/2) || got > int(rate+burst) {
		t.Errorf("%d requests in the last second", got)
	}
	if found := sustained(nil, at, burst); found != (estimate{}) {
		t.Errorf("no requests show %+v", found)
	}
}
