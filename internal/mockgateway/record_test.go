package mockgateway_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

func TestRequests(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("b")
	before := time.Now()
	do(t, s, "PUT", "/storage/kv/b/entries/a%2Fb", `{"a":1}`).expect(t, 200, success)
	do(t, s, "GET", "/storage/kv/b/search-by-key?search=a*&limit=5", "")
	do(t, s, "GET", "/nothing", "")

	requests := s.Requests()
	if len(requests) != 3 {
		t.Fatalf("%d requests", len(requests))
	}
	put, search, unknown := requests[0], requests[1], requests[2]
	if put.Method != "PUT" || put.Path != "/storage/kv/b/entries/a%2Fb" || string(put.Body) != `{"a":1}` || put.Status != 200 ||
		put.Header.Get("X-Api-Key") != mockgateway.DefaultAPIKey {
		t.Errorf("recorded %+v", put)
	}
	if put.Start.Before(before) || put.Duration <= 0 || put.Start.Add(put.Duration).After(time.Now()) {
		t.Errorf("recorded start %s and duration %s", put.Start, put.Duration)
	}
	if search.Path != "/storage/kv/b/search-by-key" || search.Query.Get("search") != "a*" || search.Query.Get("limit") != "5" {
		t.Errorf("recorded %+v", search)
	}
	if unknown.Status != 404 {
		t.Errorf("recorded %+v", unknown)
	}

	for _, test := range []struct {
		method, path string
		want         int
	}{
		{"", "", 3},
		{"GET", "", 2},
		{"", "/storage/*", 2},
		{"PUT", "/storage/kv/*/entries/*", 1},
		{"GET", "/nothing", 1},
		{"", "/nothin", 0},
		{"DELETE", "", 0},
	} {
		if got := s.Count(test.method, test.path); got != test.want {
			t.Errorf("Count(%q, %q) = %d, want %d", test.method, test.path, got, test.want)
		}
		if got := len(s.RequestsTo(test.method, test.path)); got != test.want {
			t.Errorf("RequestsTo(%q, %q) gives %d, want %d", test.method, test.path, got, test.want)
		}
	}

	s.ResetRequests()
	if got := s.Requests(); len(got) != 0 {
		t.Errorf("after the reset: %+v", got)
	}
	s.SetKeepRequests(false)
	do(t, s, "GET", "/storage/kv", "")
	if got := s.Requests(); len(got) != 0 {
		t.Errorf("kept nevertheless: %+v", got)
	}
}

func TestRequestHook(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.SetKeepRequests(false)
	var mu sync.Mutex
	var seen []string
	s.SetRequestHook(func(r mockgateway.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, fmt.Sprint(r.Method, " ", r.Path, " ", r.Status))
	})
	do(t, s, "GET", "/storage/kv/b", "")
	s.Inject(mockgateway.Fault{Effect: mockgateway.Reset()})
	if got := do(t, s, "DELETE", "/storage/kv/b", ""); got.err == nil {
		t.Errorf("got %d", got.status)
	}
	mu.Lock()
	defer mu.Unlock()
	if got, want := fmt.Sprint(seen), "[GET /storage/kv/b 404 DELETE /storage/kv/b 0]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestConcurrentRequests(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("b")
	client := newClient(t, s)
	const workers, each = 16, 25
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for n := range each {
				path := fmt.Sprintf("/storage/kv/b/entries/%d-%d", w, n)
				if got := send(client, newRequest(t, s, "PUT", path, `{}`)); got.status != 200 {
					t.Errorf("PUT: %+v", got)
				}
				if got := send(client, newRequest(t, s, "GET", "/storage/kv/b/entries?limit=1000", "")); got.status != 200 {
					t.Errorf("GET: %+v", got)
				}
			}
		})
	}
	group.Wait()
	if got := len(s.Entries("b")); got != workers*each {
		t.Errorf("%d entries", got)
	}
	if got := s.Count("", ""); got != 2*workers*each {
		t.Errorf("%d requests", got)
	}
}
