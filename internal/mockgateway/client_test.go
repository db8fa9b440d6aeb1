package mockgateway_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// reply is a response as a plain client sees it. err is an error of the
// connection or of reading the body.
type reply struct {
	status int
	header http.Header
	body   string
	err    error
}

func newServer(t *testing.T) *mockgateway.Server {
	t.Helper()
	s := mockgateway.NewServer()
	t.Cleanup(s.Close)
	return s
}

func newTLSServer(t *testing.T) *mockgateway.Server {
	t.Helper()
	s := mockgateway.NewTLSServer()
	t.Cleanup(s.Close)
	return s
}

// newClient has a pool of its own, and trusts the server's certificate.
func newClient(t testing.TB, s *mockgateway.Server) *http.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	if s.CertificatePEM() != nil {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(s.CertificatePEM()) {
			t.Fatal("CertificatePEM holds no certificate")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
		transport.ForceAttemptHTTP2 = true
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

func newRequest(t testing.TB, s *mockgateway.Server, method, path, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Api-Key", mockgateway.DefaultAPIKey)
	return r
}

func send(c *http.Client, r *http.Request) reply {
	response, err := c.Do(r)
	if err != nil {
		return reply{err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, string(body), err}
}

// do sends one request, with the default API key, over a connection of its own.
func do(t testing.TB, s *mockgateway.Server, method, path, body string) reply {
	t.Helper()
	return send(newClient(t, s), newRequest(t, s, method, path, body))
}

func (r reply) expect(t testing.TB, status int, body string) {
	t.Helper()
	if r.err != nil {
		t.Fatal(r.err)
	}
	if r.status != status || r.body != body {
		t.Errorf("got %d %s\nwant %d %s", r.status, r.body, status, body)
	}
}

// play sends requests, one on a line: METHOD PATH BODY => STATUS TEXT. The text is the
// response's body or, of an error, a part of it.
func play(t *testing.T, s *mockgateway.Server, script string) {
	t.Helper()
	for line := range strings.Lines(strings.TrimSpace(script)) {
		request, want, _ := strings.Cut(strings.TrimSpace(line), " => ")
		method, request, _ := strings.Cut(request, " ")
		path, body, _ := strings.Cut(request, " ")
		got := do(t, s, method, "/storage/kv"+path, body)
		status, text, _ := strings.Cut(want, " ")
		if fmt.Sprint(got.status) != status || got.body != text && (got.status < 400 || !strings.Contains(got.body, text)) {
			t.Errorf("%s\ngot  %d %s %v", line, got.status, got.body, got.err)
		}
		if kind := got.header.Get("Content-Type"); strings.HasPrefix(got.body, "{") != (kind == "application/json") {
			t.Errorf("%s\nContent-Type %q", line, kind)
		}
	}
}

// eventually waits for something that another goroutine is about to do, such as
// net/http's that sees a connection's end. Nothing tells of it, so this looks
// again and again.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting until %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

const success = `{"message":"success"}`
