package quiva

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// run is work that is done against a gateway, on synctest's clock.
type run struct {
	gateway *mockgateway.Gateway
	limiter *limiter
	refused atomic.Int64 // requests
	// refuses, if set, decides in the gateway's place.
	refuses func() bool
	// workers send one request at a time each, which takes latency and, at
	// random, up to jitter more on its way there.
	workers         int
	latency, jitter time.Duration
}

// result is what came of it.
type result struct {
	wall    time.Duration
	refused int // requests
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
func (r *run) do(t *testing.T, requests int) result {
	t.Helper()
	work := make(chan struct{}, requests)
	for range requests {
		work <- struct{}{}
	}
	close(work)
	var (
		start, refused = time.Now(), r.refused.Load()
		workers        sync.WaitGroup
	)
	for range r.workers {
		workers.Go(func() {
			for range work {
				for tries := 0; !r.try(t, tries); {
					tries++
				}
			}
		})
	}
	workers.Wait()
	return result{time.Since(start), int(r.refused.Load() - refused)}
}

// try sends a request that was tried so often before. It reports whether it was
// accepted. No request fails.
func (r *run) try(t *testing.T, before int) bool {
	ticket := mustWait(t, r.limiter, before)
	time.Sleep(r.latency/2 + rand.N(r.jitter+1))
	response := httptest.NewRecorder()
	if r.refuses == nil {
		// Any path will do, and this is the cheapest.
		r.gateway.ServeHTTP(response, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/"}, Body: http.NoBody})
	} else if r.refuses() {
		response.Code = http.StatusTooManyRequests
	}
	time.Sleep(r.latency / 2)
	if response.Code != http.StatusTooManyRequests {
		r.limiter.accept(ticket, response.Header())
		return true
	}
	r.refused.Add(1)
	pause, ok := retryAfter(response.Header(), time.Now())
	if !ok {
		pause = refusedPause
	}
	if _, final := r.limiter.refuse(ticket, pause); final {
		t.Error("a request failed")
	}
	return false
}

// mustWait waits in the line of a limiter, for a request that was tried so often before.
func mustWait(t *testing.T, l *limiter, tries int) ticket {
	t.Helper()
	ticket, err := l.wait(t.Context(), tries)
	if err != nil {
		t.Error(err)
	}
	return ticket
}

// told is a Retry-After of so many seconds.
func told(seconds int) mockgateway.RetryAfter {
	return mockgateway.RetryAfter(strconv.Itoa(seconds))
}

// rateLimits are the kinds of limit that gateways have. The rate is what each
// allows in a second, the pause what follows its 429.
var rateLimits = map[string]struct {
	limit mockgateway.Limit
	rate  int
	pause time.Duration
}{
	"token bucket, 1 a second":               {mockgateway.TokenBucket{Rate: 1, Burst: 1, RetryAfter: told(1)}, 1, time.Second},
	"token bucket, 5 a second":               {mockgateway.TokenBucket{Rate: 5, Burst: 5}, 5, time.Second},
	"token bucket, 20 a second, burst 1":     {mockgateway.TokenBucket{Rate: 20, Burst: 1, RetryAfter: told(1)}, 20, time.Second},
	"token bucket, 50 a second, burst 5":     {mockgateway.TokenBucket{Rate: 50, Burst: 5, RetryAfter: told(1)}, 50, time.Second},
	"token bucket, 50 a second, burst 50":    {mockgateway.TokenBucket{Rate: 50, Burst: 50, RetryAfter: told(1)}, 50, time.Second},
	"token bucket, 100 a second, long pause": {mockgateway.TokenBucket{Rate: 100, Burst: 10, RetryAfter: told(2)}, 100, 2 * time.Second},
	"token bucket, 200 a second, no pause":   {mockgateway.TokenBucket{Rate: 200, Burst: 20}, 200, time.Second},
	"fixed window, 5 a second":               {mockgateway.FixedWindow{Requests: 5, Window: time.Second, RetryAfter: told(1)}, 5, time.Second},
	"fixed window, 50 a second":              {mockgateway.FixedWindow{Requests: 50, Window: time.Second, RetryAfter: told(1)}, 50, time.Second},
	"fixed window, 50 a second, by date":     {mockgateway.FixedWindow{Requests: 50, Window: time.Second, RetryAfter: mockgateway.Date}, 50, time.Second},
	"weighted window, 50 a second":           {mockgateway.WeightedWindow{Requests: 50, Window: time.Second, RetryAfter: told(1)}, 50, time.Second},
	"weighted window, 200 a second":          {mockgateway.WeightedWindow{Requests: 200, Window: time.Second, RetryAfter: told(2)}, 200, 2 * time.Second},
	"sliding window, 5 a second":             {mockgateway.SlidingWindow{Requests: 5, Window: time.Second}, 5, time.Second},
	"sliding window, 50 a second":            {mockgateway.SlidingWindow{Requests: 50, Window: time.Second, RetryAfter: told(1)}, 50, time.Second},
}

// TestLimiterUsesEveryLimit: any limit is used, and not fought, at any distance
// and parallelism: ten seconds' worth of requests take 1.4 times as long, two pauses
// and a second, and 10 % more requests, at most.
func TestLimiterUsesEveryLimit(t *testing.T) {
	t.Parallel()
	const seconds = 10
	for name, test := range rateLimits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, latency := range []time.Duration{time.Millisecond, 200 * time.Millisecond} {
				for _, workers := range []int{10, 64} {
					if test.rate > 100 && workers != 64 {
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
						most := 15*time.Second + 2*test.pause + 10*latency
						if seen.wall > most {
							t.Errorf("%d workers at %s took %s, more than %s", workers, latency, seen.wall, most)
						}
						// A dozen requests are a search of their own, and each refusal
						// meets what follows on the way.
						refused := max(10, 0.1*seconds*float64(test.rate)) + 5*onTheWay + 10*latency.Seconds()
						if float64(seen.refused) > refused {
							t.Errorf("%d workers at %s were refused %d times, more than %.0f", workers, latency, seen.refused, refused)
						}
					})
				}
			}
		})
	}
}

