package mockgateway

import (
	"sync"
	"time"
)

// rateLimiter counts requests in fixed windows of a second.
type rateLimiter struct {
	perSecond int

	mu          sync.Mutex
	windowStart time.Time
	passed      int
	refused     int
}

func (l *rateLimiter) allow() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.windowStart) >= time.Second {
		l.windowStart, l.passed = now, 0
	}
	if l.passed < l.perSecond {
		l.passed++
		return true
	}
	l.refused++
	return false
}

func (l *rateLimiter) refusedTotal() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}
