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
		Credential: Credential{Scheme: APIKey, Secret: mockgateway.DefaultAPIKey}, Digest: digest, BulkRefresh: true,
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

// oddGateway has one bucket, "flags", and takes values in its own way.
type oddGateway struct {
	// store returns what becomes of a body, "" for nothing, or an error for a 400.
	store func(body string) (stored, refusal string)
	// lag is how long reads show what was before a write.
	lag time.Duration

	mu       sync.Mutex
	entries  map[string][]version
	requests []string // method and path after the bucket
	// onRequest, if set, may respond in its place.
	onRequest func(method, path string) (status int, text string)
}

// unchanged is stored by a write that stores nothing.
const unchanged = "unchanged"

type version struct {
	value string // "" for none
	since time.Time
}

func (g *oddGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/storage/kv")
	g.requests = append(g.requests, r.Method+" "+strings.TrimPrefix(path, "/flags"))
	if g.onRequest != nil {
		if status, text := g.onRequest(r.Method, path); status != 0 {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
			return
		}
	}
	key, isEntry := strings.CutPrefix(path, "/flags/entries/")
	value := ""
	for _, v := range g.entries[key] {
		if time.Since(v.since) >= g.lag {
			value = v.value
		}
	}
	switch {
	case isEntry && r.Method == http.MethodPut:
		body, _ := io.ReadAll(r.Body)
		stored, refusal := g.store(string(body))
		if refusal != "" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"error":%q}`, refusal)
			return
		}
		if stored != unchanged {
			g.put(key, stored)
		}
		_, _ = io.WriteString(w, `{"message":"success"}`)
	case isEntry && r.Method == http.MethodDelete && value != "":
		g.put(key, "")
		_, _ = io.WriteString(w, `{"message":"success"}`)
	case isEntry && value != "":
		_, _ = fmt.Fprintf(w, `{"body":{"key":%q,"value":%s}}`, key, value)
	case path == "/flags":
		_, _ = io.WriteString(w, details)
	case path == "/flags/entries":
		var results []string
		for key, versions := range g.entries {
			if v := versions[len(versions)-1]; v.value != "" {
				results = append(results, fmt.Sprintf(`{"key":%q,"value":%s}`, key, v.value))
			}
		}
		_, _ = fmt.Fprintf(w, `{"body":{"results":[%s]}}`, strings.Join(results, ","))
	case path == "":
		_, _ = io.WriteString(w, buckets)
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"error":"not_found"}`)
	}
}

// put stores a value. The caller holds g.mu, or has not begun to serve.
func (g *oddGateway) put(key, value string) {
	if g.entries == nil {
		g.entries = map[string][]version{}
	}
	g.entries[key] = append(g.entries[key], version{value, time.Now()})
}

// now returns what a key holds now.
func (g *oddGateway) now(key string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	versions := g.entries[key]
	if len(versions) == 0 {
		return ""
	}
	return versions[len(versions)-1].value
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