// TestLimiterUsesUnknownLimits: a limit that nobody has thought of is used as well,
// at any distance and with any burst and pause.
func TestLimiterUsesUnknownLimits(t *testing.T) {
	t.Parallel()
	const runs, seconds = 40, 10
	random, walls := rand.New(rand.NewPCG(9438, 0)), 0.0
	for range runs {
		var (
			rate    = int(5 * math.Pow(100, random.Float64()))
			burst   = 1 + int(float64(rate)*0.05*math.Pow(40, random.Float64()))
			latency = time.Duration(math.Pow(250, random.Float64()) * float64(time.Millisecond))
			jitter  = time.Duration(random.IntN(3)) * latency / 4
			after   = []mockgateway.RetryAfter{"", told(1), told(2)}[random.IntN(3)]
			workers = max(10<<random.IntN(3), int(2*float64(rate)*(latency+jitter).Seconds()))
		)
		limit := []mockgateway.Limit{
			mockgateway.TokenBucket{Rate: float64(rate), Burst: burst, RetryAfter: after},
			mockgateway.FixedWindow{Requests: rate, Window: time.Second, RetryAfter: after},
			mockgateway.SlidingWindow{Requests: rate, Window: time.Second, RetryAfter: after},
			mockgateway.WeightedWindow{Requests: rate, Window: time.Second, RetryAfter: after},
		}[random.IntN(4)]
		synctest.Test(t, func(t *testing.T) {
			r := newRun(limit, workers, latency)
			r.jitter = jitter
			seen := r.do(t, seconds*rate)
			walls += seen.wall.Seconds()
			if seen.wall > 4*seconds*time.Second {
				t.Errorf("%+v, %d workers at %s ± %s: %+v", limit, workers, latency, jitter, seen)
			}
		})
	}
	if mean := walls / runs / seconds; mean > 1.6 {
		t.Errorf("less than 60 %% of the limits is used: runs take %.2f times as long", mean)
	}
}

