package mockgateway

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
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

// credential is an API key or a token.
type credential struct{ scheme, secret string }

const apiKey, bearer = "X-Api-Key", "bearer"

// AllowAPIKey makes the gateway accept key, in addition to those it accepts.
// A key that was restricted no longer is.
func (g *Gateway) AllowAPIKey(key string) { g.allow(credential{apiKey, key}, Permission{}) }

// AllowRestrictedKey makes the gateway accept key for the permitted calls only
// and respond 403 to any other. Such keys begin with "msr-" on a real gateway.
func (g *Gateway) AllowRestrictedKey(key string, permitted ...Permission) {
	g.allow(credential{apiKey, key}, permitted...)
}

// AllowToken makes the gateway accept token, in addition to those it accepts.
func (g *Gateway) AllowToken(token string) { g.allow(credential{bearer, token}, Permission{}) }

// RevokeCredentials makes the gateway respond 401 to every credential, the
// default ones included, as if all had expired, until others are allowed.
func (g *Gateway) RevokeCredentials() {
	g.configure(func(b *behaviour) { b.credentials = map[credential][]Permission{} })
}

func (g *Gateway) allow(accepted credential, permitted ...Permission) {
	g.configure(func(b *behaviour) {
		b.credentials = maps.Clone(b.credentials) // requests under way read the old ones
		b.credentials[accepted] = permitted
	})
}

// authorize returns why r may not be served, or nil. An API key that is sent is the
// only credential looked at: a good token does not make up for a bad key.
func (b behaviour) authorize(r *http.Request, escapedPath string) error {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sent := credential{strings.ToLower(scheme), secret}
	if key := r.Header.Get(apiKey); key != "" {
		sent = credential{apiKey, key}
	}
	permitted, ok := b.credentials[sent]
	switch {
	case !ok:
		return &statusError{http.StatusUnauthorized, "unauthorized"}
	case !slices.ContainsFunc(permitted, func(p Permission) bool { return matchRequest(p.Method, p.Path, r.Method, escapedPath) }):
		return &statusError{cmp.Or(b.dialect.RestrictedStatus, http.StatusForbidden), "forbidden"}
	}
	return nil
}
