package mockgateway_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

func TestTLSServer(t *testing.T) {
	t.Parallel()
	s := newTLSServer(t)
	if !strings.HasPrefix(s.URL, "https://127.0.0.1:") {
		t.Errorf("URL is %s", s.URL)
	}
	response, err := newClient(t, s).Do(newRequest(t, s, "GET", "/storage/kv", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != 200 || response.ProtoMajor != 2 {
		t.Errorf("got %d over %s", response.StatusCode, response.Proto)
	}

	stranger := &http.Client{Transport: &http.Transport{}}
	var untrusted *tls.CertificateVerificationError
	if got := send(stranger, newRequest(t, s, "GET", "/storage/kv", "")); !errors.As(got.err, &untrusted) {
		t.Errorf("without the certificate: %v", got.err)
	}
}

func TestStopAndRestart(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *mockgateway.Server{"http": newServer, "https": newTLSServer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			url, certificate := s.URL, string(s.CertificatePEM())
			// A new client each time: an old one may see too late that its
			// connection is gone.
			get := func() reply { return do(t, s, "GET", "/storage/kv/b/entries/k", "") }
			s.CreateBucket("b")
			s.PutEntry("b", "k", `{}`)
			if got := get(); got.status != 200 {
				t.Fatalf("before: %+v", got)
			}
			s.Stop()
			s.Stop()
			if got := get(); !errors.Is(got.err, syscall.ECONNREFUSED) {
				t.Errorf("stopped: %+v", got)
			}
			s.Restart()
			if got := get(); got.status != 200 {
				t.Errorf("restarted: %+v", got)
			}
			s.Restart()
			if got := get(); got.status != 200 {
				t.Errorf("restarted while running: %+v", got)
			}
			if s.URL != url || string(s.CertificatePEM()) != certificate {
				t.Error("the restart changed the URL or the certificate")
			}
			if got := s.Count("", ""); got != 3 {
				t.Errorf("%d requests", got)
			}
		})
	}
}

func TestStopCutsRequestsOff(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *mockgateway.Server{"http": newServer, "https": newTLSServer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.SetLatency(time.Hour)
			client := newClient(t, s)
			replied := make(chan reply, 1)
			go func() { replied <- send(client, newRequest(t, s, "POST", "/storage/kv", `{"bucket":"b"}`)) }()
			eventually(t, "the request arrives", func() bool { return s.Count("POST", "") == 1 })
			s.Stop()
			if got := <-replied; got.err == nil {
				t.Errorf("got %d %s", got.status, got.body)
			}
			if q := s.Requests()[0]; q.Status != 0 || q.Duration == 0 {
				t.Errorf("recorded %+v", q)
			}
			if len(s.Buckets()) != 0 {
				t.Error("the request was handled")
			}
		})
	}
}

func TestClientThatGoesAwayEndsTheWait(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.SetLatency(time.Hour)
	ctx, cancel := context.WithCancel(context.Background())
	client := newClient(t, s)
	replied := make(chan reply, 1)
	go func() { replied <- send(client, newRequest(t, s, "GET", "/storage/kv", "").WithContext(ctx)) }()
	eventually(t, "the request arrives", func() bool { return s.Count("", "") == 1 })
	cancel()
	if got := <-replied; !errors.Is(got.err, context.Canceled) {
		t.Errorf("got %+v", got)
	}
	eventually(t, "the exchange ends", func() bool { return s.Requests()[0].Duration > 0 })
}

func TestConnections(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	client := newClient(t, s)
	for range 3 {
		send(client, newRequest(t, s, "GET", "/storage/kv", ""))
	}
	if got := s.Connections(); got != 1 {
		t.Errorf("one client keeps %d connections", got)
	}
	for range 2 {
		do(t, s, "GET", "/storage/kv", "") // each keeps its connection until the test's end
	}
	if got := s.Connections(); got != 3 {
		t.Errorf("three clients keep %d connections", got)
	}
}

func TestGatewayUnderAnotherServer(t *testing.T) {
	t.Parallel()
	gateway := mockgateway.NewGateway()
	server := httptest.NewServer(gateway)
	t.Cleanup(server.Close)
	gateway.Inject(mockgateway.Fault{Times: 1, Effect: mockgateway.Drop()})
	get := func() reply {
		return send(server.Client(), newRequest(t, &mockgateway.Server{URL: server.URL}, "GET", "/storage/kv", ""))
	}
	if got := get(); got.err == nil {
		t.Errorf("a dropped connection responded %d", got.status)
	}
	if got := get(); got.status != 200 {
		t.Errorf("got %+v", got)
	}
}

func TestTooLargeBody(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("b")
	r := newRequest(t, s, "PUT", "/storage/kv/b/entries/k", `{"a":"`+strings.Repeat("x", 64<<20)+`"}`)
	response := httptest.NewRecorder()
	s.ServeHTTP(response, r)
	if response.Code != 413 {
		t.Errorf("got %d", response.Code)
	}
}

func TestCancelledRequestLeavesItsConnectionToOthers(t *testing.T) {
	t.Parallel()
	s := newTLSServer(t)
	client := newClient(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	s.Inject(mockgateway.Fault{Path: "/hang", Effect: mockgateway.Hang()})
	slow := s.Inject(mockgateway.Fault{Path: "/storage/kv", Delay: 50 * time.Millisecond})

	hanging, replied := make(chan reply, 1), make(chan reply, 1)
	go func() { hanging <- send(client, newRequest(t, s, "GET", "/hang", "").WithContext(ctx)) }()
	eventually(t, "a request hangs", func() bool { return s.Count("", "/hang") == 1 })
	go func() { replied <- send(client, newRequest(t, s, "GET", "/storage/kv", "")) }()
	<-slow.Reached(1)
	cancel()
	<-hanging
	if got := <-replied; got.err != nil || got.status != 200 {
		t.Errorf("got %+v", got)
	}
}
