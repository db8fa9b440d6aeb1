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
	play(t, s, "GET /b => 404 not_found")
	s.RevokeCredentials()
	play(t, s, `GET /b => 401 {"error":"unauthorized"}`)
	s.AllowAPIKey(mockgateway.DefaultAPIKey)
	play(t, s, "GET /b => 404 not_found")
}

// TestRestrictedKey restricts the key that play sends.
func TestRestrictedKey(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("flags")
	s.AllowRestrictedKey(mockgateway.DefaultAPIKey,
		mockgateway.Permission{Method: "GET", Path: "/storage/kv/flags/entries/*"},
		mockgateway.Permission{Method: "PUT", Path: "/storage/kv/*/entries/team%2F*"})
	play(t, s, `
		PUT /flags/entries/team%2Fa {} => 200 {"message":"success"}
		GET /flags/entries/team%2Fa => 200 {"body":{"key":"team/a","value":{}},"metadata":{"bucket":"flags","key":"team/a"}}
		PUT /flags/entries/a {} => 403 {"error":"forbidden"}
		DELETE /flags/entries/team%2Fa => 403 {"error":"forbidden"}
		GET /secrets/entries/a => 403 {"error":"forbidden"}
		GET /flags/entries => 403 {"error":"forbidden"}
		GET  => 403 {"error":"forbidden"}`)
	s.AllowAPIKey(mockgateway.DefaultAPIKey)
	play(t, s, `PUT /flags/entries/a {} => 200 {"message":"success"}`)
}
