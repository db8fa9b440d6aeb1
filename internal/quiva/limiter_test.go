package quiva

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// window is a gateway that accepts limit requests in each second, which begins
// with the first request after the last one's end. A limit of 0 accepts all.
type window struct {
	mu       sync.Mutex
	limit    int
	begin    time.Time
	count    int
	accepted int
	rejected int
}

func (w *window) request() (ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := time.Now(); now.Sub(w.begin) >= time.Second {
		w.begin, w.count = now, 0
	}
	w.count++
	if w.limit > 0 && w.count > w.limit {
		w.rejected++
		return false
	}
	w.accepted++
	return true
}

// send has a number of workers send requests until so many are accepted.
func (w *window) send(t *testing.T, l *limiter, workers, requests int, latency time.Duration) time.Duration {
	t.Helper()
	start := time.Now()
	work := make(chan struct{}, requests)
	for range requests {
		work <- struct{}{}
	}
	close(work)
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for range work {
				for accepted := false; !accepted; {
					if err := l.wait(t.Context()); err != nil {
						t.Error(err)
					}
					sent := time.Now()
					time.Sleep(latency)
					if accepted = w.request(); accepted {
						l.accept()
					} else {
						l.reject(sent, time.Second)
					}
				}
			}
		})
	}
	wait.Wait()
	return time.Since(start)
}

// TestLimiterUsesTheLimit: a limit is used, not fought, at any parallelism.
func TestLimiterUsesTheLimit(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 10, 50, 256} {
		for _, latency := range []time.Duration{0, time.Millisecond, 50 * time.Millisecond} {
			synctest.Test(t, func(t *testing.T) {
				gateway := &window{limit: 100}
				took := gateway.send(t, &limiter{}, workers, 2000, latency)
				least := max(20*time.Second, 2000*latency/time.Duration(workers))
				if took > least*5/4 {
					t.Errorf("%d workers at %s took %s, more than 1.25 × %s", workers, latency, took, least)
				}
				// What was on its way when the limit was met is lost each time.
				if most := 300 + max(0, workers-50)*2; gateway.rejected > most {
					t.Errorf("%d workers at %s were rejected %d times", workers, latency, gateway.rejected)
				}
			})
		}
	}
}

// TestLimiterKeepsTheRate: a higher rate is not tried before twenty seconds,
// since each try at an exact limit ends in a pause.
func TestLimiterKeepsTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gateway, l := &window{limit: 100}, &limiter{}
		gateway.send(t, l, 10, 150, 0)
		met := gateway.rejected
		if took := gateway.send(t, l, 10, 1800, 0); took < 18*time.Second || took > 20*time.Second {
			t.Errorf("1,800 requests at 95 a second took %s", took)
		}
		if gateway.rejected != met {
			t.Errorf("%d more requests were rejected", gateway.rejected-met)
		}
	})
}

// TestLimiterRecovers: a limit that was lifted, or raised, is forgotten.
func TestLimiterRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gateway, l := &window{limit: 10}, &limiter{}
		gateway.send(t, l, 10, 100, 0)
		gateway.limit = 0
		l.mu.Lock()
		slow := l.interval
		l.mu.Unlock()
		if slow < 100*time.Millisecond {
			t.Errorf("at 10 requests a second the interval is %s", slow)
		}
		if took := gateway.send(t, l, 10, 10_000, time.Millisecond); took > 90*time.Second {
			t.Errorf("10,000 requests took %s after the limit was lifted", took)
		}
	})
}

// TestLimiterColdStart: a gateway that rejects the very first requests has said
// nothing of its rate, only how long to wait.
func TestLimiterColdStart(t *testing.T) {
	t.Parallel()
	for _, pause := range []time.Duration{time.Second, 10 * time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			l, start := &limiter{}, time.Now()
			for range 10 {
				l.reject(start.Add(time.Nanosecond), pause)
			}
			(&window{}).send(t, l, 10, 100, 10*time.Millisecond)
			if took := time.Since(start); took > pause+time.Second {
				t.Errorf("100 requests took %s after a pause of %s", took, pause)
			}
		})
	}
}

// TestLimiterPausesAll: one 429 holds back everybody, for as long as it says.
func TestLimiterPausesAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &limiter{}
		l.accept()
		if !l.reject(time.Now().Add(time.Nanosecond), 7*time.Second) {
			t.Error("the first 429 begins no pause")
		}
		if l.reject(time.Now().Add(-time.Second), 7*time.Second) {
			t.Error("a 429 to a request of before begins another pause")
		}
		start := time.Now()
		var wait sync.WaitGroup
		for range 5 {
			wait.Go(func() {
				if err := l.wait(t.Context()); err != nil {
					t.Error(err)
				}
				if waited := time.Since(start); waited < 7*time.Second {
					t.Errorf("a request was sent after %s", waited)
				}
			})
		}
		wait.Wait()
	})
}

func TestLimiterEndsWithContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &limiter{}
		l.reject(time.Now().Add(time.Nanosecond), time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := l.wait(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("waited %s and got %v", time.Since(start), err)
		}
	})
}
