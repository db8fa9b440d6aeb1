package quiva

import (
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"sync"
	"time"
)

// connections lets at most one connection be open for each request under way.
// net/http alone dials for every request that finds none idle, even though one
// is about to be, and keeps what it dialed too much.
type connections struct {
	dialer func(ctx context.Context, network, address string) (net.Conn, error)

	mu sync.Mutex
	// changed says that a dial may be allowed now, or not be needed any more.
	changed sync.Cond
	// requests are under way; opened are connections and dials under way.
	requests, opened int
}

func newConnections(dialer func(context.Context, string, string) (net.Conn, error)) *connections {
	c := &connections{dialer: dialer}
	c.changed.L = &c.mu
	return c
}

// exchange is a request under way. It wants a connection, and another one if
// the first turns out to have been closed.
type exchange struct{ wanted *wanted }

// wanted is a connection that a request waits for.
type wanted struct {
	// settled is that it has one, dialed for it or idle before that, or gave up.
	settled bool
	// abandon ends the dial for it, or takes what was dialed out of the count.
	abandon func()
}

type exchangeKey struct{}

// begin counts a request that is sent with the returned context, until its
// answer has been read and end is called.
func (c *connections) begin(ctx context.Context) (_ context.Context, end func()) {
	e := &exchange{&wanted{settled: true}}
	c.update(func() { c.requests++ })
	ctx = context.WithValue(ctx, exchangeKey{}, e)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { c.update(func() { e.wanted = &wanted{abandon: func() {}} }) },
		GotConn: func(httptrace.GotConnInfo) { c.update(func() { e.wanted.settled = true }) },
	})
	return ctx, func() {
		c.update(func() {
			c.requests--
			if !e.wanted.settled {
				e.wanted.settled = true
				e.wanted.abandon() // what hangs must not hold up the next attempt
			}
		})
	}
}

var errNotNeeded = errors.New("no further connection is needed")

// dial opens a connection once there are more requests under way than
// connections. Until then one of those should soon be idle, and net/http gives
// it to a request that waits, whichever one this dial was begun for.
func (c *connections) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx) // net/http's does not end with the request
	defer cancel()
	wanted := c.admit(ctx, cancel)
	if wanted == nil {
		return nil, errNotNeeded // which nobody waits for
	}
	forget := sync.OnceFunc(func() { c.opened-- })
	connection, err := c.dialer(ctx, network, address)
	if err != nil {
		c.update(forget)
		return nil, err
	}
	c.update(func() { wanted.abandon = forget })
	return &countedConnection{connection, func() { c.update(forget) }}, nil
}

// patience is how long a dial waits for a connection to become idle, which takes
// no longer than an answer's last step. One that never does (an HTTP/2 server
// may leave a connection open that it does not use any more) is not waited for.
const patience = time.Second

// admit waits until a dial, which cancel ends, is allowed, and counts it. It
// returns nil when no connection is wanted any more.
func (c *connections) admit(ctx context.Context, cancel context.CancelFunc) *wanted {
	e, _ := ctx.Value(exchangeKey{}).(*exchange)
	impatient := false
	timer := time.AfterFunc(patience, func() { c.update(func() { impatient = true }) })
	defer timer.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	wanted := e.wanted
	for !wanted.settled {
		if c.opened < c.requests || impatient {
			c.opened++
			wanted.abandon = cancel
			return wanted
		}
		c.changed.Wait()
	}
	return nil
}

// update changes what is counted.
func (c *connections) update(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	c.changed.Broadcast()
}

// countedConnection is a connection that says when it is closed.
type countedConnection struct {
	net.Conn
	closed func()
}

func (c *countedConnection) Close() error {
	defer c.closed()
	return c.Conn.Close()
}
