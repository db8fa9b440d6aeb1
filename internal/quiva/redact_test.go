package quiva

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"unicode"
)

// canary is a credential whose escaped forms differ from itself.
const canary = "ms-canary/1234+5678=="

// serveRaw serves connections by a function until the test ends, and returns
// the address.
func serveRaw(t *testing.T, listener net.Listener, serve func(net.Conn)) string {
	t.Helper()
	var served sync.WaitGroup
	served.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			served.Go(func() {
				defer connection.Close()
				serve(connection)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		served.Wait()
	})
	return listener.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// respondRaw responds to each request with a text.
func respondRaw(response string) func(net.Conn) {
	return func(connection net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(connection)); err == nil {
			_, _ = connection.Write([]byte(response))
		}
	}
}

// askCanary makes a request with the canary for a credential, which must fail,
// and returns all that leaves the client: the error, and what is logged.
func askCanary(t *testing.T, endpoint string) []string {
	t.Helper()
	var left []string
	client := newClient(t, endpoint, func(c *Config) {
		c.Credential.Secret = canary
		c.Log = func(_ context.Context, message string, fields map[string]any) {
			left = append(left, message)
			for name, value := range fields {
				left = append(left, name+"="+fmt.Sprint(value))
			}
		}
	})
	_, err := client.GetEntry(t.Context(), "flags", "a")
	if err == nil {
		t.Fatal("no error")
	}
	return append(left, err.Error())
}

// checkClean fails if a text shows the canary, or could play with a terminal.
func checkClean(t *testing.T, texts []string) {
	t.Helper()
	for _, text := range texts {
		for _, form := range []string{canary, url.QueryEscape(canary), url.PathEscape(canary), base64.StdEncoding.EncodeToString([]byte(canary)), "canary"} {
			if strings.Contains(text, form) {
				t.Errorf("shows the credential: %q", text)
			}
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf) }) {
			t.Errorf("has control or format characters: %q", text)
		}
	}
}

// TestRedact: wherever the other side repeats the credential, or hides control
// characters, neither leaves the client.
func TestRedact(t *testing.T) {
	t.Parallel()
	withBody := func(status, body string) string {
		return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
	}
	tests := map[string]struct{ response, says string }{
		"malformed header":         {"HTTP/1.1 200 OK\r\nX-Api-Key " + canary + "\r\n\r\n", "malformed MIME header"},
		"status code":              {"HTTP/1.1 " + canary + "\r\n\r\n", "malformed HTTP status code"},
		"content length":           {"HTTP/1.1 200 OK\r\nContent-Length: " + canary + "\r\n\r\n", "bad Content-Length"},
		"redirect's path":          {"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/" + canary + "\r\n\r\n", "redirected to https://elsewhere.example/"},
		"redirect's host":          {"HTTP/1.1 302 Found\r\nLocation: https://canary@elsewhere.example/\r\n\r\n", "redirected to https://elsewhere.example/"},
		"unparsable location":      {"HTTP/1.1 302 Found\r\nLocation: https://[" + canary + "\r\n\r\n", "failed to parse Location header"},
		"location with a password": {"HTTP/1.1 302 Found\r\nLocation: https://user:canary@[elsewhere/\r\n\r\n", "failed to parse Location header"},
		"message":                  {withBody("403 Forbidden", `{"error":"`+canary+` may not"}`), "(redacted) may not"},
		"message, escaped":         {withBody("403 Forbidden", `{"error":"`+url.QueryEscape(canary)+`"}`), "(redacted)"},
		"message, base64":          {withBody("403 Forbidden", `{"error":"`+base64.StdEncoding.EncodeToString([]byte(canary))+`"}`), "(redacted)"},
		"message of a 200":         {withBody("200 OK", `{"error":"`+canary+`"}`), "despite status 200: (redacted)"},
		"other key":                {withBody("200 OK", `{"body":{"key":"`+canary+`","value":{}}}`), "the response is about the key"},
		"page":                     {withBody("502 Bad Gateway", "<html>"+canary), "<html>(redacted)"},
		"name in JSON":             {withBody("418 Teapot", `{"`+canary+`":1}`), `{"(redacted)":…}`},

		"escape in the status line": {"HTTP/1.1 \x1b[31m\u009b\u202e\r\n\r\n", "malformed HTTP status code"},
		"escapes in a message":      {withBody("400 Bad Request", `{"error":"a\u001b[2J\u009b2J\u202Eb\u200b"}`), "a [2J 2J b"},
		"escapes in a page":         {withBody("502 Bad Gateway", "<html>\x1b[31m\u009b\u202e\ufeff"), "<html> [31m"},
		"escapes in a name":         {withBody("418 Teapot", "{\"a\u202eb\":1}"), `{"a b":…}`},
		"not UTF-8":                 {withBody("502 Bad Gateway", "<html>\xff\x9b"), "<html>�"},
		"an endless header":         {"HTTP/1.1 200 OK\r\n" + strings.Repeat("x", 5000) + "\r\n\r\n", "malformed MIME header"},
	}
	for name, test := range tests {
		left := askCanary(t, "http://"+serveRaw(t, listen(t), respondRaw(test.response)))
		checkClean(t, left)
		text := left[len(left)-1]
		if !strings.Contains(text, test.says) {
			t.Errorf("%s: error %q, want %q", name, text, test.says)
		}
		if len(text) > 2000 {
			t.Errorf("%s: the error has %d bytes", name, len(text))
		}
	}
}
