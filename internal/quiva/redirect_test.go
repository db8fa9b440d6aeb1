package quiva

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// calls are one call per method that the API has.
var calls = map[string]func(context.Context, *Client) error{
	http.MethodGet: func(ctx context.Context, c *Client) error {
		_, err := c.GetEntry(ctx, "flags", "a")
		return err
	},
	http.MethodPut: func(ctx context.Context, c *Client) error {
		return c.PutEntry(ctx, "flags", "a", []byte(`{"new":1}`))
	},
	http.MethodDelete: func(ctx context.Context, c *Client) error {
		return c.DeleteEntry(ctx, "flags", "a")
	},
}

// TestRedirect: within its origin, a GET follows every redirect, a write only those
// that keep its method and body. To another origin, nothing at all is sent.
func TestRedirect(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for method, call := range calls {
			t.Run(fmt.Sprintf("%d %s", status, method), func(t *testing.T) {
				t.Parallel()
				gateway, other := newGateway(t), newGateway(t)
				gateway.PutEntry("flags", "a", `{"old":1}`)
				client := newClient(t, gateway.URL+"/old", func(c *Config) { c.MaxRetries = 3 })
				const entry = "/storage/kv/flags/entries/a"
				elsewhere := "the credential is only sent to " + gateway.URL
				within := ""
				if method != http.MethodGet && status < 307 {
					within = "it would turn the " + method + " into a GET"
				}
				for target, want := range map[string]string{
					other.URL + entry + "?token=geheim":                                    elsewhere,
					strings.Replace(gateway.URL, "127.0.0.1", "localhost", 1) + entry:      elsewhere,
					strings.Replace(gateway.URL, "http:", "https:", 1) + entry:             elsewhere,
					strings.Replace(gateway.URL, "http://", "http://u:geheim@", 1) + entry: elsewhere,
					"/old/again": "redirect number 6 in a row",
					entry:        within,
				} {
					if target == "/old/again" && within != "" {
						continue // which is refused for that
					}
					gateway.ClearFaults()
					gateway.ResetRequests()
					gateway.Inject(mockgateway.Fault{Path: "/old/*", Effect: mockgateway.Respond(status, http.Header{"Location": {target}}, "")})
					err := call(t.Context(), client)
					followed := gateway.RequestsTo(method, entry)
					if want == "" {
						if err != nil || len(followed) != 1 || followed[0].Header.Get("X-Api-Key") != mockgateway.DefaultAPIKey || method == http.MethodPut && string(followed[0].Body) != `{"new":1}` {
							t.Errorf("error %v, followed with %+v", err, followed)
						}
						continue
					}
					if !errors.Is(err, ErrRedirected) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
						t.Errorf("%s: error %v", target, err)
					}
					if asked := gateway.Count("", ""); target != "/old/again" && asked != 1 {
						t.Errorf("%s: %d requests, want only the redirected one", target, asked)
					}
				}
				if asked := other.Connections(); asked != 0 {
					t.Errorf("%d connections to the other host", asked)
				}
			})
		}
	}
}

// TestTLS: a private authority is trusted once it is named, and HTTP/2 is used.
func TestTLS(t *testing.T) {
	t.Parallel()
	gateway := mockgateway.NewTLSServer()
	t.Cleanup(gateway.Close)
	gateway.CreateBucket("flags")

	err := calls[http.MethodPut](t.Context(), newClient(t, gateway.URL, func(c *Config) { c.MaxRetries = 3 }))
	if !errors.Is(err, ErrUntrusted) {
		t.Errorf("error %v", err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, gateway.CertificatePEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	roots, err := LoadRoots(file)
	if err != nil {
		t.Fatal(err)
	}
	client := newClient(t, gateway.URL, func(c *Config) { c.Roots = roots })
	if err := calls[http.MethodPut](t.Context(), client); err != nil {
		t.Fatal(err)
	}
	before := gateway.Connections()
	gateway.SetLatency(50 * time.Millisecond)
	inParallel(20, 20, func(int) {
		if err := calls[http.MethodPut](t.Context(), client); err != nil {
			t.Error(err)
		}
	})
	if opened := gateway.Connections() - before; opened != 0 {
		t.Errorf("20 requests at once opened %d more connections, HTTP/2 needs none", opened)
	}
}

// TestLoadRoots: what is no file of certificates is an error at once, which does
// not repeat the name.
func TestLoadRoots(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	large := file("large", "")
	if err := os.Truncate(large, 16<<20+1); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "ms-geheim"): "no such file",
		dir:                             "it is not a regular file",
		os.DevNull:                      "it is not a regular file",
		large:                           "it is larger than 16 MiB",
		file("key.pem", "-----BEGIN PRIVATE KEY-----\n"): "it holds no certificate in PEM form",
	} {
		_, err := LoadRoots(path)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want %q", path, err, want)
		}
	}
}
