package quiva

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
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

func redirect(status int, target string) mockgateway.Fault {
	return mockgateway.Fault{
		Path:   "/old/*",
		Effect: mockgateway.Respond(status, http.Header{"Location": {target}}, ""),
	}
}

// TestRedirectWithinOrigin: a GET follows every redirect, a write only those
// that keep its method and body.
func TestRedirectWithinOrigin(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for method, call := range calls {
			t.Run(fmt.Sprintf("%d %s", status, method), func(t *testing.T) {
				t.Parallel()
				gateway := newGateway(t)
				gateway.PutEntry("flags", "a", `{"old":1}`)
				gateway.Inject(redirect(status, "/storage/kv/flags/entries/a"))
				err := call(t.Context(), newClient(t, gateway.URL+"/old", nil))

				followed := gateway.RequestsTo(method, "/storage/kv/flags/entries/a")
				if method != http.MethodGet && status < 307 {
					if !errors.Is(err, ErrRedirected) || !strings.Contains(err.Error(), "it would turn the "+method+" into a GET") {
						t.Errorf("error %v", err)
					}
					if asked := gateway.Count("", ""); asked != 1 {
						t.Errorf("%d requests, want only the redirected one", asked)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if len(followed) != 1 || followed[0].Header.Get("X-Api-Key") != mockgateway.DefaultAPIKey {
					t.Fatalf("followed with %+v", followed)
				}
				if method == http.MethodPut && string(followed[0].Body) != `{"new":1}` {
					t.Errorf("the body became %s", followed[0].Body)
				}
			})
		}
	}
}

// TestRedirectElsewhere: nothing at all is sent to another origin.
func TestRedirectElsewhere(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for method, call := range calls {
			t.Run(fmt.Sprintf("%d %s", status, method), func(t *testing.T) {
				t.Parallel()
				gateway, other := newGateway(t), newGateway(t)
				targets := map[string]string{
					"other port":   other.URL + "/storage/kv/flags/entries/a?token=geheim",
					"other host":   strings.Replace(gateway.URL, "127.0.0.1", "localhost", 1) + "/storage/kv/flags/entries/a",
					"other scheme": strings.Replace(gateway.URL, "http:", "https:", 1) + "/storage/kv/flags/entries/a",
					"user info":    strings.Replace(gateway.URL, "http://", "http://user:geheim@", 1) + "/storage/kv/flags/entries/a",
				}
				for name, target := range targets {
					gateway.ClearFaults()
					gateway.Inject(redirect(status, target))
					gateway.ResetRequests()
					err := call(t.Context(), newClient(t, gateway.URL+"/old", func(c *Config) { c.MaxRetries = 3 }))
					if !errors.Is(err, ErrRedirected) || !strings.Contains(err.Error(), "the credential is only sent to "+gateway.URL) {
						t.Errorf("%s: error %v", name, err)
					}
					if err != nil && strings.Contains(err.Error(), "geheim") {
						t.Errorf("%s: the error shows a secret of the target: %v", name, err)
					}
					if asked := gateway.Count("", ""); asked != 1 {
						t.Errorf("%s: %d requests, want only the redirected one", name, asked)
					}
				}
				if asked := other.Connections(); asked != 0 {
					t.Errorf("%d connections to the other host", asked)
				}
			})
		}
	}
}

func TestRedirectDownToHTTP(t *testing.T) {
	t.Parallel()
	secure, plain := mockgateway.NewTLSServer(), newGateway(t)
	t.Cleanup(secure.Close)
	secure.Inject(redirect(http.StatusPermanentRedirect, plain.URL+"/storage/kv/flags/entries/a"))
	err := calls[http.MethodPut](t.Context(), newClient(t, secure.URL+"/old", trust(t, secure)))
	if !errors.Is(err, ErrRedirected) || !strings.Contains(err.Error(), "redirected to "+plain.URL) {
		t.Errorf("error %v", err)
	}
	if asked := plain.Connections(); asked != 0 {
		t.Errorf("%d connections over plain http", asked)
	}
}

func TestRedirectLoop(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.Inject(redirect(http.StatusFound, "/old/again"))
	err := calls[http.MethodGet](t.Context(), newClient(t, gateway.URL+"/old", nil))
	if !errors.Is(err, ErrRedirected) || !strings.Contains(err.Error(), "redirect number 6 in a row") {
		t.Errorf("error %v", err)
	}
}

// trust adds a gateway's certificate to a client's configuration, by way of a
// file as a user would.
func trust(t *testing.T, gateway *mockgateway.Server) func(*Config) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, gateway.CertificatePEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	roots, err := LoadRoots(file)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *Config) { c.Roots = roots }
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
	client := newClient(t, gateway.URL, trust(t, gateway))
	if err := calls[http.MethodPut](t.Context(), client); err != nil {
		t.Fatal(err)
	}
	before := gateway.Connections()
	gateway.SetLatency(50 * time.Millisecond)
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if err := calls[http.MethodPut](t.Context(), client); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
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
