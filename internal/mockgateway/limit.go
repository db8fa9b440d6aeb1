package mockgateway

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Limit is what a gateway allows. What is over it gets a 429 in plain text.
type Limit interface {
	// enforce begins to count, and reports whether the limit allows anything at all.
	enforce() (enforcer, bool)
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

// Share refuses every Of-th request, whatever the pace, as one bad replica does.
type Share struct {
	Of int
	RetryAfter
}

// Concurrency allows so many Requests at a time, as nginx's limit_conn does.
type Concurrency struct {
	Requests int
	RetryAfter
}

// RetryAfter is the header of that name in a 429. The zero value sends none.
type RetryAfter struct {
	Form RetryAfterForm
	// Pause is how long to wait, rounded up to whole seconds. Zero is until the limit
	// allows another request.
	Pause time.Duration
}

// RetryAfterForm is one of the forms that HTTP has for the header.
type RetryAfterForm int

// The forms of a Retry-After header.
const (
	NoRetryAfter RetryAfterForm = iota
	Seconds
	Date
)

func (r RetryAfter) retryAfter() RetryAfter { return r }

// enforcer counts requests against a limit.
type enforcer interface {
	// admit reports whether a request may pass, and if not, in how long one may.
	admit(now time.Time) (ok bool, wait time.Duration)
	// leave ends a request that has passed.
	leave()
	// quota returns how many requests the limit allows, how many are left, and when
	// none counts any more.
	quota(now time.Time) (limit, left int, reset time.Duration)
}

// uncounted is part of the limits that do not mind what is under way.
type uncounted struct{}

func (uncounted) leave() {}

// limiter holds the requests of a gateway to its limit.
type limiter struct {
	told RetryAfter

	mu       sync.Mutex
	enforcer enforcer
	refused  int
}

func newLimiter(limit Limit) *limiter {
	enforcer, ok := limit.enforce()
	if !ok {
		panic(fmt.Sprintf("mockgateway: %+v allows no request", limit))
	}
	return &limiter{told: limit.retryAfter(), enforcer: enforcer}
}

// admit reports whether a request may pass, which then has to leave. If not, it
// returns the pause to tell.
func (l *limiter) admit(now time.Time) (ok bool, pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ok, wait := l.enforcer.admit(now)
	if ok {
		return true, 0
	}
	l.refused++
	if l.told.Pause != 0 {
		wait = l.told.Pause
	}
	return false, wait
}

func (l *limiter) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.enforcer.leave()
}

func (l *limiter) refusedTotal() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

// setHeaders tells the limit in the form of [Dialect].LimitHeaders.
func (l *limiter) setHeaders(header http.Header, form string, now time.Time) {
	l.mu.Lock()
	limit, left, reset := l.enforcer.quota(now)
	l.mu.Unlock()
	at := wholeSeconds(reset)
	switch form {
	case "unix":
		at = now.Add(reset + time.Second - 1).Unix()
	case "seconds":
	default:
		return
	}
	for name, value := range map[string]int64{"Limit": int64(limit), "Remaining": int64(left), "Reset": at} {
		header.Set("X-Ratelimit-"+name, strconv.FormatInt(value, 10))
	}
}

// wholeSeconds rounds up.
func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// tooManyRequests is the response to a request over the limit.
func (l *limiter) tooManyRequests(now time.Time, pause time.Duration) response {
	resp := plainResponse(http.StatusTooManyRequests, "Too Many Requests")
	switch l.told.Form {
	case Seconds:
		resp.header.Set("Retry-After", strconv.FormatInt(wholeSeconds(pause), 10))
	case Date:
		// A date has whole seconds, so rounding it up never tells too little.
		resp.header.Set("Retry-After", now.Add(pause+time.Second-1).UTC().Format(http.TimeFormat))
	}
	return resp
}

func (l TokenBucket) enforce() (enforcer, bool) {
	return &tokens{limit: l, left: float64(l.Burst)}, l.Rate > 0 && l.Burst > 0
}

type tokens struct {
	uncounted
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

func (l windowLimit) allows() bool { return l.Requests > 0 && l.Window > 0 }

func (l FixedWindow) enforce() (enforcer, bool) {
	return &window{windowLimit: windowLimit(l)}, windowLimit(l).allows()
}

func (l WeightedWindow) enforce() (enforcer, bool) {
	return &window{windowLimit: windowLimit(l), weighted: true}, windowLimit(l).allows()
}

// window counts the requests of a window and, if it is weighted, of the one before.
type window struct {
	uncounted
	windowLimit
	weighted       bool
	start          time.Time
	passed, before int
}

func (w *window) admit(now time.Time) (bool, time.Duration) {
	if start := now.Truncate(w.Window); !start.Equal(w.start) {
		w.before = 0
		if w.weighted && start.Sub(w.start) == w.Window {
			w.before = w.passed
		}
		w.start, w.passed = start, 0
	}
	if w.left(now) < 1 {
		return false, w.start.Add(w.Window).Sub(now)
	}
	w.passed++
	return true, 0
}

func (w *window) left(now time.Time) float64 {
	rest := 1 - now.Sub(w.start).Seconds()/w.Window.Seconds()
	return float64(w.Requests-w.passed) - float64(w.before)*rest
}

func (w *window) quota(now time.Time) (limit, left int, reset time.Duration) {
	end := w.start.Add(w.Window)
	if w.weighted {
		end = end.Add(w.Window)
	}
	return w.Requests, max(0, int(w.left(now))), end.Sub(now)
}

func (l SlidingWindow) enforce() (enforcer, bool) {
	return &slidingWindow{limit: l}, windowLimit(l).allows()
}

type slidingWindow struct {
	uncounted
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

func (l Share) enforce() (enforcer, bool) { return &share{of: l.Of}, l.Of > 1 }

type share struct {
	uncounted
	of, asked int
}

func (s *share) admit(time.Time) (bool, time.Duration) {
	s.asked++
	return s.asked%s.of != 0, time.Second
}

func (s *share) quota(time.Time) (limit, left int, reset time.Duration) { return s.of, s.of, 0 }

func (l Concurrency) enforce() (enforcer, bool) {
	return &atOnce{limit: l.Requests}, l.Requests > 0
}

type atOnce struct{ limit, passing int }

func (a *atOnce) admit(time.Time) (bool, time.Duration) {
	if a.passing == a.limit {
		return false, time.Second
	}
	a.passing++
	return true, 0
}

func (a *atOnce) leave() { a.passing-- }

func (a *atOnce) quota(time.Time) (limit, left int, reset time.Duration) {
	return a.limit, a.limit - a.passing, time.Second
}
