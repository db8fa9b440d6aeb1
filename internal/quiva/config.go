package quiva

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

// Defaults of a [Config], for those who let the user leave them out.
const (
	DefaultEndpoint       = "https://api.quiva.ai"
	DefaultRequestTimeout = 30 * time.Second
	DefaultMaxRetries     = 5
)

// Config is what a [Client] needs to know of the gateway.
type Config struct {
	// Endpoint is the gateway's base URL, as [ParseEndpoint] returns it.
	Endpoint *url.URL
	// Credential is sent with every request.
	Credential Credential
	// RequestTimeout limits one attempt of a request, from connecting to the
	// last byte of the response read.
	RequestTimeout time.Duration
	// MaxRetries is how many times a failed attempt is repeated; 0 turns
	// retrying off.
	MaxRetries int
	// Roots are the certificate authorities to trust; nil stands for the
	// system's.
	Roots *x509.CertPool
	// UserAgent is sent with every request.
	UserAgent string
	// BulkRefresh lets [Client.ListedEntry] fetch whole buckets.
	BulkRefresh bool
	// Log, if set, is told of every attempt. It never receives a credential,
	// a header or a body.
	Log LogFunc
}

// Credential is one way to prove who is asking.
type Credential struct {
	// Scheme says in which header the secret is sent.
	Scheme Scheme
	// Secret is the API key or the token.
	Secret string
}

// Scheme is a way to send a credential.
type Scheme int

const (
	// APIKey is sent as X-Api-Key.
	APIKey Scheme = iota
	// BearerToken is sent as Authorization: Bearer.
	BearerToken
)

func (c Credential) header() (name, value string) {
	if c.Scheme == BearerToken {
		return "Authorization", "Bearer " + c.Secret
	}
	return "X-Api-Key", c.Secret
}

// Check fails if the secret cannot be sent in an HTTP header. The error does
// not show it.
func (c Credential) Check() error {
	for _, r := range c.Secret {
		if r <= ' ' || r > '~' {
			return errors.New("it contains a space, a line break or a character outside ASCII, which no key or token has; it was probably corrupted by copy and paste")
		}
	}
	return nil
}

// ParseEndpoint reads the gateway's base URL. A path prefix is kept, trailing
// slashes do not matter. Plain http is refused unless the host is loopback or
// allowInsecureHTTP is set: it would show the credential to the whole network.
func ParseEndpoint(text string, allowInsecureHTTP bool) (*url.URL, error) {
	endpoint, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		// The text is not repeated: it may hold a password.
		return nil, errors.New("it is not a URL; write it like " + DefaultEndpoint)
	}
	switch {
	case endpoint.User != nil:
		return nil, errors.New("it must not contain a user name or password; give the credential as api_key or token")
	case strings.Contains(endpoint.Opaque, "@"):
		return nil, errors.New("it has no scheme and seems to hold a password; write it like " + DefaultEndpoint)
	case endpoint.Scheme == "" || endpoint.Opaque != "":
		return nil, fmt.Errorf("%q has no scheme; write it like %s", text, DefaultEndpoint)
	case endpoint.Scheme != "https" && endpoint.Scheme != "http":
		return nil, fmt.Errorf("the scheme %q is not supported; use https", endpoint.Scheme)
	case endpoint.Hostname() == "":
		return nil, fmt.Errorf("%q names no host; write it like %s", text, DefaultEndpoint)
	case endpoint.RawQuery != "" || endpoint.ForceQuery || endpoint.Fragment != "":
		return nil, errors.New("it must not contain a query or a fragment (? or #)")
	case endpoint.Scheme == "http" && !allowInsecureHTTP && !isLoopback(endpoint.Hostname()):
		return nil, fmt.Errorf("plain http would send the credential unencrypted to %s; use https, or set allow_insecure_http = true if the network in between is trusted", endpoint.Host)
	}
	endpoint.Path = strings.TrimRight(endpoint.Path, "/")
	endpoint.RawPath = strings.TrimRight(endpoint.RawPath, "/")
	return endpoint, nil
}

// LoadRoots returns the system's certificate authorities and those of a PEM
// file, for a gateway behind a private one.
func LoadRoots(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, err
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)", file)
	}
	return roots, nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
