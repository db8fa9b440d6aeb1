package quiva

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// dialing watches a client's dials from below.
type dialing struct {
	delay              time.Duration // of each dial
	dialed, open, most atomic.Int64
}

func (d *dialing) watch(client *Client) {
	connections := client.http.HTTPClient.Transport.(*attempts).connections
	dialer := connections.dialer
	connections.dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
		d.dialed.Add(1)
		open := d.open.Add(1)
		for most := d.most.Load(); open > most && !d.most.CompareAndSwap(most, open); most = d.most.Load() {
		}
		time.Sleep(d.delay)
		connection, err := dialer(ctx, network, address)
		if err != nil {
			d.open.Add(-1)
			return nil, err
		}
		return &countedConnection{connection, sync.OnceFunc(func() { d.open.Add(-1) })}, nil
	}
}

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

// TestConnections: no connection is opened beyond one for each request at a
// time, however long that takes, and all are used again.
func TestConnections(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 10, 64} {
		for _, delay := range []time.Duration{0, 5 * time.Millisecond} {
			t.Run(fmt.Sprintf("%d, dialed in %s", workers, delay), func(t *testing.T) {
				t.Parallel()
				for range 5 {
					gateway, client := newBatchGateway(t)
					dials := &dialing{delay: delay}
					dials.watch(client)
					inParallel(workers, 1000, func(i int) {
						if err := client.PutEntry(t.Context(), "flags", fmt.Sprint(i), []byte(`{}`)); err != nil {
							t.Error(err)
						}
					})
					if dialed, opened := dials.dialed.Load(), gateway.Connections(); dialed > int64(workers) || opened > workers {
						t.Errorf("%d dials and %d connections for %d requests at a time", dialed, opened, workers)
					}
				}
			})
		}
	}
}

// TestConnectionsLost: whatever becomes of connections, a request that needs
// one gets one, and no more are open than requests are under way.
func TestConnectionsLost(t *testing.T) {
	t.Parallel()
	const workers = 10
	effects := map[string]mockgateway.Effect{
		"closed after the answer": mockgateway.Respond(http.StatusNotFound, http.Header{"Connection": {"close"}}, `{"error":"not_found"}`),
		"dropped":                 mockgateway.Drop(),
		"reset":                   mockgateway.Reset(),
		"truncated":               mockgateway.Truncate(),
		"hanging":                 mockgateway.Hang(),
	}
	for name, effect := range effects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway, client := newBatchGateway(t)
			gateway.PutEntry("flags", "kept", `{"n":1}`)
			gateway.Inject(mockgateway.Fault{Path: "*/entries/lost", Effect: effect})
			dials := &dialing{delay: time.Millisecond}
			dials.watch(client)
			inParallel(workers, 300, func(i int) {
				if i%3 > 0 {
					if _, err := client.GetEntry(t.Context(), "flags", "kept"); err != nil {
						t.Error(err)
					}
					return
				}
				ctx := t.Context()
				if name == "hanging" {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
					defer cancel()
				}
				if _, err := client.GetEntry(ctx, "flags", "lost"); err == nil {
					t.Error("no error")
				}
			})
			if most := dials.most.Load(); most > workers {
				t.Errorf("%d connections open for %d requests at a time", most, workers)
			}
		})
	}
}

// TestConnectionHangs: a connection that does not come about is not in the way
// of the next attempt.
func TestConnectionHangs(t *testing.T) {
	t.Parallel()
	hangs := map[string]func(ctx context.Context) (net.Conn, error){
		"dial": func(ctx context.Context) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		"handshake": func(context.Context) (net.Conn, error) {
			silent, _ := net.Pipe()
			return silent, nil
		},
	}
	for name, hang := range hangs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := mockgateway.NewTLSServer()
			t.Cleanup(gateway.Close)
			gateway.CreateBucket("flags")
			endpoint, err := ParseEndpoint(gateway.URL, false)
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
				MaxRetries:     1,
			})
			connections := client.http.HTTPClient.Transport.(*attempts).connections
			dialer := connections.dialer
			var dials atomic.Int64
			connections.dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
				if dials.Add(1) == 1 {
					return hang(ctx)
				}
				return dialer(ctx, network, address)
			}
			if err := client.PutEntry(t.Context(), "flags", "a", []byte(`{}`)); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestConnectionNeverIdle: a connection that stays open and serves nobody is
// waited for no longer than patience.
func TestConnectionNeverIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		connections := newConnections(func(context.Context, string, string) (net.Conn, error) {
			connection, _ := net.Pipe()
			return connection, nil
		})
		for i, want := range []time.Duration{0, patience} {
			ctx, end := connections.begin(t.Context())
			trace := httptrace.ContextClientTrace(ctx)
			trace.GetConn("")
			start := time.Now()
			if _, err := connections.dial(ctx, "tcp", ""); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took != want {
				t.Errorf("dial %d began after %s, want %s", i, took, want)
			}
			trace.GotConn(httptrace.GotConnInfo{})
			end()
		}
	})
}
