package mockgateway_test

import (
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
			s.CreateBucket("b")
			for _, step := range []func(){func() {}, s.Stop, s.Stop, s.Restart, s.Restart} {
				step()
				// A new client each time: an old one may see too late that its
				// connection is gone.
				got := do(t, s, "GET", "/storage/kv/b", "")
				if stopped := errors.Is(got.err, syscall.ECONNREFUSED); !stopped && got.status != 200 {
					t.Errorf("got %+v", got)
				}
			}
			if n := s.Count("", ""); n != 3 || s.URL != url || string(s.CertificatePEM()) != certificate {
				t.Errorf("%d requests, or the restart changed the URL or the certificate", n)
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

func TestTooLargeBody(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	response := httptest.NewRecorder()
	s.ServeHTTP(response, newRequest(t, s, "PUT", "/storage/kv/b/entries/k", strings.Repeat("x", 10<<20+1)))
	if response.Code != 413 {
		t.Errorf("got %d", response.Code)
	}
}
