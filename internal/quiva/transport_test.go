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

// TestConnections: there are about as many connections as requests at a time, no
// more than the client may keep, and all are used again. net/http may dial for a
// request that then takes one that has become idle, so in the worst case there are
// twice as many.
func TestConnections(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		workers, requests int
		latency           time.Duration
	}{{1, 100, 0}, {10, 1000, 5 * time.Millisecond}, {64, 1000, 5 * time.Millisecond}, {2 * maxConnections, 4 * maxConnections, 100 * time.Millisecond}} {
		t.Run(fmt.Sprint(test.workers), func(t *testing.T) {
			t.Parallel()
			gateway, client := newBatchGateway(t)
			gateway.SetLatency(test.latency)
			inParallel(test.workers, test.requests, func(i int) {
				if err := client.PutEntry(t.Context(), "flags", fmt.Sprint(i), []byte(`{"n":1}`)); err != nil {
					t.Error(err)
				}
			})
			opened := gateway.Connections()
			if most := min(2*test.workers, maxConnections); opened > most || test.workers > maxConnections && opened < maxConnections/2 {
				t.Errorf("%d connections for %d requests at a time", opened, test.workers)
			}
		})
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

// newRelay passes connections on to a gateway, and nothing on the first of them once
// these are swallowed. They stay open.
func newRelay(t *testing.T, target string) (address string, dialed, swallowed *atomic.Int64) {
	t.Helper()
	dialed, swallowed = &atomic.Int64{}, &atomic.Int64{}
	return serveRaw(t, listen(t), func(client net.Conn) {
		number := dialed.Add(1)
		gateway, err := net.Dial("tcp", target)
		if err != nil {
			return
		}
		defer gateway.Close()
		pass := func(from, to net.Conn) {
			chunk := make([]byte, 32<<10)
			for {
				n, err := from.Read(chunk)
				if number > swallowed.Load() {
					_, _ = to.Write(chunk[:n])
				}
				if err != nil {
					return
				}
			}
		}
		go pass(gateway, client)
		pass(client, gateway)
	}), dialed, swallowed
}

// TestConnectionSwallowed: an HTTP/2 connection that stays open and passes
// nothing on is given up, and requests go on over a new one.
func TestConnectionSwallowed(t *testing.T) {
	t.Parallel()
	gateway := mockgateway.NewTLSServer()
	t.Cleanup(gateway.Close)
	gateway.CreateBucket("flags")
	address, dialed, swallowed := newRelay(t, strings.TrimPrefix(gateway.URL, "https://"))
	client := newClient(t, "https://"+address, func(c *Config) {
		c.RequestTimeout, c.MaxRetries = time.Second, 2
		c.Roots = x509.NewCertPool()
		c.Roots.AppendCertsFromPEM(gateway.CertificatePEM())
	})
	t.Cleanup(client.http.HTTPClient.Transport.(*transport).base.CloseIdleConnections)
	for range 2 {
		if err := client.PutEntry(t.Context(), "flags", "a", []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
		swallowed.Store(dialed.Load())
	}
	if dialed := dialed.Load(); dialed != 2 {
		t.Errorf("%d connections, want a second one in place of the first", dialed)
	}
	if proto := gateway.Requests()[0].Proto; proto != "HTTP/2.0" {
		t.Errorf("spoke %s", proto)
	}
}
