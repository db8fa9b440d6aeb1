package quiva

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestRetry: what is transient is repeated, and a write whose response was lost ends
// up written once more with the same value.
func TestRetry(t *testing.T) {
	t.Parallel()
	effects := map[string]mockgateway.Effect{
		"429":           mockgateway.Respond(429, http.Header{"Retry-After": {"0"}}, "slow down"),
		"500":           mockgateway.Respond(500, nil, `{"error":"internal_error"}`),
		"502":           mockgateway.Respond(502, nil, "<html>Bad Gateway</html>"),
		"503":           mockgateway.Respond(503, http.Header{"Retry-After": {"0"}}, ""),
		"504":           mockgateway.Respond(504, nil, ""),
		"dropped":       mockgateway.Drop(),
		"reset":         mockgateway.Reset(),
		"response lost": mockgateway.LoseResponse(),
		"truncated":     mockgateway.Truncate(),
	}
	for name, effect := range effects {
		withFlags(t, func(t *testing.T, gateway *mockgateway.Gateway) {
			injection := gateway.Inject(mockgateway.Fault{Times: 1, Effect: effect})
			client := inMemory(gateway, func(c *Config) { c.MaxRetries = 1 })
			if err := client.PutEntry(t.Context(), "flags", "a", []byte(`{"n":1}`)); err != nil {
				t.Fatal(err)
			}
			if value, _ := gateway.Entry("flags", "a"); value != `{"n":1}` || injection.Hits() != 1 {
				t.Errorf("%s: the gateway holds %q after %d hits", name, value, injection.Hits())
			}
		})
	}
}

// TestNoRetry: what will not pass is not repeated.
func TestNoRetry(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 204, 400, 401, 403, 404, 409, 501} {
		gateway := mockgateway.NewGateway()
		gateway.Inject(mockgateway.Fault{Effect: mockgateway.Respond(status, nil, "")})
		err := inMemory(gateway).PutEntry(t.Context(), "flags", "a", []byte(`{}`))
		if failure, ok := errors.AsType[*Error](err); !ok || failure.StatusCode != status || failure.Attempts != 1 {
			t.Errorf("status %d gave %v", status, err)
		}
	}
}

// TestRetriesExhausted: the last response's own message, the tries and the time.
func TestRetriesExhausted(t *testing.T) {
	t.Parallel()
	withFlags(t, func(t *testing.T, gateway *mockgateway.Gateway) {
		gateway.Inject(mockgateway.Fault{Times: 3, Effect: mockgateway.Respond(500, http.Header{"Retry-After": {"7"}}, `{"error":"first"}`)})
		gateway.Inject(mockgateway.Fault{Effect: mockgateway.Respond(503, nil, `{"error":"last"}`)})
		_, err := inMemory(gateway).GetEntry(t.Context(), "flags", "a")
		if err == nil || !strings.Contains(err.Error(), "503 Service Unavailable: last (4 tries in 21s)") {
			t.Errorf("error %v", err)
		}
	})
}

// TestContentEncodings: compressed responses and a wrong content type are read
// for what they are, and a bomb stays within the limit.
func TestContentEncodings(t *testing.T) {
	t.Parallel()
	const response = `{"body":{"key":"a","value":{"n":1}}}`
	pack := func(text []byte) string {
		var packed bytes.Buffer
		writer := gzip.NewWriter(&packed)
		_, _ = writer.Write(text)
		_ = writer.Close()
		return packed.String()
	}
	gzipped := http.Header{"Content-Encoding": {"gzip"}}
	tests := map[string]struct {
		effect mockgateway.Effect
		want   string // of the error; none if empty
	}{
		"gzip":         {mockgateway.Respond(200, gzipped, pack([]byte(response))), ""},
		"content type": {mockgateway.Respond(200, http.Header{"Content-Type": {"text/html"}}, response), ""},
		"bomb":         {mockgateway.Respond(200, gzipped, pack(bytes.Repeat([]byte("["), 17<<20))), "larger than the limit of 16 MiB"},
		"not gzip":     {mockgateway.Respond(200, gzipped, response), "returned 200 OK: the response cannot be unpacked: gzip: invalid header"},
		"bad deflate":  {mockgateway.Respond(200, gzipped, pack([]byte(response))[:10]+"\xff\xff\xff\xff"), "the response cannot be unpacked: flate: corrupt input"},
	}
	for name, test := range tests {
		gateway := newGateway(t)
		gateway.Inject(mockgateway.Fault{Effect: test.effect})
		entry, err := newClient(t, gateway.URL, nil).GetEntry(t.Context(), "flags", "a")
		switch {
		case test.want == "" && (err != nil || string(entry.Value) != `{"n":1}`):
			t.Errorf("%s: got %s, %v", name, entry.Value, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}
