package quiva

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// refusedPause is how long all requests wait after a 429 that does not say how
// long.
const refusedPause = time.Second

// limiter holds back all requests of a client together, in a line, as its [pacer]
// says.
type limiter struct {
	mu    sync.Mutex
	pacer *pacer
	// line are the requests that wait: those that were tried most first, and among
	// them first come, first served.
	line []waiting
	// tokens are the fewest that responses have said to be left until quotaReset. What
	// is on its way may not count yet.
	tokens     int
	quotaReset time.Time
	// timer ends the wait of the first in the line.
	timer *time.Timer
}

// waiting is a request in the line.
type waiting struct {
	tries int // before
	turn  chan ticket
}

// ticket is a request that was let through.
type ticket struct {
	at    time.Time
	pace  float64
	probe bool
}

// newLimiter makes a limiter that gives a gateway up after so many retries.
func newLimiter(retries int) *limiter {
	l := &limiter{pacer: newPacer(retries)}
	l.timer = time.AfterFunc(0, func() { l.do(func(time.Time) {}) })
	return l
}

// do changes the pacer, and then sends whom that lets through.
func (l *limiter) do(change func(now time.Time)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	change(now)
	for len(l.line) > 0 {
		at := l.pacer.next(now)
		if l.tokens <= l.pacer.inFlight {
			at = latest(at, l.quotaReset)
		}
		if at.After(now) {
			l.timer.Reset(at.Sub(now))
			return
		}
		place := 0
		if l.pacer.consecutiveRefusals > 1 {
			place = len(l.line) - 1 // all is refused: perhaps that one is not
		}
		l.line[place].turn <- l.pacer.send(now)
		l.line = slices.Delete(l.line, place, place+1)
	}
}

// wait returns when a request may be sent that has been tried so often before, or
// with the context's error. For each ticket that it returns, one of accept, refuse
// and drop has to be called.
func (l *limiter) wait(ctx context.Context, tries int) (ticket, error) {
	w := waiting{tries: tries, turn: make(chan ticket, 1)}
	l.do(func(time.Time) {
		place := slices.IndexFunc(l.line, func(other waiting) bool { return other.tries < tries })
		if place < 0 {
			place = len(l.line)
		}
		l.line = slices.Insert(l.line, place, w)
	})
	select {
	case t := <-w.turn:
		return t, nil
	case <-ctx.Done():
	}
	l.do(func(time.Time) {
		if i := slices.Index(l.line, w); i >= 0 {
			l.line = slices.Delete(l.line, i, i+1)
		} else {
			l.pacer.drop() // its turn came just now
		}
	})
	return ticket{}, ctx.Err()
}

// accept notes a response other than 429, with what it says of a limit.
func (l *limiter) accept(t ticket, header http.Header) {
	l.do(func(now time.Time) {
		l.pacer.accept(t)
		if q, ok := rateLimit(header, now); ok { // in any order
			if !now.Before(l.quotaReset) {
				l.tokens = q.limit
			}
			l.tokens, l.quotaReset = min(l.tokens, q.remaining), now.Add(q.reset)
		}
	})
}

// drop notes that no response came.
func (l *limiter) drop() {
	l.do(func(time.Time) { l.pacer.drop() })
}

// refuse notes a 429 with the pause that it asks for. It returns the pause that
// this begins, which is longer if earlier ones led to nothing, or 0 if all
// requests pause already; and whether the request fails. A refusal is no failed try
// while others are accepted, unless there are to be no retries at all.
func (l *limiter) refuse(t ticket, pause time.Duration) (begun time.Duration, final bool) {
	l.do(func(now time.Time) {
		begun = l.pacer.refuse(t, now, pause)
		final = l.pacer.retries == 0 || l.pacer.givenUp()
	})
	return begun, final
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