// TestLimiterStandsShares: what is refused whatever the pace, by number or by chance,
// costs its pauses and not the pace, and no request fails although some are refused a
// dozen times.
func TestLimiterStandsShares(t *testing.T) {
	t.Parallel()
	stands := func(of, workers int, latency time.Duration, refuses func() bool) {
		synctest.Test(t, func(t *testing.T) {
			const requests = 1000
			r := newRun(nil, workers, latency)
			r.refuses = refuses
			seen := r.do(t, requests)
			free := requests * latency / time.Duration(workers)
			if pauses := time.Duration(seen.refused) * refusedPause; seen.wall > free+pauses*3/2+5*time.Second {
				t.Errorf("1 of %d, %d workers at %s: %+v", of, workers, latency, seen)
			}
		})
	}
	for _, of := range []int64{2, 10, 100} {
		for _, workers := range []int{1, 10} {
			for _, latency := range []time.Duration{5 * time.Millisecond, 100 * time.Millisecond} {
				var asked atomic.Int64
				stands(int(of), workers, latency, func() bool { return asked.Add(1)%of == 0 })
			}
		}
	}
	for _, of := range []int{3, 10} {
		for seed := range uint64(5) {
			random := rand.New(rand.NewPCG(seed, 0))
			stands(of, 1, 5*time.Millisecond, func() bool { return random.IntN(of) == 0 })
		}
	}
}

// TestLimiterObeysHeaders: a limit that responses tell is kept before it is met.
func TestLimiterObeysHeaders(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"seconds", "unix"} {
		for name, limit := range map[string]mockgateway.Limit{
			"second": mockgateway.FixedWindow{Requests: 50, Window: time.Second, RetryAfter: told(1)},
			"minute": mockgateway.FixedWindow{Requests: 100, Window: time.Minute, RetryAfter: told(60)},
			"bucket": mockgateway.TokenBucket{Rate: 20, Burst: 20, RetryAfter: told(1)},
		} {
			synctest.Test(t, func(t *testing.T) {
				r := newRun(limit, 20, 5*time.Millisecond)
				r.gateway.SetDialect(mockgateway.Dialect{LimitHeaders: form})
				time.Sleep(300 * time.Millisecond) // into the window
				if seen := r.do(t, 250); seen.refused > 0 || seen.wall > 2*time.Minute+15*time.Second || name == "second" && seen.wall > 7*time.Second {
					t.Errorf("%s, %s: %+v", name, form, seen)
				}
			})
		}
	}
}

// TestLimiterUsesWindowsOfAMinute: also where no 429 says when it is over.
func TestLimiterUsesWindowsOfAMinute(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]mockgateway.Limit{
		"fixed":                 mockgateway.FixedWindow{Requests: 600, Window: time.Minute, RetryAfter: mockgateway.Seconds},
		"fixed, no Retry-After": mockgateway.FixedWindow{Requests: 600, Window: time.Minute},
		"sliding":               mockgateway.SlidingWindow{Requests: 600, Window: time.Minute, RetryAfter: mockgateway.Seconds},
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(20 * time.Second) // into the window
			if seen := newRun(limit, 20, time.Millisecond).do(t, 1800); seen.wall > 3*time.Minute || seen.refused > 100 {
				t.Errorf("%s: three minutes' worth: %+v", name, seen)
			}
		})
	}
}

