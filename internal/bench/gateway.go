package main

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// bucket is where all entries go.
const bucket = "bench"

// gateway is a mock gateway that counts requests and keeps none of them.
type gateway struct {
	*mockgateway.Server

	mu       sync.Mutex
	byMethod map[string]int
}

// newGateway starts a gateway with an empty bucket.
func newGateway() *gateway {
	g := &gateway{Server: mockgateway.NewServer()}
	g.SetKeepRequests(false)
	g.SetRequestHook(func(request mockgateway.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.byMethod[request.Method]++
	})
	g.CreateBucket(bucket)
	g.resetTraffic()
	return g
}

// empty deletes all entries.
func (g *gateway) empty() {
	g.DeleteBucket(bucket)
	g.CreateBucket(bucket)
}

func (g *gateway) resetTraffic() {
	g.ResetConnections()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.byMethod = map[string]int{}
}

// traffic is what a gateway has seen.
type traffic struct {
	requests, puts, connections float64
}

func (g *gateway) traffic() traffic {
	g.mu.Lock()
	defer g.mu.Unlock()
	seen := traffic{puts: float64(g.byMethod[http.MethodPut]), connections: float64(g.Connections())}
	for _, requests := range g.byMethod {
		seen.requests += float64(requests)
	}
	return seen
}

// The latencies of a gateway on the same machine, in the same region and on
// another continent.
const (
	noLatency   = 0
	nearLatency = 10 * time.Millisecond
	farLatency  = 50 * time.Millisecond
)

func latencyName(latency time.Duration) string {
	return strconv.FormatInt(latency.Milliseconds(), 10) + " ms"
}
