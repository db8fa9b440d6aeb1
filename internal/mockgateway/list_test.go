package mockgateway_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
)

// keysOf sends a list or a search and returns the keys it gives.
func keysOf(t *testing.T, r reply) []string {
	t.Helper()
	var list struct {
		Body struct {
			Results []struct {
				Key string `json:"key"`
			} `json:"results"`
			Total int `json:"results_total"`
		} `json:"body"`
	}
	if err := json.Unmarshal([]byte(r.body), &list); err != nil || r.status != 200 {
		t.Fatalf("got %d %s: %v", r.status, r.body, err)
	}
	keys := []string{}
	for _, e := range list.Body.Results {
		keys = append(keys, e.Key)
	}
	if list.Body.Total != len(keys) {
		t.Errorf("results_total is %d for %d results", list.Body.Total, len(keys))
	}
	return keys
}

func TestListEntries(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("b")
	const path = "/storage/kv/b/entries"
	do(t, s, "GET", path, "").expect(t, 200, `{"body":{"results":[],"results_total":0},"metadata":{"bucket":"b","limit":10}}`)

	s.PutEntry("b", "one", `{ "n": 1.0 }`)
	s.PutEntry("b", "two", `"text"`)
	do(t, s, "GET", path+"?limit=25", "").expect(t, 200,
		`{"body":{"results":[{"key":"two","value":"text"},{"key":"one","value":{ "n": 1.0 }}],"results_total":2},"metadata":{"bucket":"b","limit":25}}`)
}

func TestListGivesTheLatestEntries(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("b")
	for n := range 1005 {
		s.PutEntry("b", fmt.Sprintf("k%04d", n), `{}`)
	}
	s.PutEntry("b", "k0000", `{}`)
	const path = "/storage/kv/b/entries"
	want := []string{"k0000", "k1004", "k1003", "k1002", "k1001", "k1000", "k0999", "k0998", "k0997", "k0996"}
	if got := keysOf(t, do(t, s, "GET", path, "")); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := keysOf(t, do(t, s, "GET", path+"?limit=1", "")); !slices.Equal(got, want[:1]) {
		t.Errorf("got %q", got)
	}
	if got := keysOf(t, do(t, s, "GET", path+"?limit=1000", "")); len(got) != 1000 {
		t.Errorf("got %d keys", len(got))
	}
}

func TestSearchByKey(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("b")
	for _, key := range []string{"user1", "user/2", "team.user", "u", "User"} {
		s.PutEntry("b", key, `{}`)
	}
	const path = "/storage/kv/b/search-by-key?search="
	for pattern, want := range map[string][]string{
		"user*":      {"user/2", "user1"},
		"*user":      {"team.user"},
		"*user*":     {"team.user", "user/2", "user1"},
		"*":          {"User", "u", "team.user", "user/2", "user1"},
		"u*r*":       {"user/2", "user1"},
		"user%2F2":   {"user/2"},
		"user":       {},
		"u":          {"u"},
		"u*u":        {},
		"**":         {"User", "u", "team.user", "user/2", "user1"},
		"*&limit=2":  {"User", "u"},
		"t*m.*r":     {"team.user"},
		"team%3Fuse": {},
	} {
		t.Run(pattern, func(t *testing.T) {
			t.Parallel()
			if got := keysOf(t, do(t, s, "GET", path+pattern, "")); !slices.Equal(got, want) {
				t.Errorf("got %q", got)
			}
		})
	}
	do(t, s, "GET", path+"u*1", "").expect(t, 200,
		`{"body":{"results":[{"key":"user1","value":{}}],"results_total":1},"metadata":{"bucket":"b","search":"u*1","hits":1}}`)
}
