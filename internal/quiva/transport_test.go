package quiva

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// inParallel calls work for each of n numbers, on so many workers at a time.
func inParallel(workers, n int, work func(i int)) {
	numbers := make(chan int)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := range numbers {
				work(i)
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	group.Wait()
}

// TestConnections: there are about as many connections as requests at a time,
// and all are used again. net/http may dial for a request that then takes one that
// has become idle, so in the worst case there are twice as many.
func TestConnections(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 10, 64} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			t.Parallel()
			gateway, client := newBatchGateway(t)
			gateway.SetLatency(5 * time.Millisecond)
			inParallel(workers, 1000, func(i int) {
				if err := client.PutEntry(t.Context(), "flags", fmt.Sprint(i), []byte(`{}`)); err != nil {
					t.Error(err)
				}
			})
			if opened := gateway.Connections(); opened > 2*workers {
				t.Errorf("%d connections for %d requests at a time", opened, workers)
			}
		})
	}
}

// TestConnectionsCapped: no more connections are opened than the client may keep.
func TestConnectionsCapped(t *testing.T) {
	t.Parallel()
	gateway, client := newBatchGateway(t)
	gateway.SetLatency(100 * time.Millisecond)
	inParallel(2*maxConnections, 2*maxConnections, func(i int) {
		if err := client.PutEntry(t.Context(), "flags", fmt.Sprint(i), []byte(`{}`)); err != nil {
			t.Error(err)
		}
	})
	if opened := gateway.Connections(); opened > maxConnections {
		t.Errorf("%d connections, want %d at most", opened, maxConnections)
	}
}

// TestConnectionClosed: a kept connection that turns out to be closed costs no
// try, whatever the method.
func TestConnectionClosed(t *testing.T) {
	t.Parallel()
	calls := map[string]func(context.Context, *Client) error{
		http.MethodGet:    func(ctx context.Context, c *Client) error { _, err := c.GetEntry(ctx, "flags", "a"); return err },
		http.MethodPut:    func(ctx context.Context, c *Client) error { return c.PutEntry(ctx, "flags", "a", []byte(`{"n":2}`)) },
		http.MethodDelete: func(ctx context.Context, c *Client) error { return c.DeleteEntry(ctx, "flags", "a") },
	}
	for method, call := range calls {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			gateway, client := newBatchGateway(t) // whose client does not retry
			gateway.PutEntry("flags", "a", `{"n":1}`)
			dropped := gateway.Inject(mockgateway.Fault{Path: "*/entries/a", Times: 1, Effect: mockgateway.Drop()})
			if _, err := client.ListEntries(t.Context(), "flags", 1); err != nil {
				t.Fatal(err)
			}
			if err := call(t.Context(), client); err != nil {
				t.Error(err)
			}
			if dropped.Hits() != 1 {
				t.Error("no connection was closed")
			}
		})
	}
}

// TestConnectionsAllClosed: however many kept connections are closed, a write is
// sent twice at most.
func TestConnectionsAllClosed(t *testing.T) {
	t.Parallel()
	gateway, client := newBatchGateway(t)
	gateway.SetLatency(5 * time.Millisecond)
	keys := numberedKeys(batchWidth)
	if put := client.PutEntries(t.Context(), "flags", objects(keys)); put.Err() != nil {
		t.Fatal(put.Err())
	}
	gateway.Inject(mockgateway.Fault{Effect: mockgateway.LoseResponse()})
	if err := client.PutEntry(t.Context(), "flags", "a", []byte(`{"n":1}`)); err == nil {
		t.Error("no error")
	}
	if writes := gateway.Revisions("flags", "a"); writes != 2 {
		t.Errorf("written %d times, want twice", writes)
	}
}

// relay stands between a client and a gateway.
type relay struct {
	net.Listener
	target string
	dialed atomic.Int64
	// swallowed is set for connections that stay open and pass nothing on.
	mu        sync.Mutex
	swallowed []*atomic.Bool
}

func newRelay(t *testing.T, target string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: listener, target: target}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			r.dialed.Add(1)
			t.Cleanup(func() { _ = client.Close() })
			r.connect(client)
		}
	}()
	return r
}

func (r *relay) connect(client net.Conn) {
	gateway, err := net.Dial("tcp", r.target)
	if err != nil {
		_ = client.Close()
		return
	}
	swallowed := &atomic.Bool{}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.swallowed = append(r.swallowed, swallowed)
	for from, to := range map[net.Conn]net.Conn{client: gateway, gateway: client} {
		go func() {
			chunk := make([]byte, 32<<10)
			for {
				n, err := from.Read(chunk)
				if !swallowed.Load() {
					_, _ = to.Write(chunk[:n])
				}
				if err != nil {
					_ = to.Close()
					return
				}
			}
		}()
	}
}

// swallow lets all connections of until now pass nothing on.
func (r *relay) swallow() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, swallowed := range r.swallowed {
		swallowed.Store(true)
	}
}

// TestConnectionSwallowed: an HTTP/2 connection that stays open and passes
// nothing on is given up, and requests go on over a new one.
func TestConnectionSwallowed(t *testing.T) {
	t.Parallel()
	gateway := mockgateway.NewTLSServer()
	t.Cleanup(gateway.Close)
	gateway.CreateBucket("flags")
	relay := newRelay(t, strings.TrimPrefix(gateway.URL, "https://"))
	endpoint, err := ParseEndpoint("https://"+relay.Addr().String(), false)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(gateway.CertificatePEM())
	client := New(Config{
		Endpoint:       endpoint,
		Credential:     Credential{Scheme: APIKey, Secret: mockgateway.DefaultAPIKey},
		RequestTimeout: time.Second,
		Roots:          roots,
		MaxRetries:     2,
	})
	for range 2 {
		if err := client.PutEntry(t.Context(), "flags", "a", []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
		relay.swallow()
	}
	if dialed := relay.dialed.Load(); dialed != 2 {
		t.Errorf("%d connections, want a second one in place of the first", dialed)
	}
	if proto := gateway.Requests()[0].Proto; proto != "HTTP/2.0" {
		t.Errorf("spoke %s", proto)
	}
}
