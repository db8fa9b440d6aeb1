package endtoend_test

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// newTLSGateway starts a gateway that speaks HTTPS, with a bucket "flags", and
// returns the file of the certificate to trust.
func newTLSGateway(t *testing.T) (_ *mockgateway.Server, certificate string) {
	t.Helper()
	gateway := mockgateway.NewTLSServer()
	t.Cleanup(gateway.Close)
	gateway.CreateBucket("flags")
	return gateway, certificateFile(t, gateway.CertificatePEM())
}

func certificateFile(t *testing.T, certificate []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// proxy is an HTTP proxy that tunnels to one address, whatever is asked for.
type proxy struct {
	URL string

	mu    sync.Mutex
	asked []string // the targets of CONNECT, and the methods of all else
}

func newProxy(t *testing.T, address string) *proxy {
	t.Helper()
	p := &proxy{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if r.Method != http.MethodConnect {
			p.asked = append(p.asked, r.Method)
			return
		}
		p.asked = append(p.asked, r.Host)
		target, err := net.Dial("tcp", address)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusOK)
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		for from, to := range map[net.Conn]net.Conn{client: target, target: client} {
			go func() {
				defer to.Close()
				_, _ = io.Copy(to, from) // until either side closes
			}()
		}
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// targets returns what the proxy was asked for, each once.
func (p *proxy) targets() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	unique := map[string]bool{}
	for _, target := range p.asked {
		unique[target] = true
	}
	return slices.Sorted(maps.Keys(unique))
}

// TestProxy: HTTPS_PROXY and NO_PROXY are honoured, and a proxy sees nothing
// but the name of the gateway.
func TestProxy(t *testing.T) {
	// A name that the mock gateway's certificate holds, and that leads nowhere
	// near it without the proxy: net/http goes to loopback hosts directly.
	const host = "example.com:8443"
	tests := map[string]struct {
		noProxy string
		// endpoint is where the gateway is said to be.
		endpoint string
		status   int
		says     string
		asked    []string
	}{
		"HTTPS_PROXY":              {"", "https://" + host, 0, "2 added", []string{host}},
		"NO_PROXY of another host": {"example.org,.internal", "https://" + host, 0, "2 added", []string{host}},
		// A name that is never resolved, so that going there directly fails.
		"HTTPS_PROXY, NO_PROXY": {".invalid", "https://gateway.invalid", 1, "Gateway not reachable", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			needTerraform(t)
			gateway, certificate := newTLSGateway(t)
			proxy := newProxy(t, strings.TrimPrefix(gateway.URL, "https://"))
			w := newWorkspace(t, gateway, "QUIVA_API_URL="+test.endpoint, "QUIVA_CA_CERT_FILE="+certificate,
				"HTTPS_PROXY="+proxy.URL, "NO_PROXY="+test.noProxy, "https_proxy=", "no_proxy=")
			w.configure("  max_retries = 0", twoEntries(2))
			result := w.run("apply", "-auto-approve")
			if result.status != test.status || !result.says(test.says) {
				t.Errorf("ended with %d:\n%s", result.status, result.output)
			}
			if asked := proxy.targets(); !slices.Equal(asked, test.asked) {
				t.Errorf("the proxy was asked for %q, want %q", asked, test.asked)
			}
		})
	}
}

// TestUnreachable: many entries fail as fast as one, and only one error says all.
func TestUnreachable(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	configuration, _ := manyEntries(60)
	// Nothing listens on port 1, and nothing else can take it as it can a gateway's.
	w := newWorkspace(t, gateway, "QUIVA_API_URL=http://127.0.0.1:1")
	w.configure("  max_retries = 3", configuration)
	result := w.run("apply", "-auto-approve")
	if failed := strings.Count(result.output, "Error: Gateway not reachable"); result.status != 1 || failed != 60 {
		t.Errorf("ended with %d and %d errors:\n%s", result.status, failed, result.output)
	}
	if said := strings.Count(result.output, "Check that the endpoint"); said != 1 {
		t.Errorf("%d errors say all:\n%s", said, result.output)
	}
	if referred := strings.Count(result.output, "see the error about"); referred != 59 {
		t.Errorf("%d errors refer to another", referred)
	}
}

