package endtoend_test

import (
	"crypto/tls"
	"encoding/pem"
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

// newProxy starts an HTTP proxy that tunnels to one address, whatever is asked for.
// targets returns the targets of CONNECT, and the methods of all else, each once.
func newProxy(t *testing.T, address string) (url string, targets func() []string) {
	t.Helper()
	var mu sync.Mutex
	asked := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method != http.MethodConnect {
			asked[r.Method] = true
			return
		}
		asked[r.Host] = true
		target, err := net.Dial("tcp", address)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusOK)
		client, received, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		for to, from := range map[net.Conn]io.Reader{target: received, client: target} {
			go func() {
				defer to.Close()
				_, _ = io.Copy(to, from) // until either side closes
			}()
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Sorted(maps.Keys(asked))
	}
}

// TestProxy: HTTPS_PROXY and NO_PROXY are honoured, and a proxy sees nothing
// but the name of the gateway.
func TestProxy(t *testing.T) {
	// A name that the mock gateway's certificate holds, and that leads nowhere
	// near it without the proxy: net/http goes to loopback hosts directly.
	const host = "example.com:8443"
	tests := map[string]struct {
		noProxy  string
		endpoint string // where the gateway is said to be
		status   int
		says     string
		asked    []string
	}{
		"HTTPS_PROXY": {"example.org,.internal", "https://" + host, 0, "2 added", []string{host}},
		// A name that is never resolved, so that going there directly fails.
		"NO_PROXY": {".invalid", "https://gateway.invalid", 1, "Gateway not reachable", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			needTerraform(t)
			gateway, certificate := newTLSGateway(t)
			proxy, targets := newProxy(t, strings.TrimPrefix(gateway.URL, "https://"))
			w := newWorkspace(t, gateway, "QUIVA_API_URL="+test.endpoint, "QUIVA_CA_CERT_FILE="+certificate,
				"HTTPS_PROXY="+proxy, "NO_PROXY="+test.noProxy, "https_proxy=", "no_proxy=")
			w.configure("  max_retries = 0", twoEntries(2))
			result := w.run("apply", "-auto-approve")
			if result.status != test.status || !result.says(test.says) {
				t.Errorf("ended with %d:\n%s", result.status, result.output)
			}
			if asked := targets(); !slices.Equal(asked, test.asked) {
				t.Errorf("the proxy was asked for %q, want %q", asked, test.asked)
			}
		})
	}
}

// TestTLS: whom the provider trusts without being told to, and which protocols it
// speaks.
func TestTLS(t *testing.T) {
	t.Run("the system's roots, and HTTP/2", func(t *testing.T) {
		needTerraform(t)
		if runtime.GOOS != "linux" {
			t.Skip("needs Linux: Go takes the roots of macOS and Windows from the system, not from SSL_CERT_FILE")
		}
		gateway, certificate := newTLSGateway(t)
		w := newWorkspace(t, gateway, "SSL_CERT_FILE="+certificate)
		w.configure("", twoEntries(2))
		w.must("apply", "-auto-approve")
		for _, request := range gateway.Requests() {
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
