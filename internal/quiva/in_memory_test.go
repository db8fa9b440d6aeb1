package quiva

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// inMemory returns a client of a handler that it calls without a network, for tests on
// synctest's clock. It retries and lists buckets, unless change says otherwise.
func inMemory(handler http.Handler, change ...func(*Config)) *Client {
	config := Config{
		Endpoint: &url.URL{Scheme: "memory", Host: "gateway"}, RequestTimeout: time.Minute, MaxRetries: 3, Transport: mockgateway.InMemory(handler),
		Credential: Credential{Secret: mockgateway.DefaultAPIKey}, Digest: digest, BulkRefresh: true,
	}
	for _, change := range change {
		change(&config)
	}
	return New(config)
}

// withFlags runs a test on synctest's clock, of a gateway that has a bucket "flags".
func withFlags(t *testing.T, test func(t *testing.T, gateway *mockgateway.Gateway)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		gateway := mockgateway.NewGateway()
		gateway.CreateBucket("flags")
		test(t, gateway)
	})
}

// oddGateway is a gateway with the bucket "flags" that takes values in its own way.
type oddGateway struct {
	// store returns what becomes of a body, "" for nothing, or an error for a 400.
	store func(body string) (stored, refusal string)
	// lag is how long reads show what was before a write.
	lag time.Duration

	mu       sync.Mutex
	gateway  *mockgateway.Gateway
	requests []string // method and path after the bucket
	// onRequest, if set, may respond in its place.
	onRequest func(method, path string) (status int, text string)
}

// newOddGateway returns a gateway that is not odd yet, and a client.
func newOddGateway() (*oddGateway, *Client) {
	gateway, _ := newFlags()
	odd := &oddGateway{store: bare, gateway: gateway}
	return odd, inMemory(odd)
}

// unchanged is stored by a write that stores nothing.
const unchanged = "unchanged"

func (g *oddGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/storage/kv")
	if status, text := g.respond(r, path); status != 0 {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
		return
	}
	g.gateway.ServeHTTP(w, r)
}

// respond returns no status where the gateway responds as documented.
func (g *oddGateway) respond(r *http.Request, path string) (status int, text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = append(g.requests, r.Method+" "+strings.TrimPrefix(path, "/flags"))
	if g.onRequest != nil {
		if status, text = g.onRequest(r.Method, path); status != 0 {
			return status, text
		}
	}
	key, isEntry := strings.CutPrefix(path, "/flags/entries/")
	if !isEntry || r.Method != http.MethodPut {
		return 0, ""
	}
	body, _ := io.ReadAll(r.Body)
	stored, refusal := g.store(string(body))
	switch {
	case refusal != "":
		return http.StatusBadRequest, fmt.Sprintf(`{"error":%q}`, refusal)
	case stored != unchanged:
		if g.lag == 0 {
			g.put(key, stored)
		} else {
			time.AfterFunc(g.lag, func() { g.put(key, stored) })
		}
	}
	return http.StatusOK, `{"message":"success"}`
}

// put stores a value, or none.
func (g *oddGateway) put(key, value string) {
	if value == "" {
		g.gateway.DeleteEntry("flags", key)
		return
	}
	g.gateway.PutEntry("flags", key, value)
}

// now returns what a key holds once no write is under way.
func (g *oddGateway) now(key string) string {
	time.Sleep(g.lag)
	value, _ := g.gateway.Entry("flags", key)
	return value
}

// count returns how many requests there were of a method and a path after the bucket.
func (g *oddGateway) count(request string) (count int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range g.requests {
		if strings.HasPrefix(r, request) {
			count++
		}
	}
	return count
}
