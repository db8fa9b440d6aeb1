package quiva

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

func newGateway(t *testing.T) *mockgateway.Server {
	t.Helper()
	gateway := mockgateway.NewServer()
	t.Cleanup(gateway.Close)
	gateway.CreateBucket("flags")
	return gateway
}

// newClient returns a client of a gateway that does not retry; change may adapt its
// configuration.
func newClient(t *testing.T, endpoint string, change func(*Config)) *Client {
	t.Helper()
	base, err := ParseEndpoint(endpoint, false)
	if err != nil {
		t.Fatal(err)
	}
	config := Config{
		Endpoint:       base,
		Credential:     Credential{Secret: mockgateway.DefaultAPIKey},
		RequestTimeout: time.Minute, // of a busy machine
		UserAgent:      "test/1",
		BulkRefresh:    true,
	}
	if change != nil {
		change(&config)
	}
	return New(config)
}

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text     string
		insecure bool
		want     string // the URL, or a part of the error
	}{
		"plain":               {"https://api.quiva.ai", false, "https://api.quiva.ai"},
		"trailing slashes":    {" https://api.quiva.ai// ", false, "https://api.quiva.ai"},
		"prefix":              {"https://proxy.example/quiva/v1/", false, "https://proxy.example/quiva/v1"},
		"escaped prefix":      {"https://proxy.example/a%2Fb/", false, "https://proxy.example/a%2Fb"},
		"port":                {"https://proxy.example:8443", false, "https://proxy.example:8443"},
		"loopback name":       {"http://localhost:8080", false, "http://localhost:8080"},
		"loopback address":    {"http://127.1.2.3:8080", false, "http://127.1.2.3:8080"},
		"loopback IPv6":       {"http://[::1]:8080", false, "http://[::1]:8080"},
		"insecure, allowed":   {"http://10.0.0.1", true, "http://10.0.0.1"},
		"insecure":            {"http://10.0.0.1", false, "plain http would send the credential unencrypted; use https"},
		"almost loopback":     {"http://localhost.example.com", false, "plain http"},
		"no scheme":           {"api.quiva.ai", false, "has no scheme"},
		"unknown scheme":      {"ftp://api.quiva.ai", true, "its scheme is not supported"},
		"no host":             {"https:///path", false, "names no host"},
		"user":                {"https://user:geheim@api.quiva.ai", false, "must not contain a user name or password"},
		"query":               {"https://api.quiva.ai/?key=1", false, "must not contain a query"},
		"no URL":              {"https://api quiva ai/%zz", false, "not a URL"},
		"secret stays unsaid": {"https://u:geheim\x7f@h", false, "not a URL"},
		"an API key":          {"ms-geheim", false, "has no scheme"},
		"a key for a scheme":  {"ms-geheim://host", false, "its scheme is not supported"},
	}
	for name, test := range tests {
		got, err := ParseEndpoint(test.text, test.insecure)
		if err != nil {
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: error %q, want %q", name, err, test.want)
			}
			if strings.Contains(err.Error(), "geheim") {
				t.Errorf("%s: the error shows a password: %v", name, err)
			}
		} else if got.String() != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

