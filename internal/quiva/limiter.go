package quiva

import (
	"context"
	"slices"
	"sync"
	"time"
)

// refusedPause is how long all requests wait after a 429 that does not say how
// long.
const refusedPause = time.Second

// limiter holds back all requests of a client together, in a line, as a [search]
// for what the gateway accepts tells it.
type limiter struct {
	mu     sync.Mutex
	search *search
	// line are the requests that wait: those that were tried most first, so that
	// none runs out of tries, and among them first come, first served.
	line []waiting
	// timer ends the wait of the first in the line.
	timer *time.Timer
}

// waiting is a request in the line.
type waiting struct {
	tries int // before
	turn  chan ticket
}

// newLimiter makes a limiter that gives a gateway up after so many retries.
func newLimiter(retries int) *limiter {
	l := &limiter{search: newSearch(retries)}
	l.timer = time.AfterFunc(0, func() { l.do(func(time.Time) {}) })
	return l
}

// do changes the search, and then sends whom that lets through.
func (l *limiter) do(change func(now time.Time)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	change(now)
	for len(l.line) > 0 {
		at, ok := l.search.next(now)
		if !ok {
			return // the response that this waits for comes back here
		}
		if at.After(now) {
			l.timer.Reset(at.Sub(now))
			return
		}
		place := 0
		if l.search.fruitless > 1 {
			place = len(l.line) - 1 // all is refused: ask with one that has tries left
		}
		l.line[place].turn <- l.search.send(now)
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
			l.search.drop() // its turn came just now
		}
	})
	return ticket{}, ctx.Err()
}

// accept notes a response other than 429.
func (l *limiter) accept(t ticket) {
	l.do(func(now time.Time) { l.search.accept(t, now) })
}

// drop notes that no response came.
func (l *limiter) drop() {
	l.do(func(time.Time) { l.search.drop() })
}

// refuse notes a 429 with the pause that it asks for. It returns the pause that
// this begins, which is longer if earlier ones led to nothing, or 0 if all
// requests pause already; and whether the gateway is given up.
func (l *limiter) refuse(t ticket, pause time.Duration) (begun time.Duration, givenUp bool) {
	l.do(func(now time.Time) {
		begun = l.search.refuse(t, now, pause)
		givenUp = l.search.givenUp()
	})
	return begun, givenUp
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
