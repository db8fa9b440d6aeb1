package quiva

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Defaults of a [Config], for those who let the user leave them out.
const (
	DefaultEndpoint       = "https://api.quiva.ai"
	DefaultRequestTimeout = 35 * time.Second // the gateway's own is 30
	DefaultMaxRetries     = 5
)

// Config is what a [Client] needs to know of the gateway.
type Config struct {
	Endpoint   *url.URL // the gateway's base URL, as [ParseEndpoint] returns it
	Credential Credential
	// RequestTimeout limits one attempt of a request, from connecting to the last byte of the
	// response read.
	RequestTimeout time.Duration
	MaxRetries     int            // how many times a failed attempt is repeated
	Roots          *x509.CertPool // the certificate authorities to trust; nil stands for the system's
	UserAgent      string
	// Transport, if set, responds in place of the network.
	Transport http.RoundTripper
	// BulkRefresh lets [Client.ListedDigest] and [Client.RefreshEntries] fetch whole buckets.
	BulkRefresh bool
	// Digest, which BulkRefresh needs, returns the same for values that are equal to whoever
	// asks, and for no others. It fails for one that equals nothing.
	Digest func(value []byte) (Digest, error)
	// Log, if set, is told of every attempt. It never receives a credential, a header or a
	// body.
	Log LogFunc
}

// Credential is an API key, sent with every request as X-Api-Key, or a token, sent as
// Authorization: Bearer.
type Credential struct {
	Secret  string
	IsToken bool
}

func (c Credential) header() (name, value string) {
	if c.IsToken {
		return "Authorization", "Bearer " + c.Secret
	}
	return "X-Api-Key", c.Secret
}

// Check fails if the secret cannot be sent in an HTTP header. The error does not show it.
func (c Credential) Check() error {
	if scheme, _, ok := strings.Cut(c.Secret, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return errors.New("it begins with \"Bearer \", which is not part of a token: the provider adds it. Remove that word")
	}
	if strings.HasPrefix(c.Secret, `"`) || strings.HasPrefix(c.Secret, "'") {
		return errors.New("it begins with a quotation mark, which no key or token has. Remove the quotation marks")
	}
	for _, r := range c.Secret {
		if r <= ' ' || r > '~' {
			return errors.New("it contains a space, a line break or a character outside ASCII, which no key or token has; it was probably corrupted by copy and paste")
		}
	}
	return nil
}

// IsKeyAsToken reports whether a token looks like an API key.
func (c Credential) IsKeyAsToken() bool {
	return c.IsToken && (strings.HasPrefix(c.Secret, "ms-") || strings.HasPrefix(c.Secret, "msr-"))
}

// APIPath is what the path of every request begins with, after the endpoint's.
const APIPath = "/storage/kv"

// ParseEndpoint reads the gateway's base URL. A path prefix is kept, trailing slashes do not
// matter. Plain http is refused unless the host is loopback or allowInsecureHTTP is set: it
// would show the credential to the whole network.
//
// No error repeats the text: it may hold a password, or be a credential that was put in the
// wrong place.
func ParseEndpoint(text string, allowInsecureHTTP bool) (*url.URL, error) {
	endpoint, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return nil, errors.New("it is not a URL; write it like " + DefaultEndpoint)
	}
	switch {
	case endpoint.User != nil:
		return nil, errors.New("it must not contain a user name or password; give the credential as api_key or token")
	case endpoint.Scheme == "" || endpoint.Opaque != "":
		return nil, errors.New("it has no scheme; write it like " + DefaultEndpoint)
	case endpoint.Scheme != "https" && endpoint.Scheme != "http":
		return nil, errors.New("its scheme is not supported; use https")
	case endpoint.Hostname() == "":
		return nil, errors.New("it names no host; write it like " + DefaultEndpoint)
	case endpoint.RawQuery != "" || endpoint.ForceQuery || endpoint.Fragment != "":
		return nil, errors.New("it must not contain a query or a fragment (? or #)")
	case endpoint.Scheme == "http" && !allowInsecureHTTP && !isLoopback(endpoint.Hostname()):
		return nil, errors.New("plain http would send the credential unencrypted; use https, or set allow_insecure_http = true if the network in between is trusted")
	}
	endpoint.Path = strings.TrimRight(endpoint.Path, "/")
	endpoint.RawPath = strings.TrimRight(endpoint.RawPath, "/")
	if strings.HasSuffix(endpoint.Path, APIPath) {
		return nil, errors.New("it must not end in " + APIPath + ", which the provider adds")
	}
	return endpoint, nil
}

// rootsLimit is how large a file of certificates may be, in bytes.
const rootsLimit = 16 << 20

// LoadRoots returns the system's certificate authorities and those of a PEM file of at most 16
// MiB, for a gateway that uses a private one. No error repeats the file's name: it may be a
// credential that was put in the wrong place.
func LoadRoots(file string) (*x509.CertPool, error) {
	// Asked for first: a pipe, say, would be waited for when it is opened.
	info, err := os.Stat(file)
	var pem []byte
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case info.Size() > rootsLimit:
		return nil, fmt.Errorf("it is larger than %d MiB", rootsLimit>>20)
	default:
		pem, err = os.ReadFile(file)
	}
	if named, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, named.Err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, err
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
	}
	return roots, nil
}

func isLoopback(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}