// TestRequest: what is sent, for both credentials.
func TestRequest(t *testing.T) {
	t.Parallel()
	for _, credential := range []Credential{{mockgateway.DefaultAPIKey, false}, {mockgateway.DefaultToken, true}} {
		gateway := newGateway(t)
		client := newClient(t, gateway.URL, func(c *Config) { c.Credential = credential })
		const key, value = "=a/b", `{"n":9007199254740993}`
		if err := client.PutEntry(t.Context(), "flags", key, []byte(value)); err != nil {
			t.Fatal(err)
		}
		if entry, err := client.GetEntry(t.Context(), "flags", key); err != nil || string(entry.Value) != value || entry.Key != key {
			t.Fatalf("got %+v, %v", entry, err)
		}
		if err := client.DeleteEntry(t.Context(), "flags", key); err != nil {
			t.Fatal(err)
		}
		requests := gateway.RequestsTo("", "/storage/kv/flags/entries/=a%2Fb")
		if len(requests) != 4 { // one of them reads back what was written
			t.Fatalf("%d requests", len(requests))
		}
		for _, request := range requests {
			wantKey, wantToken, wantType := "", "", ""
			if !credential.IsToken {
				wantKey = credential.Secret
			} else {
				wantToken = "Bearer " + credential.Secret
			}
			if request.Method == http.MethodPut {
				wantType = "application/json"
			}
			for name, want := range map[string]string{"X-Api-Key": wantKey, "Authorization": wantToken, "User-Agent": "test/1", "Content-Type": wantType} {
				if got := request.Header.Get(name); got != want {
					t.Errorf("%s sent %s: %q, want %q", request.Method, name, got, want)
				}
			}
		}
	}
}

// TestPaths: each name is one segment, whatever is in it, and a prefix is kept.
func TestPaths(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	tests := []struct{ endpoint, bucket, key, want string }{
		{"", "flags", "a", "/storage/kv/flags/entries/a"},
		{"/", "flags", "a/b//c/", "/storage/kv/flags/entries/a%2Fb%2F%2Fc%2F"},
		{"/v1/x", "flags", "a b?c#d%2F", "/v1/x/storage/kv/flags/entries/a%20b%3Fc%23d%252F"},
		{"/p%2Fq", "flags", "ü", "/p%2Fq/storage/kv/flags/entries/%C3%BC"},
		{"", "fl/ags", "a/../b", "/storage/kv/fl%2Fags/entries/a%2F..%2Fb"},
	}
	for _, test := range tests {
		client := newClient(t, gateway.URL+test.endpoint, nil)
		gateway.ResetRequests()
		_, err := client.GetEntry(t.Context(), test.bucket, test.key)
		if failure, ok := errors.AsType[*Error](err); !ok || failure.Path != test.want {
			t.Errorf("error %v, want one about %s", err, test.want)
		}
		if requests := gateway.Requests(); requests[0].Path != test.want {
			t.Errorf("%q, %q went to %+v, want %s", test.bucket, test.key, requests, test.want)
		}
	}
}

// TestErrors: every shape of a response that is no success.
func TestErrors(t *testing.T) {
	t.Parallel()
	secret := mockgateway.DefaultAPIKey
	tests := map[string]struct {
		status int
		body   string
		want   string
	}{
		"rate limit":      {429, "slow down\nplease", "429 Too Many Requests: slow down"},
		"other JSON":      {418, `{"detail":"secret value","n":1}`, `The response started with: {"detail":…,"n":…}`},
		"echo at the cut": {502, strings.Repeat("x", 190) + secret, strings.Repeat("x", 190) + "(redacted)"},
		"echo, escaped":   {418, `{"\u006d` + secret[1:] + `":1}`, "The response started with: {…:…}"},
		"long message":    {400, `{"error":"` + strings.Repeat("a", 2000) + `"}`, "Bad Request: " + strings.Repeat("a", 1000) + "…"},
		"truncated":       {200, `{"body":{"key":"a","value":{"pw":"secret value`, `The response started with: {"body":{"key":…,"value":{"pw":…`},
		"trailing":        {200, `{"body":{"key":"a","value":{}}} x`, "broken JSON"},
		"other key":       {200, `{"body":{"key":"b","value":{}}}`, `about the key "b"`},
		"not UTF-8":       {200, "{\"body\":{\"key\":\"a\",\"value\":\"\xff\"}}", "not valid UTF-8"},
		"very deep":       {200, `{"body":{"key":"a","value":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}}`, "exceeded max depth"},
		"see other":       {303, ``, "returned 303 See Other"},
		"long line":       {500, strings.Repeat("ü", 1000), strings.Repeat("ü", 100) + "…"},
	}
	for name, test := range tests {
		gateway, client := newFlags()
		gateway.Inject(mockgateway.Fault{Path: "*/entries/a", Effect: mockgateway.Respond(test.status, nil, test.body)})
		_, err := client.GetEntry(t.Context(), "flags", "a")
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %q, want %q", name, err, test.want)
		}
		if err != nil && (strings.Contains(err.Error(), "secret value") || strings.Contains(err.Error(), secret[1:12])) {
			t.Errorf("%s: the error shows a secret: %v", name, err)
		}
	}
}