// TestTLS: whom the provider trusts, and which protocol it speaks at least.
func TestTLS(t *testing.T) {
	t.Run("a private authority that is not named", func(t *testing.T) {
		needTerraform(t)
		gateway, _ := newTLSGateway(t)
		w := newWorkspace(t, gateway)
		w.configure("", twoEntries(2))
		if result := w.run("apply", "-auto-approve"); result.status != 1 || !result.says("ca_cert_file") {
			t.Errorf("ended with %d:\n%s", result.status, result.output)
		}
		if sent := gateway.Count("", ""); sent != 0 {
			t.Errorf("%d requests", sent)
		}
	})
	t.Run("the system's roots", func(t *testing.T) {
		needTerraform(t)
		if runtime.GOOS != "linux" {
			t.Skip("needs Linux: Go takes the roots of macOS and Windows from the system, not from SSL_CERT_FILE")
		}
		gateway, certificate := newTLSGateway(t)
		w := newWorkspace(t, gateway, "SSL_CERT_FILE="+certificate)
		w.configure("", twoEntries(2))
		w.must("apply", "-auto-approve")
	})
	t.Run("HTTP/2", func(t *testing.T) {
		needTerraform(t)
		gateway, certificate := newTLSGateway(t)
		w := newWorkspace(t, gateway, "QUIVA_CA_CERT_FILE="+certificate)
		w.configure("", twoEntries(2))
		w.must("apply", "-auto-approve")
		requests := gateway.Requests()
		// Two for each, two that prove that both keys are free, one that reads the first write.
		if len(requests) != 7 {
			t.Errorf("%d requests for two entries, want 7", len(requests))
		}
		for _, request := range requests {
			if request.Proto != "HTTP/2.0" {
				t.Errorf("%s %s was sent with %s", request.Method, request.Path, request.Proto)
			}
		}
	})
	t.Run("TLS 1.1", func(t *testing.T) {
		needTerraform(t)
		old := httptest.NewUnstartedServer(http.NotFoundHandler())
		old.Config.ErrorLog = log.New(io.Discard, "", 0)
		old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
		old.StartTLS()
		t.Cleanup(old.Close)
		certificate := certificateFile(t, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: old.Certificate().Raw}))
		w := newWorkspace(t, newGateway(t), "QUIVA_API_URL="+old.URL, "QUIVA_CA_CERT_FILE="+certificate)
		w.configure("  max_retries = 0", twoEntries(2))
		if result := w.run("apply", "-auto-approve"); result.status != 1 || !result.says("protocol version") {
			t.Errorf("ended with %d:\n%s", result.status, result.output)
		}
	})
}

// TestRedirects: no redirect to another host, another port or plain HTTP is
// followed; nothing is sent there and nothing is lost.
func TestRedirects(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, where := range []string{"host", "port", "plain HTTP"} {
			t.Run(fmt.Sprintf("%d to another %s", status, where), func(t *testing.T) {
				needTerraform(t)
				gateway, certificate := newTLSGateway(t)
				other, _ := newTLSGateway(t)
				if where == "plain HTTP" {
					other = newGateway(t)
				}
				target := other.URL
				if where == "host" {
					target = strings.Replace(target, "127.0.0.1", "localhost", 1)
				}
				redirect := mockgateway.Respond(status, http.Header{"Location": {target + "/storage/kv/flags/entries/a"}}, "")
				w := newWorkspace(t, gateway, "QUIVA_CA_CERT_FILE="+certificate)
				w.configure("", twoEntries(1))
				w.must("apply", "-auto-approve")

				w.configure("", twoEntries(2))
				for _, method := range []string{http.MethodGet, http.MethodPut} {
					fault := gateway.Inject(mockgateway.Fault{Method: method, Effect: redirect})
					if result := w.run("apply", "-auto-approve"); result.status != 1 || !result.says("redirected to "+target) {
						t.Errorf("with each %s redirected, it ended with %d:\n%s", method, result.status, result.output)
					}
					fault.Clear()
					if held, state := gateway.Entries("flags"), w.state(); !maps.Equal(held, before) || !maps.Equal(state, before) {
						t.Errorf("with each %s redirected, the gateway holds %v and the state %v, want %v", method, held, state, before)
					}
				}
				if opened := other.Connections(); opened != 0 {
					t.Errorf("%d connections to where it was redirected", opened)
				}
				w.must("apply", "-auto-approve")
				if held := gateway.Entries("flags"); !maps.Equal(held, after) {
					t.Errorf("after the next run, the gateway holds %v, want %v", held, after)
				}
			})
		}
	}
}
