package quiva

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// run is work that is done against a gateway, on synctest's clock.
type run struct {
	gateway *mockgateway.Gateway
	limiter *limiter
	// workers send one request at a time each, which takes latency and, at
	// random, up to jitter more on its way there.
	workers         int
	latency, jitter time.Duration
}

// result is what came of it.
type result struct {
	wall    time.Duration
	refused int // requests
	tries   int // the most that one request took
}

func newRun(limit mockgateway.Limit, workers int, latency time.Duration) *run {
	r := &run{
		gateway: mockgateway.NewGateway(), limiter: newLimiter(DefaultMaxRetries),
		workers: workers, latency: latency,
	}
	r.gateway.SetKeepRequests(false)
	r.gateway.SetLimit(limit)
	return r
}

// do has so many requests accepted.
func (r *run) do(t *testing.T, requests int) (seen result) {
	t.Helper()
	work := make(chan struct{}, requests)
	for range requests {
		work <- struct{}{}
	}
	close(work)
	var (
		start, refused = time.Now(), r.gateway.Refused()
		mu             sync.Mutex
		workers        sync.WaitGroup
	)
	for range r.workers {
		workers.Go(func() {
			for range work {
				tries := 1
				for !r.try(t, tries-1) {
					tries++
				}
				mu.Lock()
				seen.tries = max(seen.tries, tries)
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	seen.wall, seen.refused = time.Since(start), r.gateway.Refused()-refused
	return seen
}

// try sends a request that was tried before so often. It reports whether it was
// accepted.
func (r *run) try(t *testing.T, before int) bool {
	ticket, err := r.limiter.wait(t.Context(), before)
	if err != nil {
		t.Error(err)
	}
	time.Sleep(r.latency/2 + rand.N(r.jitter+1))
	request := httptest.NewRequest(http.MethodGet, "/storage/kv", nil)
	request.Header.Set("X-Api-Key", mockgateway.DefaultAPIKey)
	response := httptest.NewRecorder()
	r.gateway.ServeHTTP(response, request)
	time.Sleep(r.latency / 2)
	if response.Code == http.StatusOK {
		r.limiter.accept(ticket)
		return true
	}
	pause, ok := retryAfter(response.Header(), time.Now())
	if !ok {
		pause = refusedPause
	}
	r.limiter.refuse(ticket, pause)
	return false
}

// told is a Retry-After of so many seconds.
func told(seconds int) mockgateway.RetryAfter {
	return mockgateway.RetryAfter{Form: mockgateway.Seconds, Pause: time.Duration(seconds) * time.Second}
}

// rateLimits are the kinds of limit that gateways have. The rate is what each
// allows in a second, the pause what follows its 429.
var rateLimits = map[string]struct {
	limit mockgateway.Limit
	rate  int
	pause time.Duration
}{
	"token bucket, 1 a second":                {mockgateway.TokenBucket{Rate: 1, Burst: 1, RetryAfter: told(1)}, 1, time.Second},
	"token bucket, 5 a second":                {mockgateway.TokenBucket{Rate: 5, Burst: 5}, 5, time.Second},
	"token bucket, 10 a second, burst 1":      {mockgateway.TokenBucket{Rate: 10, Burst: 1, RetryAfter: told(1)}, 10, time.Second},
	"token bucket, 20 a second, burst 1":      {mockgateway.TokenBucket{Rate: 20, Burst: 1, RetryAfter: told(1)}, 20, time.Second},
	"token bucket, 50 a second, burst 5":      {mockgateway.TokenBucket{Rate: 50, Burst: 5, RetryAfter: told(1)}, 50, time.Second},
	"token bucket, 50 a second, burst 50":     {mockgateway.TokenBucket{Rate: 50, Burst: 50, RetryAfter: told(1)}, 50, time.Second},
	"token bucket, 100 a second, long pause":  {mockgateway.TokenBucket{Rate: 100, Burst: 10, RetryAfter: told(2)}, 100, 2 * time.Second},
	"token bucket, 200 a second, no pause":    {mockgateway.TokenBucket{Rate: 200, Burst: 20}, 200, time.Second},
	"token bucket, 1,000 a second, burst 100": {mockgateway.TokenBucket{Rate: 1000, Burst: 100, RetryAfter: told(1)}, 1000, time.Second},
	"fixed window, 5 a second":                {mockgateway.FixedWindow{Requests: 5, Window: time.Second, RetryAfter: told(1)}, 5, time.Second},
	"fixed window, 50 a second":               {mockgateway.FixedWindow{Requests: 50, Window: time.Second, RetryAfter: told(1)}, 50, time.Second},
	"fixed window, 50 a second, by date":      {mockgateway.FixedWindow{Requests: 50, Window: time.Second, RetryAfter: mockgateway.RetryAfter{Form: mockgateway.Date}}, 50, time.Second},
	"fixed window, 1,000 a second":            {mockgateway.FixedWindow{Requests: 1000, Window: time.Second, RetryAfter: told(1)}, 1000, time.Second},
	"sliding window, 5 a second":              {mockgateway.SlidingWindow{Requests: 5, Window: time.Second}, 5, time.Second},
	"sliding window, 50 a second":             {mockgateway.SlidingWindow{Requests: 50, Window: time.Second, RetryAfter: told(1)}, 50, time.Second},
}

// TestLimiterUsesEveryLimit: any limit is used, and not fought, at any distance
// and parallelism: ten seconds' worth of requests take 1.4 times as long and two
// pauses, and 8 % more requests, at most. No request comes near its last try.
func TestLimiterUsesEveryLimit(t *testing.T) {
	t.Parallel()
	const seconds = 10
	for name, test := range rateLimits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, latency := range []time.Duration{time.Millisecond, 20 * time.Millisecond, 200 * time.Millisecond} {
				for _, workers := range []int{10, 20, 32, 64} {
					if test.rate > 200 && workers != 32 {
						continue // one is long enough
					}
					onTheWay := float64(test.rate) * latency.Seconds()
					if onTheWay > 0.9*float64(workers) {
						continue // they could not use it
					}
					synctest.Test(t, func(t *testing.T) {
						r := newRun(test.limit, workers, latency)
						seen := r.do(t, seconds*test.rate)
						// Whatever is learnt is learnt some round trips later.
						most := 14*time.Second + 2*test.pause + 5*latency
						if seen.wall > most {
							t.Errorf("%d workers at %s took %s, more than %s", workers, latency, seen.wall, most)
						}
						// A dozen requests are a search of their own, and each refusal
						// meets what follows on the way.
						refused := max(8, 0.08*seconds*float64(test.rate)) + 5*onTheWay + 10*latency.Seconds()
						if float64(seen.refused) > refused {
							t.Errorf("%d workers at %s were refused %d times, more than %.0f", workers, latency, seen.refused, refused)
						}
						if seen.tries > DefaultMaxRetries {
							t.Errorf("%d workers at %s: a request took %d tries", workers, latency, seen.tries)
						}
					})
				}
			}
		})
	}
}

// TestLimiterUsesEveryLimitForAMinute: a longer run wastes less.
func TestLimiterUsesEveryLimitForAMinute(t *testing.T) {
	t.Parallel()
	const seconds = 60
	for name, test := range rateLimits {
		if test.rate < 10 || test.rate > 200 {
			continue // too few to tell, and too many for a test
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, latency := range []time.Duration{time.Millisecond, 50 * time.Millisecond, 200 * time.Millisecond} {
				synctest.Test(t, func(t *testing.T) {
					r := newRun(test.limit, 64, latency)
					seen := r.do(t, seconds*test.rate)
					if most := 69*time.Second + 20*(latency-time.Millisecond); seen.wall > most {
						t.Errorf("took %s at %s, more than %s", seen.wall, latency, most)
					}
					if seen.refused*100 > 4*seconds*test.rate {
						t.Errorf("%d of %d were refused at %s", seen.refused, seconds*test.rate, latency)
					}
				})
			}
		})
	}
}

