package mockgateway

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Limit is what a gateway allows. Requests above it get a 429 in plain text.
type Limit interface {
	start() counter
	retryAfter() RetryAfter
}

// TokenBucket allows Rate requests a second in the long run and Burst at once, as
// nginx's limit_req, Envoy's local rate limit and AWS do. The bucket is full at first.
type TokenBucket struct {
	Rate  float64
	Burst int
	RetryAfter
}

type windowLimit struct {
	Requests int
	Window   time.Duration
	RetryAfter
}

// FixedWindow allows so many Requests in each Window, which begins at a multiple of
// its length, as Kong's rate limiting does.
type FixedWindow windowLimit

// SlidingWindow allows so many Requests in any time as long as Window.
type SlidingWindow windowLimit

// WeightedWindow is a [FixedWindow] that also counts the requests of the window
// before, for as much of it as is not over yet, as Cloudflare does.
type WeightedWindow windowLimit

// Concurrency allows so many Requests at a time, as nginx's limit_conn does.
type Concurrency struct {
	Requests int
	RetryAfter
}

// RetryAfter is the header of that name in a 429: until the limit allows another
// request, in [Seconds] or as a [Date], or any text such as "2". Empty, there is none.
type RetryAfter string

// The forms of a Retry-After header that the limit knows, rounded up to whole seconds.
const (
	Seconds RetryAfter = "seconds"
	Date    RetryAfter = "date"
)

func (r RetryAfter) retryAfter() RetryAfter { return r }

// counter counts requests against a limit.
type counter interface {
	// admit reports whether a request may pass, and if not, in how long one may.
	admit(now time.Time) (ok bool, wait time.Duration)
	// quota returns how many requests the limit allows, how many are left, and when
	// none counts any more.
	quota(now time.Time) (limit, left int, reset time.Duration)
}

// limiter holds the requests of a gateway to its limit.
type limiter struct {
	told    RetryAfter
	refused atomic.Int64

	mu      sync.Mutex
	counter counter
}

// admit reports whether a request may pass, which then has to leave, and returns the
// response if not. It tells the limit in the form of [Dialect].LimitHeaders.
func (l *limiter) admit(header http.Header, form string) (refusal response, ok bool) {
	now := time.Now()
	l.mu.Lock()
	ok, pause := l.counter.admit(now)
	limit, left, reset := l.counter.quota(now)
	l.mu.Unlock()
	numbers := map[string]int64{"Limit": int64(limit), "Remaining": int64(left), "Reset": wholeSeconds(reset)}
	switch form {
	case "unix":
		numbers["Reset"] = roundUp(now.Add(reset)).Unix()
		fallthrough
	case "seconds":
		for name, number := range numbers {
			header.Set("X-Ratelimit-"+name, strconv.FormatInt(number, 10))
		}
	}
	if ok {
		return response{}, true
	}
	l.refused.Add(1)
	told := string(l.told)
	switch l.told {
	case Seconds:
		told = strconv.FormatInt(wholeSeconds(pause), 10)
	case Date:
		told = roundUp(now.Add(pause)).UTC().Format(http.TimeFormat)
	}
	refusal = plainResponse(http.StatusTooManyRequests, "Too Many Requests")
	if told != "" {
		refusal.header.Set("Retry-After", told)
	}
	return refusal, false
}

// leave ends a request that has passed.
func (l *limiter) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c, ok := l.counter.(*atOnce); ok {
		c.passing--
	}
}

func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// roundUp keeps a time that is sent in whole seconds from being too early.
func roundUp(t time.Time) time.Time { return t.Add(time.Second - 1) }

func (l TokenBucket) start() counter { return &tokens{limit: l, left: float64(l.Burst)} }

type tokens struct {
	limit TokenBucket
	left  float64
	at    time.Time
}

func (t *tokens) admit(now time.Time) (bool, time.Duration) {
	if !t.at.IsZero() {
		t.left = min(float64(t.limit.Burst), t.left+now.Sub(t.at).Seconds()*t.limit.Rate)
	}
	t.at = now
	// Sums of fractions may fall short of a whole token by a rounding error.
	if t.left < 1-1e-9 {
		return false, time.Duration((1 - t.left) / t.limit.Rate * float64(time.Second))
	}
	t.left--
	return true, 0
}

func (t *tokens) quota(time.Time) (limit, left int, reset time.Duration) {
	missing := float64(t.limit.Burst) - t.left
	return t.limit.Burst, int(t.left), time.Duration(missing / t.limit.Rate * float64(time.Second))
}

func (l FixedWindow) start() counter { return &window{windowLimit: windowLimit(l)} }

func (l WeightedWindow) start() counter {
	return &window{windowLimit: windowLimit(l), isWeighted: true}
}

// window counts the requests of a window and, if it is weighted, of the one before.
type window struct {
	windowLimit
	isWeighted     bool
	begun          time.Time
	passed, before int
}

func (w *window) admit(now time.Time) (bool, time.Duration) {
	if begun := now.Truncate(w.Window); !begun.Equal(w.begun) {
		w.before = 0
		if w.isWeighted && begun.Sub(w.begun) == w.Window {
			w.before = w.passed
		}
		w.begun, w.passed = begun, 0
	}
	if w.left(now) < 1 {
		return false, w.begun.Add(w.Window).Sub(now)
	}
	w.passed++
	return true, 0
}

func (w *window) left(now time.Time) float64 {
	rest := 1 - now.Sub(w.begun).Seconds()/w.Window.Seconds()
	return float64(w.Requests-w.passed) - float64(w.before)*rest
}

func (w *window) quota(now time.Time) (limit, left int, reset time.Duration) {
	end := w.begun.Add(w.Window)
	if w.isWeighted {
		end = end.Add(w.Window)
	}
	return w.Requests, max(0, int(w.left(now))), end.Sub(now)
}

func (l SlidingWindow) start() counter { return &slidingWindow{limit: l} }

type slidingWindow struct {
	limit  SlidingWindow
	passed []time.Time // within the window
}

func (w *slidingWindow) admit(now time.Time) (bool, time.Duration) {
	for len(w.passed) > 0 && now.Sub(w.passed[0]) >= w.limit.Window {
		w.passed = w.passed[1:]
	}
	if len(w.passed) == w.limit.Requests {
		return false, w.passed[0].Add(w.limit.Window).Sub(now)
	}
	w.passed = append(w.passed, now)
	return true, 0
}

func (w *slidingWindow) quota(now time.Time) (limit, left int, reset time.Duration) {
	return w.limit.Requests, w.limit.Requests - len(w.passed), w.passed[len(w.passed)-1].Add(w.limit.Window).Sub(now)
}

func (l Concurrency) start() counter { return &atOnce{limit: l.Requests} }

// atOnce asks for a wait of a second: it does not know when a request ends.
type atOnce struct{ limit, passing int }

func (a *atOnce) admit(time.Time) (bool, time.Duration) {
	if a.passing == a.limit {
		return false, time.Second
	}
	a.passing++
	return true, 0
}

func (a *atOnce) quota(time.Time) (limit, left int, reset time.Duration) {
	return a.limit, a.limit - a.passing, time.Second
}
