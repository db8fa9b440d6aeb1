package quiva

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Pauses between attempts: they double from retryWaitMin up to retryWaitMax. A gateway's own
// Retry-After counts instead, up to retryAfterMax.
const (
	retryWaitMin  = 500 * time.Millisecond
	retryWaitMax  = 15 * time.Second
	retryAfterMax = time.Minute
)

// checkRetry reports whether a request should be retried: its failure is transient, and there
// is no known outage. A 429 that gets here is final: [transport] has sent the request again as
// long as that made sense.
func (o *outage) checkRetry(ctx context.Context, response *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		return isTransient(err) && !isWithoutRetries(ctx) && !o.isOngoing(), nil
	}
	call, _ := ctx.Value(callKey{}).(*call)
	switch status := response.StatusCode; {
	case isWithoutRetries(ctx):
		return false, nil
	case isRouteMissing(status, call.body):
		// A node whose routes are being reloaded, or a broken route.
		return status != http.StatusMethodNotAllowed && !hasNoResponders(call.body) && call.attempts < 2, nil
	case status == http.StatusGatewayTimeout && call.isDone != nil:
		call.confirmed = call.isDone(ctx)
		return !call.confirmed, nil
	case status == http.StatusInternalServerError:
		said, _ := readError(call.body)
		return said.missing(status) == "", nil
	}
	return slices.Contains([]int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, response.StatusCode), nil
}

// readBackTime is how long what was written may take to show in reads.
const readBackTime = 2 * time.Second

// errNotShown is a write that the gateway accepted only, and that no read shows.
var errNotShown = errors.New("the change does not show")

// poll asks until the response is yes, for [readBackTime] at most.
func poll(ctx context.Context, ask func(context.Context) bool) bool {
	for pause, end := 50*time.Millisecond, time.Now().Add(readBackTime); !ask(ctx); pause *= 2 {
		left := time.Until(end)
		if left <= 0 {
			return false
		}
		select {
		case <-time.After(min(pause, left)):
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// isTransient reports whether repeating the request may help after an error that left no
// response.
func isTransient(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	isUnknownHost := ok && dns.IsNotFound
	return !isUnknownHost && !errors.Is(err, http.ErrSchemeMismatch) && !slices.Contains([]error{ErrRedirected, ErrResponseTooLarge, ErrUntrusted}, kindOf(err))
}

// backoff returns the pause before attempt+2 (the first retry has attempt 0).
func backoff(shortest, longest time.Duration, attempt int, response *http.Response) time.Duration {
	if response != nil {
		if pause, ok := retryAfter(response.Header, time.Now()); ok {
			return pause
		}
	}
	pause := min(shortest<<min(attempt, 16), longest)
	// Jitter over the upper half, so that many requests that failed together do not retry
	// together.
	return pause/2 + rand.N(pause/2+1) //nolint:gosec // jitter is no secret
}

// retryAfter reads the header's two forms, seconds and an HTTP date, which is compared with the
// response's own Date: clocks differ. It returns no more than retryAfterMax. No time at all, or
// one that is over, says nothing.
func retryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		longest := uint64(retryAfterMax / time.Second)
		return time.Duration(min(seconds, longest)) * time.Second, seconds > 0
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	pause := min(until.Sub(now), retryAfterMax)
	return pause, pause > 0
}

// quota is what a response says of the gateway's limit.
type quota struct {
	limit, remaining int // requests
	reset            time.Duration
}

// rateLimit reads X-RateLimit-Limit, -Remaining and -Reset. The last is in seconds, from now or
// as Unix time, which is compared with the response's own Date. It returns a reset in at least
// a second, which is as exact as the header gets, and at most retryAfterMax.
func rateLimit(header http.Header, now time.Time) (quota, bool) {
	var numbers [3]int64
	for i, name := range []string{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"} {
		number, err := strconv.ParseUint(header.Get(name), 10, 32)
		if err != nil {
			return quota{}, false
		}
		numbers[i] = int64(number)
	}
	const years = 1e8 // in seconds
	seconds := numbers[2]
	if seconds > years {
		if date, err := http.ParseTime(header.Get("Date")); err == nil {
			now = date
		}
		seconds -= now.Unix()
	}
	reset := time.Duration(max(1, min(seconds, int64(retryAfterMax/time.Second)))) * time.Second
	return quota{limit: int(numbers[0]), remaining: int(numbers[1]), reset: reset}, true
}
