package endtoend_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// TestProxy: HTTPS_PROXY and NO_PROXY are honoured, and a proxy is told nothing
// but the name of the gateway.
func TestProxy(t *testing.T) {
	// Names that are never resolved, so that going there directly fails.
	for name, test := range map[string]struct {
		noProxy string
		asked   []string
	}{
		"HTTPS_PROXY": {"example.org,.internal", []string{"CONNECT gateway.invalid:8443"}},
		"NO_PROXY":    {".invalid", nil},
	} {
		t.Run(name, func(t *testing.T) {
			needTerraform(t)
			var mu sync.Mutex
			var asked []string
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				if request := r.Method + " " + r.Host; !slices.Contains(asked, request) {
					asked = append(asked, request)
				}
				w.WriteHeader(http.StatusBadGateway)
			}))
			t.Cleanup(proxy.Close)
			w := newWorkspace(t, newGateway(t), "QUIVA_API_URL=https://gateway.invalid:8443", "HTTPS_PROXY="+proxy.URL, "NO_PROXY="+test.noProxy, "https_proxy=", "no_proxy=")
			w.configure("  max_retries = 0", twoEntries(2))
			if result := w.run("apply", "-auto-approve"); result.status != 1 || !result.says("Gateway not reachable") {
				t.Errorf("ended with %d:\n%s", result.status, result.output)
			}
			if !slices.Equal(asked, test.asked) {
				t.Errorf("the proxy was asked for %q, want %q", asked, test.asked)
			}
		})
	}
}
