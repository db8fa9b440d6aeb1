package mockgateway_test

import (
	"testing"
	"time"
)

func TestRateLimit(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	client := newClient(t, s)
	get := func() reply { return send(client, newRequest(t, s, "GET", "/storage/kv", "")) }
	const perSecond = 5
	s.SetRateLimit(perSecond)

	// Until the limit was met and, a window later, lets requests through again.
	start := time.Now()
	passed, refused := 0, 0
	for refused == 0 || passed <= perSecond {
		if time.Since(start) > 20*time.Second {
			t.Fatalf("%d requests passed, %d refused", passed, refused)
		}
		switch r := get(); r.status {
		case 200:
			passed++
		case 429:
			refused++
			if r.body != "Too Many Requests\n" || r.header.Get("Retry-After") != "1" ||
				r.header.Get("Content-Type") != "text/plain; charset=utf-8" {
				t.Fatalf("got %+v", r)
			}
		default:
			t.Fatalf("got %+v", r)
		}
	}
	windows := int(time.Since(start)/time.Second) + 1
	if passed > windows*perSecond {
		t.Errorf("%d requests passed in %d windows of %d", passed, windows, perSecond)
	}
	if s.RateLimited() != refused {
		t.Errorf("RateLimited is %d, %d refused", s.RateLimited(), refused)
	}

	s.SetRateLimit(0)
	for range 3 * perSecond {
		if got := get(); got.status != 200 {
			t.Fatalf("without a limit: %+v", got)
		}
	}
	if got := s.RateLimited(); got != 0 {
		t.Errorf("RateLimited is %d without a limit", got)
	}
}
