package quiva

import (
	"sync"
	"time"
)

// outage is a time in which the gateway does not respond at all. Once one request has used up
// its tries, all others try only once until there is a response again.
type outage struct {
	mu           sync.Mutex
	lastResponse time.Time
	first        string // the request that found the outage, empty if there is none
}

// end notes a response.
func (o *outage) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lastResponse, o.first = time.Now(), ""
}

// begin notes a request that has used up its tries, which began at a time. It returns the
// request that has found the outage before, if there is one.
func (o *outage) begin(request string, since time.Time) (first string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	first = o.first
	// Where others got a response meanwhile, it is this request that fails.
	if first == "" && o.lastResponse.Before(since) {
		o.first = request
	}
	return first
}

func (o *outage) isOngoing() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.first != ""
}
