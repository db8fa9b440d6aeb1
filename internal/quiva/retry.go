package quiva

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Pauses between attempts: they double from retryWaitMin up to retryWaitMax.
// A gateway's own Retry-After counts instead, up to retryAfterMax.
const (
	retryWaitMin  = 500 * time.Millisecond
	retryWaitMax  = 15 * time.Second
	retryAfterMax = time.Minute
)

// checkRetry reports whether a request is worth repeating: its failure is
// transient, and it is not known to be everybody's.
func (o *outage) checkRetry(ctx context.Context, response *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		return isTransient(err) && !isWithoutRetries(ctx) && !o.isOngoing(), nil
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests:
		return true, nil
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return !isWithoutRetries(ctx), nil
	}
	return false, nil
}

// isTransient reports whether repeating the request may help after an error that
// left no response.
func isTransient(err error) bool {
	switch kind := kindOf(err); {
	case errors.Is(kind, ErrRedirected), errors.Is(kind, ErrResponseTooLarge), errors.Is(kind, ErrUntrusted):
		return false
	}
	var dns *net.DNSError
	unknownHost := errors.As(err, &dns) && dns.IsNotFound
	return !unknownHost && !errors.Is(err, http.ErrSchemeMismatch)
}

// backoff returns the pause before attempt+2 (the first retry has attempt 0).
func backoff(shortest, longest time.Duration, attempt int, response *http.Response) time.Duration {
	if response != nil {
		if response.StatusCode == http.StatusTooManyRequests {
			return 0 // the limiter makes it wait, together with all others
		}
		if pause, ok := retryAfter(response.Header.Get("Retry-After"), time.Now()); ok {
			return min(pause, retryAfterMax)
		}
	}
	pause := min(shortest<<min(attempt, 16), longest)
	// Jitter over the upper half: many requests that failed together do not
	// come back together.
	return pause/2 + rand.N(pause/2+1) //nolint:gosec // jitter is no secret
}

// retryAfter reads the header's two forms, seconds and an HTTP date.
func retryAfter(header string, now time.Time) (time.Duration, bool) {
	if header == "" {
		return 0, false
	}
	seconds, err := strconv.ParseUint(header, 10, 33)
	switch {
	case err == nil:
		return time.Duration(seconds) * time.Second, true
	case errors.Is(err, strconv.ErrRange):
		return math.MaxInt64, true // whoever waits does so up to a cap
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(date.Sub(now), 0), true
	}
	return 0, false
}
