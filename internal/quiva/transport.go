package quiva

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-cleanhttp"
)

// maxConnections is how many connections to the gateway are open at a time, and
// how many of them are kept. It is above any parallelism that Terraform is run
// with, so that none is opened twice.
const maxConnections = 256

func newHTTPTransport(roots *x509.CertPool) *http.Transport {
	t := cleanhttp.DefaultPooledTransport()
	t.MaxConnsPerHost = maxConnections
	t.MaxIdleConns = maxConnections
	t.MaxIdleConnsPerHost = maxConnections
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	return t
}

// call is what the attempts of one request share.
type call struct {
	limit    int64  // bytes of an answer that are read
	body     []byte // the last answer's
	corrupt  error  // why the body is not the gzip that it is said to be
	attempts int
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

type withoutRetriesKey struct{}

// withoutRetries marks a context whose requests are not worth repeating.
func withoutRetries(ctx context.Context) context.Context {
	return context.WithValue(ctx, withoutRetriesKey{}, true)
}

func isWithoutRetries(ctx context.Context) bool {
	return ctx.Value(withoutRetriesKey{}) != nil
}

// transport sends single attempts. Each is over, its answer read whole, when
// RoundTrip returns: so a connection lost in the middle of an answer is
// repeated like any other, and the time limit covers all of it.
type transport struct {
	base    *http.Transport
	limiter limiter
	timeout time.Duration
	log     LogFunc
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	call, _ := r.Context().Value(callKey{}).(*call)
	if err := t.limiter.wait(r.Context()); err != nil {
		return nil, err
	}
	if r.Response == nil { // which a redirected request has
		call.attempts++
	}

	ctx, cancel := context.WithTimeoutCause(r.Context(), t.timeout, &timeoutError{t.timeout})
	defer cancel()
	start := time.Now()
	response, err := t.base.RoundTrip(r.WithContext(ctx))
	if err == nil {
		call.body, err = readBody(response, call.limit)
		call.corrupt = nil
		if isCorrupt(err) {
			call.corrupt, err = err, nil
		}
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	t.report(r, response, err, call.attempts, time.Since(start))
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusTooManyRequests {
		t.pauseAll(r, response, start)
	} else {
		t.limiter.accept()
	}
	return response, nil
}

// pauseAll makes all requests wait for as long as a 429 says.
func (t *transport) pauseAll(r *http.Request, response *http.Response, sent time.Time) {
	pause, ok := retryAfter(response.Header.Get("Retry-After"), time.Now())
	if !ok {
		pause = rejectedPause
	}
	pause = min(pause, retryAfterMax)
	if t.limiter.reject(sent, pause) && t.log != nil {
		t.log(r.Context(), "Gateway's rate limit reached, all requests pause", map[string]any{"pause": pause.String()})
	}
}

func (t *transport) report(r *http.Request, response *http.Response, err error, attempt int, took time.Duration) {
	if t.log == nil {
		return
	}
	fields := map[string]any{
		"method":  r.Method,
		"path":    r.URL.EscapedPath(),
		"attempt": attempt,
		"took":    took.String(),
	}
	if err != nil {
		fields["error"] = err.Error()
		t.log(r.Context(), "Gateway request failed", fields)
		return
	}
	fields["status"] = response.StatusCode
	t.log(r.Context(), "Gateway request", fields)
}

// readBody reads an answer's body to its end and leaves none.
func readBody(response *http.Response, limit int64) ([]byte, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, &tooLargeError{limit}
	}
	response.Body = http.NoBody
	return body, nil
}

// isCorrupt reports whether a body arrived, but is not the gzip that its header
// says.
func isCorrupt(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.As(err, &corrupt) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum)
}

// timeoutError is one attempt that took too long.
type timeoutError struct{ limit time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("no complete answer within %s", e.limit)
}

// Timeout says so in the way of [net.Error].
func (e *timeoutError) Timeout() bool { return true }

// IsTimeout reports whether the gateway did not answer in time.
func IsTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// tooLargeError is an answer beyond the limit of its kind.
type tooLargeError struct{ limit int64 }

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("the answer is larger than %d MiB", e.limit>>20)
}

// IsUntrusted reports whether the gateway's certificate was not accepted.
func IsUntrusted(err error) bool {
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &certificate)
}

// IsTooLarge reports whether the answer was larger than is read: 64 MiB for
// lists, 16 MiB for all else.
func IsTooLarge(err error) bool {
	var tooLarge *tooLargeError
	return errors.As(err, &tooLarge)
}

// redirectError is a redirect that was not followed.
type redirectError struct{ target, reason string }

func (e *redirectError) Error() string {
	return fmt.Sprintf("it was redirected to %s, which was not followed: %s", e.target, e.reason)
}

// IsRedirect reports whether the request was redirected to where it must not
// follow.
func IsRedirect(err error) bool {
	var redirect *redirectError
	return errors.As(err, &redirect)
}

// maxRedirects is how many redirects are followed in a row.
const maxRedirects = 5

// checkRedirect follows a redirect only within the gateway's origin, and only
// if it keeps the request what it is. net/http strips Authorization on the way
// to another host, but not X-Api-Key.
func checkRedirect(next *http.Request, previous []*http.Request) error {
	refuse := func(reason string) error {
		// Without its query, which may carry a secret of the other side.
		return &redirectError{target: origin(next.URL) + next.URL.EscapedPath(), reason: reason}
	}
	first := previous[0]
	switch {
	case origin(next.URL) != origin(first.URL) || next.URL.User != nil:
		return refuse("the credential is only sent to " + origin(first.URL))
	case next.Method != first.Method:
		return refuse("it would turn the " + first.Method + " into a " + next.Method)
	case len(previous) > maxRedirects:
		return refuse(fmt.Sprintf("it is the redirect number %d in a row", len(previous)))
	}
	return nil
}

// origin returns a URL's scheme, host and port in one spelling.
func origin(u *url.URL) string {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		return u.Scheme + "://" + host
	}
	return u.Scheme + "://" + host + ":" + port
}