// TestLimiterUsesConcurrency: a limit of requests at a time is no rate.
func TestLimiterUsesConcurrency(t *testing.T) {
	t.Parallel()
	for _, atATime := range []int{1, 4, 16} {
		for _, latency := range []time.Duration{5 * time.Millisecond, 50 * time.Millisecond, 150 * time.Millisecond} {
			synctest.Test(t, func(t *testing.T) {
				r := newRun(mockgateway.Concurrency{Requests: atATime, RetryAfter: told(1)}, 20, 0)
				r.gateway.SetLatency(latency)
				r.jitter = latency / 20
				const seconds = 5
				requests := atATime * int(seconds*time.Second/latency)
				seen := r.do(t, requests)
				if seen.wall > 2*seconds*time.Second+4*time.Second {
					t.Errorf("%d at a time, %s: %+v", atATime, latency, seen)
				}
			})
		}
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

// TestLimiterFollows: a limit may change, or go, at any time. That nothing was sent
// for a while is no sign that more is accepted than before.
func TestLimiterFollows(t *testing.T) {
	t.Parallel()
	slow := mockgateway.TokenBucket{Rate: 10, Burst: 5, RetryAfter: told(1)}
	fast := mockgateway.TokenBucket{Rate: 100, Burst: 10, RetryAfter: told(1)}
	steady := mockgateway.TokenBucket{Rate: 50, Burst: 5, RetryAfter: told(1)}
	tests := map[string]struct {
		from, to      mockgateway.Limit
		workers       int
		latency, idle time.Duration
		before, after int
		most          time.Duration
		refused       int // at most
	}{
		"with few at first": {nil, mockgateway.TokenBucket{Rate: 1, Burst: 5, RetryAfter: told(1)}, 64, time.Millisecond, 0, 0, 6, 15 * time.Second, 5},
		"lowered":           {fast, slow, 10, time.Millisecond, 0, 1000, 200, 26 * time.Second, 40},
		"raised":            {slow, fast, 10, time.Millisecond, 0, 200, 5000, 2 * time.Minute, 40},
		"lifted":            {slow, nil, 10, time.Millisecond, 0, 200, 10_000, 80 * time.Second, 40},
		"imposed":           {nil, fast, 10, time.Millisecond, 0, 1000, 1000, 17 * time.Second, 40},
		"lowered a long way": {
			mockgateway.TokenBucket{Rate: 300, Burst: 30, RetryAfter: told(1)}, mockgateway.TokenBucket{Rate: 3, Burst: 1, RetryAfter: told(1)},
			64, 100 * time.Millisecond, 0, 6000, 100, 60 * time.Second, 100,
		},
		"the same after a while": {steady, steady, 32, 20 * time.Millisecond, 10 * time.Minute, 1000, 500, 14 * time.Second, 3},
		// Also where responses come at once.
		"as many as ever at a time": {mockgateway.Concurrency{Requests: 2, RetryAfter: told(1)}, nil, 20, 4 * time.Millisecond, 0, 2000, 20_000, 27 * time.Second, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRun(test.from, test.workers, test.latency)
				if _, ok := test.from.(mockgateway.Concurrency); ok { // which counts requests at the gateway
					r.latency = 0
					r.gateway.SetLatency(test.latency)
				}
				r.do(t, test.before)
				time.Sleep(test.idle)
				if test.to != test.from {
					r.gateway.SetLimit(test.to)
				}
				if seen := r.do(t, test.after); seen.wall > test.most || seen.refused > test.refused {
					t.Errorf("%+v", seen)
				}
			})
		})
	}
}

// TestLimiterPausesAll: one 429 holds back everybody, for as long as it says, and
// then a single request shows whether that was long enough.
func TestLimiterPausesAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, start := newLimiter(DefaultMaxRetries), time.Now()
		first, second := mustWait(t, l, 0), mustWait(t, l, 0)
		time.Sleep(time.Millisecond)
		if begun, _ := l.refuse(first, 3*time.Second); begun != 3*time.Second {
			t.Errorf("the first 429 begins a pause of %s", begun)
		}
		if begun, _ := l.refuse(second, 7*time.Second); begun != 0 {
			t.Errorf("a 429 to a request of before begins a pause of %s", begun)
		}
		sent := make(chan ticket, 5)
		for range 5 {
			go func() { sent <- mustWait(t, l, 0) }()
		}
		probe := <-sent
		if waited := time.Since(start).Round(time.Second); waited != 7*time.Second {
			t.Errorf("a request was sent after %s", waited)
		}
		time.Sleep(refusedPause / 2)
		if len(sent) > 0 {
			t.Errorf("%d more were sent with it", len(sent))
		}
		l.accept(probe, nil)
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
			sent     atomic.Int64
		)
		for range 20 {
			requests.Go(func() {
				givenUp := false
				for tries := 0; !givenUp && tries < 10; tries++ {
					ticket := mustWait(t, l, 0)
					sent.Add(1)
					time.Sleep(time.Millisecond)
					_, givenUp = l.refuse(ticket, time.Second)
				}
			})
		}
		requests.Wait()
		if took := time.Since(start); took < time.Minute || took > 75*time.Second {
			t.Errorf("gave up after %s", took)
		}
		if sent := sent.Load(); sent > 20+DefaultMaxRetries+initialWidth {
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
			mustWait(t, l, 0)
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
		ticket := mustWait(t, l, 0)
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
		if l.pacer.inFlight != 0 {
			t.Fatalf("%d requests are on their way", l.pacer.inFlight)
		}
	}
}
