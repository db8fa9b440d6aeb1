package mockgateway_test

import "testing"

func TestUnknownRoutes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("b")
	s.PutEntry("b", "a/b", `{}`)
	for _, path := range []string{
		"x", "//", "/b/", "//entries", "/b/nothing", "/b/entries/", "/b/entries/a/", "/b/entries/a/b",
		"/b/entries//a", "/b/%65ntries", "/b%2Fentries%2Fa/x",
	} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			play(t, s, method+" "+path+" {} => 404 404 page not found")
		}
	}
	for _, path := range []string{"/", "/storage", "/api/storage/kv"} {
		do(t, s, "GET", path, "").expect(t, 404, "404 page not found\n")
	}
}

// TestMethodNotAllowed: a 405 names the documented operations of each path.
func TestMethodNotAllowed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for path, allow := range map[string]string{
		"/storage/kv":                 "GET, POST",
		"/storage/kv/":                "GET, POST",
		"/storage/kv/b":               "DELETE, GET, PUT",
		"/storage/kv/b/purge":         "DELETE",
		"/storage/kv/b/entries":       "GET",
		"/storage/kv/b/entries/k":     "DELETE, GET, PUT",
		"/storage/kv/b/search-by-key": "GET",
		"/storage/kv/b/search":        "GET",
	} {
		r := do(t, s, "PATCH", path, "")
		r.expect(t, 405, "Method Not Allowed\n")
		if got := r.header.Get("Allow"); got != allow {
			t.Errorf("%s: Allow is %q, want %q", path, got, allow)
		}
	}
}
