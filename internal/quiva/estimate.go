package quiva

import (
	"slices"
	"time"
)

// estimate is what times of accepted requests tell about a limit.
type estimate struct {
	// rate, in requests per second, is what the gateway allows at least, and limit
	// what it allows at most.
	rate, limit float64
	// over is the number of seconds in which that was seen.
	over float64
}

// sustained returns the largest rate that a gateway must allow which accepts
// bursts, and accepted requests at these times until it refused one at end. All
// beyond the burst came with the rate: (count-burst)/time is less than the rate,
// and is the rate, but for one request, where the burst was there at the start
// and used up at the end.
func sustained(sent []ticket, end time.Time, burst float64) estimate {
	var found estimate
	for i, t := range sent {
		count, over := float64(len(sent)-i), end.Sub(t.at).Seconds()
		if over > 0 && (count-burst)/over > found.rate {
			found = estimate{rate: (count - burst) / over, limit: (count + 2) / over, over: over}
		}
	}
	return found
}

// excess returns how many of the requests accepted until end came in a burst,
// given the rate that the gateway allows: the reverse of sustained. It is 1 at
// least.
func excess(sent []ticket, end time.Time, rate float64) float64 {
	burst := 1.0
	for i, t := range sent {
		burst = max(burst, float64(len(sent)-i)-rate*end.Sub(t.at).Seconds())
	}
	return burst
}

// since counts the times from a start to an end.
func since(sent []ticket, start, end time.Time) int {
	count := 0
	for _, t := range sent {
		if !t.at.Before(start) && !t.at.After(end) {
			count++
		}
	}
	return count
}

// sort puts the requests in order, which their responses need not have kept,
// and leaves out those after the refusal.
func (s *stage) sort() {
	s.sent = slices.DeleteFunc(s.sent, func(t ticket) bool { return t.at.After(s.refusal.at) })
	slices.SortFunc(s.sent, func(a, b ticket) int { return a.at.Compare(b.at) })
}
