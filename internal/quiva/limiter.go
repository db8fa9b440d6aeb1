package quiva

import (
	"context"
	"sync"
	"time"
)

const (
	// rejectedPause is how long all requests wait after a 429 that does not
	// say how long.
	rejectedPause = time.Second
	// headroom is the part of a gateway's limit that is used.
	headroom = 0.95
	// catchUp is how many requests may follow at once on a moment in which
	// there was none to send. With the headroom they stay within the limit.
	catchUp = 3
	// A rate is kept for growAfter, then raised every growEvery, by growth at
	// first and by twice as much each time: an exact limit is seldom touched,
	// and one that was lifted is forgotten in little more than a minute.
	growAfter = 20 * time.Second
	growEvery = 5 * time.Second
	growth    = 0.02
	// unlimited is the interval below which requests are not spaced any more.
	unlimited = 100 * time.Microsecond
	// memory is how far back accepted requests are counted.
	memory = 10 * time.Second
)

// limiter holds back all requests of a client together. It lets everything
// through until the gateway answers 429; then all requests pause for as long as
// the gateway says, and go on at the rate that the gateway has shown to accept.
type limiter struct {
	mu sync.Mutex
	// accepted are the times of the answers other than 429 within memory.
	accepted []time.Time
	// pausedAt and pausedUntil are the last pause.
	pausedAt, pausedUntil time.Time
	// interval is the least time between two requests, 0 as long as there is
	// no limit; next is when the next one may be sent.
	interval time.Duration
	next     time.Time
	// growAt is when the rate is raised by the factor 1+growBy.
	growAt time.Time
	growBy float64
	// epoch counts the changes that make waiting requests line up again.
	epoch int
}

// wait returns when a request may be sent, or with the context's error.
func (l *limiter) wait(ctx context.Context) error {
	for {
		now := time.Now()
		at, epoch := l.reserve(now)
		if !at.After(now) {
			return nil
		}
		timer := time.NewTimer(at.Sub(now))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
		if !l.changedSince(epoch) {
			return nil
		}
	}
}

// reserve takes the next place in the line.
func (l *limiter) reserve(now time.Time) (at time.Time, epoch int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.interval > 0 && now.After(l.growAt) {
		l.interval = time.Duration(float64(l.interval) / (1 + l.growBy))
		l.growBy *= 2
		l.growAt = l.growAt.Add(growEvery)
		if l.interval < unlimited {
			l.interval = 0
		}
	}
	at = latest(now, l.pausedUntil)
	if l.interval > 0 {
		place := latest(l.next, at.Add(-catchUp*l.interval))
		l.next = place.Add(l.interval)
		at = latest(at, place)
	}
	return at, l.epoch
}

func (l *limiter) changedSince(epoch int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.epoch != epoch
}

// accept notes an answer other than 429.
func (l *limiter) accept() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if len(l.accepted) > 0 && now.Sub(l.accepted[0]) > 2*memory {
		l.accepted = l.accepted[l.acceptedBefore(now.Add(-memory)):]
	}
	l.accepted = append(l.accepted, now)
}

// acceptedBefore returns how many of the accepted requests are older than a
// time.
func (l *limiter) acceptedBefore(limit time.Time) int {
	for i, at := range l.accepted {
		if at.After(limit) {
			return i
		}
	}
	return len(l.accepted)
}

// reject notes a 429 to a request that was sent at a time, with the pause that
// it asks for. It reports whether this begins a pause.
func (l *limiter) reject(sent time.Time, pause time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.epoch++
	begins := sent.After(l.pausedAt)
	if begins {
		window := max(min(pause, memory), rejectedPause)
		// A gateway that has accepted nothing has not shown its rate either.
		if count := len(l.accepted) - l.acceptedBefore(now.Add(-window)); count > 0 {
			l.interval = time.Duration(float64(window) / (headroom * float64(count)))
		}
		l.growAt, l.growBy = now.Add(pause+growAfter), growth
		l.pausedAt = now
	}
	l.pausedUntil = latest(l.pausedUntil, now.Add(pause))
	l.next = l.pausedUntil
	return begins
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
