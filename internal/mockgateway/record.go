package mockgateway

import (
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Request is one request that the gateway received. Its header and body are
// shared with the gateway's record and must not be changed.
type Request struct {
	Method string
	// Proto is the protocol: HTTP/1.1 or HTTP/2.0.
	Proto string
	// Path is the path as it was sent, percent-encoded.
	Path  string
	Query url.Values
	// Header is the request's header, credentials included.
	Header http.Header
	Body   []byte
	// Status is the status of the response, 0 if there is none.
	Status int
	// Start is when the request's header had arrived.
	Start time.Time
	// Duration is the time from Start to the response's status, or to the end of
	// an exchange without a response.
	Duration time.Duration
}

// recorder keeps requests in the order of their arrival.
type recorder struct {
	mu       sync.Mutex
	requests []*Request
}

func newRequest(r *http.Request, body []byte, start time.Time) *Request {
	return &Request{
		Method: r.Method, Proto: r.Proto, Path: r.URL.EscapedPath(), Query: r.URL.Query(),
		Header: r.Header, Body: body, Start: start,
	}
}

func (rec *recorder) add(q *Request) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.requests = append(rec.requests, q)
}

// finish completes q, which others may be copying, and returns a copy.
func (rec *recorder) finish(q *Request, status int) Request {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	q.Status = status
	q.Duration = time.Since(q.Start)
	return *q
}

// Requests returns all requests recorded, in the order of their arrival. A request
// is recorded before its response is sent.
func (g *Gateway) Requests() []Request { return g.RequestsTo("", "") }

// RequestsTo returns the recorded requests that a method and a path select as in a
// [Fault].
func (g *Gateway) RequestsTo(method, path string) []Request {
	rec := &g.recorder
	rec.mu.Lock()
	defer rec.mu.Unlock()
	var found []Request
	for _, q := range rec.requests {
		if matchRequest(method, path, q.Method, q.Path) {
			found = append(found, *q)
		}
	}
	return found
}

// Count returns the number of requests that [Gateway.RequestsTo] would return.
func (g *Gateway) Count(method, path string) int { return len(g.RequestsTo(method, path)) }

// ResetRequests forgets the requests recorded so far.
func (g *Gateway) ResetRequests() {
	rec := &g.recorder
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.requests = nil
}
