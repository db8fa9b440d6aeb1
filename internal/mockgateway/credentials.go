package mockgateway

import (
	"cmp"
	"net/http"
	"strings"
	"sync"
)

// The credentials that a new gateway accepts.
const (
	DefaultAPIKey = "ms-mock-0123456789abcdef"
	DefaultToken  = "mock-token-0123456789abcdef"
)

// Permission is one call that a restricted key may make.
type Permission struct {
	Method, Path string // as in a [Fault]
}

// credentials are those that the gateway accepts.
type credentials struct {
	mu      sync.RWMutex
	apiKeys map[string][]Permission
	tokens  map[string]bool
}

func newCredentials() *credentials {
	c := &credentials{}
	c.clear()
	c.apiKeys[DefaultAPIKey] = []Permission{{}}
	c.tokens[DefaultToken] = true
	return c
}

// AllowAPIKey makes the gateway accept key, in addition to those it accepts.
// A key that was restricted no longer is.
func (g *Gateway) AllowAPIKey(key string) {
	g.AllowRestrictedKey(key, Permission{})
}

// AllowRestrictedKey makes the gateway accept key for the permitted calls only
// and respond 403 to any other. Such keys begin with "msr-" on a real gateway.
func (g *Gateway) AllowRestrictedKey(key string, permitted ...Permission) {
	g.credentials.change(func(c *credentials) { c.apiKeys[key] = permitted })
}

// AllowToken makes the gateway accept token, in addition to those it accepts.
func (g *Gateway) AllowToken(token string) {
	g.credentials.change(func(c *credentials) { c.tokens[token] = true })
}

// RevokeCredentials makes the gateway respond 401 to every credential, the
// default ones included, as if all had expired, until others are allowed.
func (g *Gateway) RevokeCredentials() {
	g.credentials.change((*credentials).clear)
}

func (c *credentials) change(change func(*credentials)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

func (c *credentials) clear() {
	c.apiKeys = map[string][]Permission{}
	c.tokens = map[string]bool{}
}

// check returns why r may not be served, or nil. An API key that is sent is the
// only credential looked at: a good token does not make up for a bad key.
func (c *credentials) check(r *http.Request, escapedPath string, dialect Dialect) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	unauthorized := &statusError{http.StatusUnauthorized, "unauthorized"}
	if key := r.Header.Get("X-Api-Key"); key != "" {
		permitted, ok := c.apiKeys[key]
		if !ok {
			return unauthorized
		}
		for _, p := range permitted {
			if matchRequest(p.Method, p.Path, r.Method, escapedPath) {
				return nil
			}
		}
		return &statusError{cmp.Or(dialect.RestrictedStatus, http.StatusForbidden), "forbidden"}
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") && c.tokens[token] {
		return nil
	}
	return unauthorized
}
