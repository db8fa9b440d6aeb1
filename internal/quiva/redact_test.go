package quiva_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
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
func askCanary(t *testing.T, endpoint string, change func(*quiva.Config)) []string {
	t.Helper()
	var left []string
	client := newClient(t, endpoint, func(c *quiva.Config) {
		c.Credential.Secret = canary
		c.Log = func(_ context.Context, message string, fields map[string]any) {
			left = append(left, message)
			for name, value := range fields {
				left = append(left, name+"="+fmt.Sprint(value))
			}
		}
		if change != nil {
			change(c)
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
		"status line":              {canary + "\r\n\r\n", "malformed HTTP"},
		"status code":              {"HTTP/1.1 " + canary + "\r\n\r\n", "malformed HTTP status code"},
		"content length":           {"HTTP/1.1 200 OK\r\nContent-Length: " + canary + "\r\n\r\n", "bad Content-Length"},
		"transfer encoding":        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + canary + "\r\n\r\n", "unsupported transfer encoding"},
		"redirect's path":          {"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/" + canary + "\r\n\r\n", "redirected to https://elsewhere.example/"},
		"redirect's path, escaped": {"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/" + url.PathEscape(canary) + "\r\n\r\n", "redirected to https://elsewhere.example/"},
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
		"escape in a header":        {"HTTP/1.1 200 OK\r\n\x1b[31mX\r\n\r\n", "malformed MIME header"},
		"escapes in a message":      {withBody("400 Bad Request", `{"error":"a\u001b[2J\u009b2J\u202Eb\u200b"}`), "a [2J 2J b"},
		"escapes in a page":         {withBody("502 Bad Gateway", "<html>\x1b[31m\u009b\u202e\ufeff"), "<html> [31m"},
		"escapes in a name":         {withBody("418 Teapot", "{\"a\u202eb\":1}"), `{"a b":…}`},
		"not UTF-8":                 {withBody("502 Bad Gateway", "<html>\xff\x9b"), "<html>�"},
		"an endless header":         {"HTTP/1.1 200 OK\r\n" + strings.Repeat("x", 5000) + "\r\n\r\n", "malformed MIME header"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			left := askCanary(t, "http://"+serveRaw(t, listen(t), respondRaw(test.response)), nil)
			checkClean(t, left)
			text := left[len(left)-1]
			if !strings.Contains(text, test.says) {
				t.Errorf("error %q, want %q", text, test.says)
			}
			if len(text) > 2000 {
				t.Errorf("the error has %d bytes", len(text))
			}
		})
	}
}

// TestRedactGoAway: an HTTP/2 server can say something as it hangs up.
func TestRedactGoAway(t *testing.T) {
	t.Parallel()
	certificate := selfSigned(t, "localhost")
	listener := tls.NewListener(listen(t), &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12})
	address := serveRaw(t, listener, func(connection net.Conn) {
		// An empty SETTINGS frame; then, once there is a request, a GOAWAY.
		_, _ = connection.Write([]byte{0, 0, 0, 4, 0, 0, 0, 0, 0})
		debug := canary + "\x1b\u202e"
		frame := []byte{0, 0, byte(8 + len(debug)), 7, 0, 0, 0, 0, 0}
		frame = binary.BigEndian.AppendUint32(frame, 1) // the last stream
		frame = binary.BigEndian.AppendUint32(frame, 2) // INTERNAL_ERROR
		awaitRequest(connection)
		_, _ = connection.Write(append(frame, debug...))
	})
	_, port, _ := net.SplitHostPort(address)
	left := askCanary(t, "https://localhost:"+port, trustOnly(t, certificate))
	checkClean(t, left)
	if text := left[len(left)-1]; !strings.Contains(text, "GOAWAY") {
		t.Errorf("error %q", text)
	}
}

// awaitRequest reads an HTTP/2 connection's preface, and then frames up to the
// first one with a request's headers.
func awaitRequest(connection net.Conn) {
	const (
		prefaceLength = 24
		headers       = 1
	)
	reader := bufio.NewReader(connection)
	_, err := reader.Discard(prefaceLength)
	for header := make([]byte, 9); err == nil && header[3] != headers; {
		if _, err = io.ReadFull(reader, header); err == nil {
			_, err = reader.Discard(int(header[0])<<16 | int(header[1])<<8 | int(header[2]))
		}
	}
}

// TestRedactCertificate: anyone in between can show a certificate of any names.
func TestRedactCertificate(t *testing.T) {
	t.Parallel()
	certificate := selfSigned(t, "a\x1b[31m\x07\nb.example")
	listener := tls.NewListener(listen(t), &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	_, port, _ := net.SplitHostPort(serveRaw(t, listener, respondRaw("")))
	left := askCanary(t, "https://localhost:"+port, trustOnly(t, certificate))
	checkClean(t, left)
	if text := left[len(left)-1]; !strings.Contains(text, "b.example, not localhost") {
		t.Errorf("error %q", text)
	}
}

// selfSigned returns a certificate for a name.
func selfSigned(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		DNSNames:              []string{name},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: parsed}
}

func trustOnly(t *testing.T, certificate tls.Certificate) func(*quiva.Config) {
	t.Helper()
	return func(c *quiva.Config) {
		c.Roots = x509.NewCertPool()
		c.Roots.AddCert(certificate.Leaf)
	}
}
