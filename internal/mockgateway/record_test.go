package mockgateway_test

import (
	"fmt"
	"strings"
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
	put := requests[0]
	if string(put.Body) != `{"a":1}` || put.Header.Get("X-Api-Key") != mockgateway.DefaultAPIKey || put.Start.Before(before) ||
		put.Duration <= 0 || put.Start.Add(put.Duration).After(time.Now()) {
		t.Errorf("recorded %+v", put)
	}
	for n, want := range []string{"PUT /storage/kv/b/entries/a%2Fb  200", "GET /storage/kv/b/search-by-key limit=5&search=a%2A 200", "GET /nothing  404"} {
		if q := requests[n]; fmt.Sprint(q.Method, " ", q.Path, " ", q.Query.Encode(), " ", q.Status) != want {
			t.Errorf("recorded %+v, want %s", q, want)
		}
	}
	for selected, want := range map[string]int{
		" ": 3, "GET ": 2, " /storage/*": 2, "PUT /storage/kv/*/entries/*": 1, "GET /nothing": 1, " /nothin": 0, "DELETE ": 0,
	} {
		method, path, _ := strings.Cut(selected, " ")
		if count, found := s.Count(method, path), len(s.RequestsTo(method, path)); count != want || found != want {
			t.Errorf("%q: Count is %d, RequestsTo gives %d, want %d", selected, count, found, want)
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
