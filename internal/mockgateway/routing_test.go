package mockgateway_test

import "testing"

func TestUnknownRoutes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("b")
	s.PutEntry("b", "a", `{}`)
	s.PutEntry("b", "a/b", `{}`)
	for _, path := range []string{
		"/", "/storage", "/storage/kvx", "/storage/kv//", "/storage/kv/b/", "/storage/kv//entries",
		"/storage/kv/b/nothing", "/storage/kv/b/entries/", "/storage/kv/b/entries/a/", "/storage/kv/b/entries/a/b",
		"/storage/kv/b/entries//a", "/storage/kv/b/%65ntries", "/storage/kv/b%2Fentries%2Fa/x", "/api/storage/kv",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{"GET", "PUT", "DELETE"} {
				r := do(t, s, method, path, `{}`)
				r.expect(t, 404, "404 page not found\n")
				if got := r.header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
					t.Errorf("Content-Type %q", got)
				}
			}
		})
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
