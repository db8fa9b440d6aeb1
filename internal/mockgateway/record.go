package mockgateway

import (
	"net/http"
	"net/url"
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

// finish completes the record. It runs before the first byte of the response is
// sent, so a client with the response finds its request recorded.
func (x *exchange) finish(status int) {
	g := x.gateway
	g.mu.Lock()
	x.record.Status, x.record.Duration = status, time.Since(x.record.Start)
	done := *x.record
	g.mu.Unlock()
	if hook := x.behaviour.requestHook; hook != nil {
		hook(done)
	}
}

// Requests returns all requests recorded, in the order of their arrival. A request
// is recorded before its response is sent.
func (g *Gateway) Requests() []Request { return g.RequestsTo("", "") }

// RequestsTo returns the recorded requests that a method and a path select as in a
// [Fault].
func (g *Gateway) RequestsTo(method, path string) []Request {
	g.mu.RLock()
	defer g.mu.RUnlock()
	var found []Request
	for _, q := range g.requests {
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
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = nil
}