// TestLimiterUsesWindowsOfAMinute: also where no 429 says when it is over.
func TestLimiterUsesWindowsOfAMinute(t *testing.T) {
	t.Parallel()
	seconds := mockgateway.RetryAfter{Form: mockgateway.Seconds}
	for name, limit := range map[string]mockgateway.Limit{
		"fixed":                 mockgateway.FixedWindow{Requests: 600, Window: time.Minute, RetryAfter: seconds},
		"fixed, no Retry-After": mockgateway.FixedWindow{Requests: 600, Window: time.Minute},
		"sliding":               mockgateway.SlidingWindow{Requests: 600, Window: time.Minute, RetryAfter: seconds},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(20 * time.Second) // into the window
				seen := newRun(limit, 20, time.Millisecond).do(t, 1800)
				if seen.wall > 3*time.Minute || seen.refused > 100 || seen.tries > DefaultMaxRetries {
					t.Errorf("three minutes' worth: %+v", seen)
				}
			})
		})
	}
}

// TestLimiterUsesConcurrency: a limit of requests at a time is no rate.
func TestLimiterUsesConcurrency(t *testing.T) {
	t.Parallel()
	for _, atATime := range []int{1, 4, 16} {
		for _, latency := range []time.Duration{time.Millisecond, 5 * time.Millisecond, 50 * time.Millisecond, 150 * time.Millisecond} {
			synctest.Test(t, func(t *testing.T) {
				r := newRun(mockgateway.Concurrency{Requests: atATime, RetryAfter: told(1)}, 20, 0)
				r.gateway.SetLatency(latency)
				r.jitter = latency / 20
				const seconds = 10
				requests := atATime * int(seconds*time.Second/latency)
				seen := r.do(t, requests)
				if seen.wall > seconds*time.Second*3/2+4*time.Second || seen.tries > DefaultMaxRetries {
					t.Errorf("%d at a time, %s: %+v", atATime, latency, seen)
				}
			})
		}
	}
}

