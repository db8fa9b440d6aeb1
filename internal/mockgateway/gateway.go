package mockgateway

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// maxBodySize, in bytes, is that of the gateway, whose response to more is not
// documented: here, a 413.
const maxBodySize = 10 << 20

// Gateway serves the key-value API and holds all of its state. Its methods may be
// called at any time from any goroutine. A request passes the limit, the latency, the
// faults, the routing, the credentials and the store, in this order.
type Gateway struct {
	store store

	mu        sync.RWMutex
	behaviour behaviour
	faults    []*Injection // in the order of injection
	requests  []*Request   // in the order of their arrival
}

// behaviour is what the Set methods set. A request keeps the one it met on
// arrival.
type behaviour struct {
	credentials  map[credential][]Permission
	latency      time.Duration
	limiter      *limiter
	transform    func(bucket, key, value string) string
	dialect      Dialect
	dropRequests bool
	requestHook  func(Request)
}

// NewGateway returns a gateway without buckets that accepts [DefaultAPIKey]
// and [DefaultToken].
func NewGateway() *Gateway {
	g := &Gateway{store: store{buckets: map[string]*bucket{}}}
	g.RevokeCredentials()
	g.AllowAPIKey(DefaultAPIKey)
	g.AllowToken(DefaultToken)
	return g
}

// ServeHTTP serves one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	// The body is read to its end first: only then does net/http watch the
	// connection and cancel the request's context when the client goes away.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodySize))
	x := &exchange{gateway: g, writer: w, request: r, record: &Request{
		Method: r.Method, Proto: r.Proto, Path: r.URL.EscapedPath(), Query: r.URL.Query(),
		Header: r.Header, Body: body, Start: start,
	}}
	g.configure(func(b *behaviour) {
		if x.behaviour = *b; !b.dropRequests {
			g.requests = append(g.requests, x.record)
		}
	})
	if err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			x.send(plainResponse(http.StatusRequestEntityTooLarge, "Request Entity Too Large"))
			return
		}
		x.abandon()
	}

	if l := x.behaviour.limiter; l != nil {
		refusal, ok := l.admit(w.Header(), x.behaviour.dialect.LimitHeaders)
		if !ok {
			x.wait(x.behaviour.latency)
			x.send(refusal)
			return
		}
		defer l.leave()
	}
	x.wait(x.behaviour.latency)
	fault := g.nextFault(r.Method, x.record.Path)
	x.wait(fault.Delay)
	if fault.Effect.apply == nil {
		x.send(x.handle())
		return
	}
	fault.Effect.apply(x)
}

// SetLatency delays every request by d before anything else happens to it.
// Zero, the default, turns it off.
func (g *Gateway) SetLatency(d time.Duration) {
	g.configure(func(b *behaviour) { b.latency = d })
}

// SetLimit makes the gateway refuse what is over the limit, nil for none, with a 429.
// Every call restarts the counts.
func (g *Gateway) SetLimit(limit Limit) {
	var l *limiter
	if limit != nil {
		l = &limiter{told: limit.retryAfter(), counter: limit.start()}
	}
	g.configure(func(b *behaviour) { b.limiter = l })
}

// Refused returns how many requests the present limit has refused.
func (g *Gateway) Refused() int {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if l := g.behaviour.limiter; l != nil {
		return int(l.refused.Load())
	}
	return 0
}

// SetWriteTransform makes the gateway store transform(bucket, key, value), unchecked,
// where a client PUT value. Nil, the default, turns it off.
func (g *Gateway) SetWriteTransform(transform func(bucket, key, value string) string) {
	g.configure(func(b *behaviour) { b.transform = transform })
}

// SetDialect makes the gateway respond in another form. The zero Dialect, the
// default, is the documented one.
func (g *Gateway) SetDialect(dialect Dialect) {
	g.configure(func(b *behaviour) { b.dialect = dialect })
}

// SetKeepRequests says whether requests are kept for [Gateway.Requests], which
// is the default. A gateway that runs for days should not.
func (g *Gateway) SetKeepRequests(on bool) {
	g.configure(func(b *behaviour) { b.dropRequests = !on })
}

// SetRequestHook makes the gateway call hook for every request, before its response
// is sent, from the goroutine that serves it. Nil, the default, turns it off.
func (g *Gateway) SetRequestHook(hook func(Request)) {
	g.configure(func(b *behaviour) { b.requestHook = hook })
}

func (g *Gateway) configure(set func(*behaviour)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	set(&g.behaviour)
}
