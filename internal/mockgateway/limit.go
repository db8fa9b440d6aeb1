package mockgateway

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Limit is what a gateway allows: a [TokenBucket], a [FixedWindow], a
// [SlidingWindow], a [WeightedWindow], a [Concurrency] or a [Share]. What is over it
// gets a 429 in plain text.
type Limit interface {
	// enforce begins to count. It panics if the limit allows nothing at all.
	enforce() enforcer
	retryAfter() RetryAfter
}

// TokenBucket allows Rate requests a second in the long run and Burst at once,
// as nginx's limit_req, Envoy's local rate limit and AWS do. The bucket is full
// at first.
type TokenBucket struct {
	Rate  float64
	Burst int
	RetryAfter
}

// FixedWindow allows so many Requests in each Window, which begins at a multiple
// of its length, as Kong's rate limiting does. Around a window's edge twice as
// many can pass at once.
type FixedWindow struct {
	Requests int
	Window   time.Duration
	RetryAfter
}

// SlidingWindow allows so many Requests in any time as long as Window.
type SlidingWindow struct {
	Requests int
	Window   time.Duration
	RetryAfter
}

// WeightedWindow allows so many Requests in each Window, of which those of the
// window before count for as much of it as is not over yet, as Cloudflare does.
type WeightedWindow struct {
	Requests int
	Window   time.Duration
	RetryAfter
}

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
	// Pause is how long to wait. Zero is until the limit allows another request
	// (for a [Concurrency], a second). Both are rounded up to whole seconds.
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
	return &limiter{told: limit.retryAfter(), enforcer: limit.enforce()}
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
	at := int64((reset + time.Second - 1) / time.Second)
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

// tooManyRequests is the response to a request over the limit, by a clock that
// shows now.
func (l *limiter) tooManyRequests(now time.Time, pause time.Duration) response {
	resp := plainResponse(http.StatusTooManyRequests, "Too Many Requests")
	switch l.told.Form {
	case Seconds:
		resp.header.Set("Retry-After", strconv.FormatInt(int64((pause+time.Second-1)/time.Second), 10))
	case Date:
		// A date has whole seconds, so rounding it up never tells too little.
		resp.header.Set("Retry-After", now.Add(pause+time.Second-1).UTC().Format(http.TimeFormat))
	}
	return resp
}

func (l TokenBucket) enforce() enforcer {
	if l.Rate <= 0 || l.Burst < 1 {
		panic(fmt.Sprintf("mockgateway: %+v allows no request", l))
	}
	return &tokens{limit: l, left: float64(l.Burst)}
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

func (l FixedWindow) enforce() enforcer {
	checkWindow(l, l.Requests, l.Window)
	return &fixedWindow{limit: l}
}

type fixedWindow struct {
	uncounted
	limit  FixedWindow
	start  time.Time
	passed int
}

func (w *fixedWindow) admit(now time.Time) (bool, time.Duration) {
	if start := now.Truncate(w.limit.Window); !start.Equal(w.start) {
		w.start, w.passed = start, 0
	}
	if w.passed == w.limit.Requests {
		return false, w.start.Add(w.limit.Window).Sub(now)
	}
	w.passed++
	return true, 0
}

func (w *fixedWindow) quota(now time.Time) (limit, left int, reset time.Duration) {
	return w.limit.Requests, w.limit.Requests - w.passed, w.start.Add(w.limit.Window).Sub(now)
}

func (l SlidingWindow) enforce() enforcer {
	checkWindow(l, l.Requests, l.Window)
	return &slidingWindow{limit: l}
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

func (l WeightedWindow) enforce() enforcer {
	checkWindow(l, l.Requests, l.Window)
	return &weightedWindow{limit: l}
}

type weightedWindow struct {
	uncounted
	limit          WeightedWindow
	start          time.Time
	passed, before int
}

func (w *weightedWindow) admit(now time.Time) (bool, time.Duration) {
	switch start := now.Truncate(w.limit.Window); start.Sub(w.start) {
	case 0:
	case w.limit.Window:
		w.start, w.passed, w.before = start, 0, w.passed
	default:
		w.start, w.passed, w.before = start, 0, 0
	}
	if w.left(now) < 1 {
		return false, w.start.Add(w.limit.Window).Sub(now)
	}
	w.passed++
	return true, 0
}

func (w *weightedWindow) left(now time.Time) float64 {
	rest := 1 - now.Sub(w.start).Seconds()/w.limit.Window.Seconds()
	return float64(w.limit.Requests-w.passed) - float64(w.before)*rest
}

func (w *weightedWindow) quota(now time.Time) (limit, left int, reset time.Duration) {
	return w.limit.Requests, max(0, int(w.left(now))), w.start.Add(2 * w.limit.Window).Sub(now)
}

func (l Share) enforce() enforcer {
	if l.Of < 2 {
		panic(fmt.Sprintf("mockgateway: %+v allows no request", l))
	}
	return &share{of: l.Of}
}

type share struct {
	uncounted
	of, asked int
}

func (s *share) admit(time.Time) (bool, time.Duration) {
	s.asked++
	return s.asked%s.of != 0, time.Second
}

func (s *share) quota(time.Time) (limit, left int, reset time.Duration) { return s.of, s.of, 0 }

func checkWindow(limit Limit, requests int, window time.Duration) {
	if requests < 1 || window <= 0 {
		panic(fmt.Sprintf("mockgateway: %+v allows no request", limit))
	}
}

func (l Concurrency) enforce() enforcer {
	if l.Requests < 1 {
		panic(fmt.Sprintf("mockgateway: %+v allows no request", l))
	}
	return &atOnce{limit: l.Requests}
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