// TestLimiterStandsJitter: requests do not arrive as evenly as they are sent.
func TestLimiterStandsJitter(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]mockgateway.Limit{
		"token bucket":   mockgateway.TokenBucket{Rate: 100, Burst: 10, RetryAfter: told(1)},
		"fixed window":   mockgateway.FixedWindow{Requests: 100, Window: time.Second, RetryAfter: told(1)},
		"sliding window": mockgateway.SlidingWindow{Requests: 100, Window: time.Second, RetryAfter: told(1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRun(limit, 32, time.Millisecond)
				r.jitter = 20 * time.Millisecond
				if seen := r.do(t, 1000); seen.wall > 16*time.Second || seen.refused > 80 {
					t.Errorf("%+v", seen)
				}
			})
		})
	}
}

// TestLimiterCostsNothing: where there is no limit, a run is a few round trips
// longer, since it does not begin with all requests at once.
func TestLimiterCostsNothing(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 10, 32} {
		synctest.Test(t, func(t *testing.T) {
			const latency = time.Millisecond
			seen := newRun(nil, workers, latency).do(t, 600)
			if least := 600 * latency / time.Duration(workers); seen.wall > least+10*latency {
				t.Errorf("%d workers took %s where %s would do", workers, seen.wall, least)
			}
		})
	}
}

// TestLimiterStartsWithFew: the first requests are not all refused at once.
func TestLimiterStartsWithFew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRun(mockgateway.TokenBucket{Rate: 1, Burst: 5, RetryAfter: told(1)}, 64, time.Millisecond)
		if seen := r.do(t, 6); seen.refused > 5 {
			t.Errorf("%+v", seen)
		}
	})
}

// TestLimiterForgetsAStray429: a refusal for no reason costs little more than its
// pause.
func TestLimiterForgetsAStray429(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const latency = 60 * time.Millisecond
		r := newRun(nil, 10, latency)
		start := time.Now()
		r.do(t, 2)
		ticket, err := r.limiter.wait(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		r.limiter.refuse(ticket, time.Second)
		r.do(t, 298)
		if took, least := time.Since(start), 300*latency/10; took > least+2*time.Second {
			t.Errorf("300 requests took %s where %s would do without", took, least)
		}
	})
}

// TestLimiterFollows: a limit may change, or go, at any time.
func TestLimiterFollows(t *testing.T) {
	t.Parallel()
	slow := mockgateway.TokenBucket{Rate: 10, Burst: 5, RetryAfter: told(1)}
	fast := mockgateway.TokenBucket{Rate: 100, Burst: 10, RetryAfter: told(1)}
	tests := map[string]struct {
		from, to mockgateway.Limit
		before   int
		after    int
		most     time.Duration
	}{
		"lowered": {fast, slow, 1000, 200, 26 * time.Second},
		"raised":  {slow, fast, 200, 5000, 2 * time.Minute},
		"lifted":  {slow, nil, 200, 10_000, 80 * time.Second},
		"imposed": {nil, fast, 1000, 1000, 17 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRun(test.from, 10, time.Millisecond)
				r.do(t, test.before)
				r.gateway.SetLimit(test.to)
				if seen := r.do(t, test.after); seen.wall > test.most || seen.refused > 40 || seen.tries > DefaultMaxRetries {
					t.Errorf("%+v", seen)
				}
			})
		})
	}
}

// TestLimiterFollowsALongWayDown: a limit that is a small part of the one before
// makes no request run out of tries.
func TestLimiterFollowsALongWayDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRun(mockgateway.TokenBucket{Rate: 300, Burst: 30, RetryAfter: told(1)}, 64, 100*time.Millisecond)
		r.do(t, 6000)
		r.gateway.SetLimit(mockgateway.TokenBucket{Rate: 3, Burst: 1, RetryAfter: told(1)})
		if seen := r.do(t, 100); seen.wall > 50*time.Second || seen.tries > DefaultMaxRetries {
			t.Errorf("%+v", seen)
		}
	})
}

