package mockgateway_test

import (
	"net/http"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

func TestCredentials(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.AllowAPIKey("ms-other")
	s.AllowToken("other")
	for name, test := range map[string]struct {
		header http.Header
		status int
	}{
		"none":                {nil, 401},
		"default key":         {http.Header{"X-Api-Key": {mockgateway.DefaultAPIKey}}, 200},
		"default token":       {http.Header{"Authorization": {"Bearer " + mockgateway.DefaultToken}}, 200},
		"other key":           {http.Header{"X-Api-Key": {"ms-other"}}, 200},
		"other token":         {http.Header{"Authorization": {"bearer other"}}, 200},
		"wrong key":           {http.Header{"X-Api-Key": {"ms-wrong"}}, 401},
		"wrong token":         {http.Header{"Authorization": {"Bearer wrong"}}, 401},
		"token as a key":      {http.Header{"X-Api-Key": {"other"}}, 401},
		"key as a token":      {http.Header{"Authorization": {"Bearer ms-other"}}, 401},
		"not bearer":          {http.Header{"Authorization": {"Basic other"}}, 401},
		"empty key":           {http.Header{"X-Api-Key": {""}}, 401},
		"good key, bad token": {http.Header{"X-Api-Key": {"ms-other"}, "Authorization": {"Bearer wrong"}}, 200},
		"bad key, good token": {http.Header{"X-Api-Key": {"ms-wrong"}, "Authorization": {"Bearer other"}}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRequest(t, s, "GET", "/storage/kv", "")
			r.Header = test.header.Clone()
			got := send(newClient(t, s), r)
			if test.status == 401 {
				got.expect(t, 401, `{"error":"unauthorized"}`)
			} else if got.status != test.status {
				t.Errorf("got %d %s", got.status, got.body)
			}
		})
	}
}

func TestRevokeCredentials(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	do(t, s, "GET", "/storage/kv/b", "").expectError(t, 404, "not_found")
	s.RevokeCredentials()
	do(t, s, "GET", "/storage/kv/b", "").expect(t, 401, `{"error":"unauthorized"}`)
	s.AllowAPIKey(mockgateway.DefaultAPIKey)
	do(t, s, "GET", "/storage/kv/b", "").expectError(t, 404, "not_found")
}

func TestRestrictedKey(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("flags")
	s.CreateBucket("secrets")
	s.AllowRestrictedKey("msr-1",
		mockgateway.Permission{Method: "GET", Path: "/storage/kv/flags/entries/*"},
		mockgateway.Permission{Method: "PUT", Path: "/storage/kv/*/entries/team%2F*"})
	as := func(key, method, path string) reply {
		r := newRequest(t, s, method, path, `{}`)
		r.Header.Set("X-Api-Key", key)
		return send(newClient(t, s), r)
	}
	as("msr-1", "PUT", "/storage/kv/flags/entries/team%2Fa").expect(t, 200, success)
	if got := as("msr-1", "GET", "/storage/kv/flags/entries/team%2Fa"); got.status != 200 {
		t.Errorf("got %d %s", got.status, got.body)
	}
	for _, call := range []struct{ method, path string }{
		{"PUT", "/storage/kv/flags/entries/a"},
		{"DELETE", "/storage/kv/flags/entries/team%2Fa"},
		{"GET", "/storage/kv/secrets/entries/a"},
		{"GET", "/storage/kv/flags/entries"},
		{"GET", "/storage/kv"},
	} {
		as("msr-1", call.method, call.path).expect(t, 403, `{"error":"forbidden"}`)
	}
	s.AllowRestrictedKey("msr-2")
	as("msr-2", "GET", "/storage/kv").expect(t, 403, `{"error":"forbidden"}`)
	s.AllowAPIKey("msr-2")
	if got := as("msr-2", "GET", "/storage/kv"); got.status != 200 {
		t.Errorf("got %d %s", got.status, got.body)
	}
}
