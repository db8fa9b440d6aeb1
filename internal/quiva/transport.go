package quiva

import (
	"cmp"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-cleanhttp"
)

// maxConnections is how many connections are open at a time, and kept: more than any
// parallelism that Terraform is run with, so that none is opened twice.
const maxConnections = 256

// How long an HTTP/2 connection may be silent before it is pinged, and how long the ping may
// take. Both are less if the request timeout is short, so that a dead connection is given up
// within one attempt and the next one dials a new one.
const (
	silenceMax = 5 * time.Second
	pingMax    = 10 * time.Second
)

func newHTTPTransport(config Config) *http.Transport {
	t := cleanhttp.DefaultPooledTransport()
	t.MaxConnsPerHost = maxConnections
	t.MaxIdleConns = maxConnections
	t.MaxIdleConnsPerHost = maxConnections
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: config.Roots}
	t.HTTP2 = &http.HTTP2Config{
		SendPingTimeout: min(config.RequestTimeout/4, silenceMax),
		PingTimeout:     min(config.RequestTimeout/2, pingMax),
	}
	if config.Transport != nil {
		t.RegisterProtocol(config.Endpoint.Scheme, config.Transport)
	}
	return t
}

// call is what the attempts of one request share.
type call struct {
	request
	confirmed bool // that a write was done, despite a 504
	// stream, if set, reads a success as it arrives.
	stream    func(io.Reader) error
	streamErr error  // how it ended
	body      []byte // the last response's; of one that was streamed, the beginning
	corrupt   error  // why the body is not the gzip that it is said to be
	attempts  int
	// lost says that an attempt may have been carried out although its response did not arrive.
	lost bool
}

type callKey struct{}

type withoutRetriesKey struct{}

// withoutRetries marks a context whose requests are not worth repeating.
func withoutRetries(ctx context.Context) context.Context {
	return context.WithValue(ctx, withoutRetriesKey{}, true)
}

func isWithoutRetries(ctx context.Context) bool {
	return ctx.Value(withoutRetriesKey{}) != nil
}

// transport sends single attempts and reads their responses whole: so one that breaks off is
// repeated like any other, and the time limit covers all of it.
type transport struct {
	base    *http.Transport
	limiter *limiter
	timeout time.Duration
	outage  *outage
	log     LogFunc
}

// RoundTrip sends a request until it gets another response than 429, or all requests are given
// up.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	call, _ := r.Context().Value(callKey{}).(*call)
	for {
		ticket, err := t.limiter.wait(r.Context(), call.attempts)
		if err != nil {
			return nil, err
		}
		if r.Response == nil { // which a redirected request has
			call.attempts++
		}
		response, err := t.exchange(r, call)
		switch {
		case err != nil:
			t.limiter.drop()
			return nil, err
		case response.StatusCode != http.StatusTooManyRequests:
			t.limiter.accept(ticket, response.Header)
			return response, nil
		case t.refuse(r, response, ticket):
			return response, nil
		}
		if r.GetBody != nil {
			r = r.WithContext(r.Context()) // a copy
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

// exchange sends a request and reads its response.
func (t *transport) exchange(r *http.Request, call *call) (*http.Response, error) {
	ctx, cancel := context.WithTimeoutCause(r.Context(), t.timeout, fmt.Errorf("%w within %s", ErrTimeout, t.timeout))
	defer cancel()
	start := time.Now()
	response, sent, err := t.send(r.WithContext(ctx))
	if err == nil {
		t.outage.end()
		err = call.read(response)
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil || response.StatusCode == http.StatusBadGateway || response.StatusCode == http.StatusGatewayTimeout {
		call.lost = call.lost || sent
	}
	t.report(r, response, err, call.attempts, time.Since(start))
	if err != nil {
		return nil, err
	}
	return response, nil
}

// send sends a request, and once more if it fails on a kept connection, which may have been
// closed meanwhile: over a new one, unless HTTP/2 still has others under way on the old. It
// reports whether the request went out. A creation is not repeated.
func (t *transport) send(r *http.Request) (_ *http.Response, sent bool, _ error) {
	var reused, wrote atomic.Bool
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GotConn:      func(connection httptrace.GotConnInfo) { reused.Store(connection.Reused) },
		WroteHeaders: func() { wrote.Store(true) },
	}))
	response, err := t.base.RoundTrip(r)
	if err == nil || !reused.Load() || r.Method == http.MethodPost || r.Context().Err() != nil {
		return response, wrote.Load(), err
	}
	t.base.CloseIdleConnections() // they have been kept for as long
	if r.GetBody != nil {
		if r.Body, err = r.GetBody(); err != nil {
			return nil, true, err
		}
	}
	response, err = t.base.RoundTrip(r)
	return response, true, err
}

// refuse makes all requests wait for as long as a 429 says. It reports whether that response is
// final.
func (t *transport) refuse(r *http.Request, response *http.Response, refused ticket) (final bool) {
	pause, ok := retryAfter(response.Header, time.Now())
	if !ok {
		pause = refusedPause
		if q, ok := rateLimit(response.Header, time.Now()); ok && q.remaining == 0 {
			pause = q.reset
		}
	}
	begun, final := t.limiter.refuse(refused, pause)
	if begun > 0 {
		t.log(r.Context(), "Gateway's rate limit reached, all requests pause", map[string]any{"pause": begun.String()})
	}
	return final
}

func (t *transport) report(r *http.Request, response *http.Response, err error, attempt int, took time.Duration) {
	fields := map[string]any{"method": r.Method, "path": r.URL.EscapedPath(), "attempt": attempt, "took": took.String()}
	if err != nil {
		fields["error"] = err.Error()
		t.log(r.Context(), "Gateway request failed", fields)
		return
	}
	fields["status"] = response.StatusCode
	t.log(r.Context(), "Gateway request", fields)
}

// read reads a response's body to its end and leaves none.
func (c *call) read(response *http.Response) (err error) {
	defer response.Body.Close()
	limit := cmp.Or(c.limit, entryLimit)
	body := http.MaxBytesReader(nil, response.Body, limit)
	if c.stream != nil && isSuccess(response.StatusCode) {
		var read beginning
		c.streamErr = c.stream(io.TeeReader(body, &read))
		_, err = io.Copy(io.Discard, body) // to the end, which shows whether it is whole
		c.body = read
	} else {
		c.body, err = io.ReadAll(body)
	}
	response.Body = http.NoBody
	var (
		corrupt  flate.CorruptInputError
		tooLarge *http.MaxBytesError
	)
	switch c.corrupt = nil; {
	case errors.As(err, &tooLarge):
		return fmt.Errorf("%w of %d MiB", ErrResponseTooLarge, limit>>20)
	case errors.As(err, &corrupt) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum):
		c.corrupt, err = err, nil
	}
	return err
}

// beginningLimit is how much is kept of what was streamed, in bytes: enough for an excerpt in
// an error.
const beginningLimit = 4 << 10

// beginning keeps the beginning of what is written to it.
type beginning []byte

func (b *beginning) Write(p []byte) (int, error) {
	*b = append(*b, p[:min(len(p), beginningLimit-len(*b))]...)
	return len(p), nil
}