// TestLimiterRemembersALimit: that nothing was sent for a while is no sign that
// more is accepted than before.
func TestLimiterRemembersALimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRun(mockgateway.TokenBucket{Rate: 50, Burst: 5, RetryAfter: told(1)}, 32, 20*time.Millisecond)
		r.do(t, 1000)
		time.Sleep(10 * time.Minute)
		if seen := r.do(t, 500); seen.wall > 12*time.Second || seen.refused > 3 {
			t.Errorf("%+v", seen)
		}
	})
}

// TestLimiterWidens: a limit of requests at a time that is lifted is noticed, also
// where responses come at once.
func TestLimiterWidens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const latency = 4 * time.Millisecond
		r := newRun(mockgateway.Concurrency{Requests: 2, RetryAfter: told(1)}, 20, 0)
		r.gateway.SetLatency(latency)
		r.do(t, 2000)
		r.gateway.SetLimit(nil)
		const requests = 40_000
		if seen := r.do(t, requests); seen.wall > requests*latency/3 {
			t.Errorf("%+v", seen)
		}
	})
}

// TestLimiterPausesAll: one 429 holds back everybody, for as long as it says, and
// then a single request shows whether that was long enough.
func TestLimiterPausesAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, start := newLimiter(DefaultMaxRetries), time.Now()
		first, err := l.wait(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		second, err := l.wait(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
		if begun, _ := l.refuse(first, 3*time.Second); begun != 3*time.Second {
			t.Errorf("the first 429 begins a pause of %s", begun)
		}
		if begun, _ := l.refuse(second, 7*time.Second); begun != 0 {
			t.Errorf("a 429 to a request of before begins a pause of %s", begun)
		}
		sent := make(chan ticket, 5)
		for range 5 {
			go func() {
				if ticket, err := l.wait(t.Context(), 0); err == nil {
					sent <- ticket
				}
			}()
		}
		probe := <-sent
		if waited := time.Since(start).Round(time.Second); waited != 7*time.Second {
			t.Errorf("a request was sent after %s", waited)
		}
		time.Sleep(refusedPause / 2)
		if len(sent) > 0 {
			t.Errorf("%d more were sent with it", len(sent))
		}
		l.accept(probe)
		for range 4 {
			<-sent
		}
	})
}

// TestLimiterGivesUp: a gateway that accepts nothing more is asked again by one
// request at a time, after longer and longer pauses. Once these are used up, all
// requests fail together.
func TestLimiterGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, start := newLimiter(DefaultMaxRetries), time.Now()
		var (
			requests sync.WaitGroup
			mu       sync.Mutex
			sent     int
		)
		for range 20 {
			requests.Go(func() {
				givenUp := false
				for tries := 0; !givenUp && tries < 10; tries++ {
					ticket, err := l.wait(t.Context(), 0)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					sent++
					mu.Unlock()
					time.Sleep(time.Millisecond)
					_, givenUp = l.refuse(ticket, time.Second)
				}
			})
		}
		requests.Wait()
		if took := time.Since(start); took < time.Minute || took > 75*time.Second {
			t.Errorf("gave up after %s", took)
		}
		if sent > 20+DefaultMaxRetries+firstWidth {
			t.Errorf("%d requests were sent", sent)
		}
	})
}

// TestLimiterOutlastsHangingRequests: requests that get no response hold up
// nobody for long.
func TestLimiterOutlastsHangingRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, start := newLimiter(DefaultMaxRetries), time.Now()
		for range 10 {
			if _, err := l.wait(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("10 requests without a response were sent in %s", took)
		}
	})
}

// TestLimiterEndsWithContext: who stops waiting leaves the line to the others.
func TestLimiterEndsWithContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(DefaultMaxRetries)
		ticket, err := l.wait(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
		l.refuse(ticket, time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if _, err := l.wait(ctx, 0); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("waited %s and got %v", time.Since(start), err)
		}
		if _, err := l.wait(t.Context(), 0); err != nil || time.Since(start) != time.Minute {
			t.Errorf("the next one waited %s and got %v", time.Since(start), err)
		}
	})
}

// TestLimiterEndsWithContextInTurn: who stops waiting just as its turn comes is
// not counted as on its way.
func TestLimiterEndsWithContextInTurn(t *testing.T) {
	t.Parallel()
	l := newLimiter(DefaultMaxRetries)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // of which about half learn of their turn first
		if _, err := l.wait(ctx, 0); err == nil {
			l.drop()
		}
		if l.search.inFlight != 0 {
			t.Fatalf("%d requests are on their way", l.search.inFlight)
		}
	}
}
