package mockgateway

import (
	"net"
	"net/http"
	"sync"
)

// connectionCounter counts a server's TCP connections.
type connectionCounter struct {
	mu       sync.Mutex
	accepted int
	open     int
	peak     int
}

// observe has the signature of [http.Server].ConnState.
func (c *connectionCounter) observe(_ net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.accepted++
		c.open++
		c.peak = max(c.peak, c.open)
	case http.StateClosed:
		c.open--
	}
}

func (c *connectionCounter) totals() (accepted, peak int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.accepted, c.peak
}

func (c *connectionCounter) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepted, c.peak = 0, c.open
}