// TestBodyLimit: an endless response is an error after 16 MiB.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.Inject(mockgateway.Fault{Effect: mockgateway.Stream(http.StatusOK, nil, func() io.Reader { return endless{} })})
	_, err := newClient(t, gateway.URL, func(c *Config) { c.MaxRetries = 3 }).GetEntry(t.Context(), "flags", "a")
	if asked := gateway.Count("", ""); !errors.Is(err, ErrResponseTooLarge) || !strings.Contains(err.Error(), "larger than the limit of 16 MiB") || asked != 1 {
		t.Errorf("error %v after %d requests", err, asked)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte("["), len(p))), nil }

func TestTimeout(t *testing.T) {
	t.Parallel()
	withFlags(t, func(t *testing.T, gateway *mockgateway.Gateway) {
		gateway.Inject(mockgateway.Fault{Effect: mockgateway.Hang()})
		_, err := inMemory(gateway).GetEntry(t.Context(), "flags", "a")
		if !errors.Is(err, ErrTimeout) || !strings.Contains(err.Error(), "no complete response within 1m0s (4 tries in ") {
			t.Errorf("error %v", err)
		}
	})
}

// TestCancel: the end of the context ends a request at once, with the
// context's error.
func TestCancel(t *testing.T) {
	t.Parallel()
	tests := map[string]mockgateway.Effect{
		"hanging":     mockgateway.Hang(),
		"retry after": mockgateway.Respond(http.StatusTooManyRequests, http.Header{"Retry-After": {"50"}}, "wait"),
	}
	for name, effect := range tests {
		withFlags(t, func(t *testing.T, gateway *mockgateway.Gateway) {
			gateway.Inject(mockgateway.Fault{Effect: effect})
			ctx, cancel := context.WithCancel(t.Context())
			start := time.Now()
			time.AfterFunc(time.Second, cancel)
			_, err := inMemory(gateway).GetEntry(ctx, "flags", "a")
			if took := time.Since(start); !errors.Is(err, context.Canceled) || took != time.Second {
				t.Errorf("%s: error %v after %s", name, err, took)
			}
		})
	}
}

func TestCredentialCheck(t *testing.T) {
	t.Parallel()
	for secret, ok := range map[string]bool{"ms-1": true, "a.b.c_=~": true, "a b": false, "a\nb": false, "ключ": false, "a\x7f": false} {
		if err := (Credential{Secret: secret}).Check(); (err == nil) != ok {
			t.Errorf("Check of %q gave %v", secret, err)
		} else if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}

// TestUnreachable: the cause is said without the noise of net/http.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.Close()
	_, err := newClient(t, gateway.URL, nil).GetEntry(t.Context(), "flags", "a")
	host, _ := url.Parse(gateway.URL)
	if err == nil || !strings.Contains(err.Error(), "GET /storage/kv/flags/entries/a failed: dial tcp "+host.Host+": connect: connection refused") {
		t.Errorf("error %v", err)
	}
}

// TestNotTLS: https to a server that speaks plain http will not get better.
func TestNotTLS(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	client := newClient(t, strings.Replace(gateway.URL, "http:", "https:", 1), func(c *Config) { c.MaxRetries = 5 })
	_, err := client.GetEntry(t.Context(), "flags", "a")
	if failure, ok := errors.AsType[*Error](err); !ok || failure.Attempts != 1 || !strings.Contains(err.Error(), "HTTP response to HTTPS client") {
		t.Errorf("error %v", err)
	}
}
