package mockgateway_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// ask sends a request that a gateway without a limit responds 200 to.
func ask(gateway *mockgateway.Gateway) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, "/storage/kv", nil)
	request.Header.Set("X-Api-Key", mockgateway.DefaultAPIKey)
	response := httptest.NewRecorder()
	gateway.ServeHTTP(response, request)
	return response
}

// TestLimits: of ten requests every tenth of a second, the limit lets so many
// through each time.
func TestLimits(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		limit mockgateway.Limit
		want  []int
	}{
		"none":                             {nil, []int{10, 10, 10}},
		"token bucket, full again":         {mockgateway.TokenBucket{Rate: 100, Burst: 3}, []int{3, 3, 3}},
		"token bucket":                     {mockgateway.TokenBucket{Rate: 20, Burst: 5}, []int{5, 2, 2, 2, 2}},
		"token bucket, a token in a while": {mockgateway.TokenBucket{Rate: 5, Burst: 1}, []int{1, 0, 1, 0, 1}},
		"fixed window":                     {mockgateway.FixedWindow{Requests: 13, Window: 300 * time.Millisecond}, []int{10, 3, 0, 10, 3, 0, 10}},
		"sliding window":                   {mockgateway.SlidingWindow{Requests: 13, Window: 300 * time.Millisecond}, []int{10, 3, 0, 10, 3, 0, 10}},
		"sliding window, half-way":         {mockgateway.SlidingWindow{Requests: 25, Window: 300 * time.Millisecond}, []int{10, 10, 5, 10, 10, 5}},
		"weighted window":                  {mockgateway.WeightedWindow{Requests: 12, Window: 300 * time.Millisecond}, []int{10, 2, 0, 0, 4, 4, 4}},
		// None of them lasts.
		"concurrency": {mockgateway.Concurrency{Requests: 1}, []int{10, 10, 10}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				gateway := mockgateway.NewGateway()
				gateway.SetLimit(test.limit)
				refused := 0
				for i, want := range test.want {
					passed := 0
					for range 10 {
						switch response := ask(gateway); response.Code {
						case http.StatusOK:
							passed++
						case http.StatusTooManyRequests:
							refused++
						default:
							t.Fatalf("got %+v", response)
						}
					}
					if passed != want {
						t.Errorf("%d passed after %d × 0.1 s, want %d", passed, i, want)
					}
					time.Sleep(100 * time.Millisecond) // by the bubble's clock
				}
				if got := gateway.Refused(); got != refused {
					t.Errorf("Refused is %d, %d were", got, refused)
				}
			})
		})
	}
}

// TestConcurrency: what is at work counts, and what was refused does not.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gateway := mockgateway.NewGateway()
		gateway.SetLatency(time.Second)
		gateway.SetLimit(mockgateway.Concurrency{Requests: 4})
		for range 2 {
			var (
				mu       sync.Mutex
				statuses = map[int]int{}
				requests sync.WaitGroup
			)
			for range 10 {
				requests.Go(func() {
					status := ask(gateway).Code
					mu.Lock()
					defer mu.Unlock()
					statuses[status]++
				})
			}
			requests.Wait()
			if statuses[http.StatusOK] != 4 || statuses[http.StatusTooManyRequests] != 6 {
				t.Errorf("statuses %v", statuses)
			}
		}
	})
}

// TestRetryAfter: the header in each form, by the gateway's clock.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	seconds, date := mockgateway.RetryAfter{Form: mockgateway.Seconds}, mockgateway.RetryAfter{Form: mockgateway.Date}
	pause := mockgateway.RetryAfter{Form: mockgateway.Seconds, Pause: 7 * time.Second}
	tests := map[string]struct {
		limit mockgateway.Limit
		want  string // synctest's clock begins at midnight
	}{
		"none":                   {mockgateway.FixedWindow{Requests: 1, Window: time.Minute}, ""},
		"seconds":                {mockgateway.FixedWindow{Requests: 1, Window: time.Minute, RetryAfter: seconds}, "50"},
		"seconds, rounded up":    {mockgateway.TokenBucket{Rate: 10, Burst: 1, RetryAfter: seconds}, "1"},
		"seconds, sliding":       {mockgateway.SlidingWindow{Requests: 1, Window: time.Minute, RetryAfter: seconds}, "60"},
		"seconds, a fixed pause": {mockgateway.TokenBucket{Rate: 10, Burst: 1, RetryAfter: pause}, "7"},
		"date":                   {mockgateway.FixedWindow{Requests: 1, Window: time.Minute, RetryAfter: date}, "Sat, 01 Jan 2000 00:01:00 GMT"},
		"date, rounded up":       {mockgateway.TokenBucket{Rate: 10, Burst: 1, RetryAfter: date}, "Sat, 01 Jan 2000 00:00:11 GMT"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(10 * time.Second) // by the bubble's clock
				gateway := mockgateway.NewGateway()
				gateway.SetLimit(test.limit)
				ask(gateway)
				response := ask(gateway)
				if got := response.Header().Get("Retry-After"); response.Code != http.StatusTooManyRequests || got != test.want {
					t.Errorf("got %d, Retry-After: %s; want %s", response.Code, got, test.want)
				}
			})
		})
	}
}

// TestRefusal: a 429 is plain text, as the API documents it, and another limit
// begins again.
func TestRefusal(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	client := newClient(t, s)
	get := func() reply { return send(client, newRequest(t, s, "GET", "/storage/kv", "")) }
	limit := mockgateway.FixedWindow{Requests: 1, Window: 24 * time.Hour, RetryAfter: mockgateway.RetryAfter{Form: mockgateway.Seconds, Pause: time.Second}}
	for range 2 {
		s.SetLimit(limit)
		if got := s.Refused(); got != 0 {
			t.Errorf("Refused is %d with a new limit", got)
		}
		if got := get(); got.status != 200 {
			t.Errorf("got %+v", got)
		}
		got := get()
		if got.status != 429 || got.body != "Too Many Requests\n" || got.header.Get("Retry-After") != "1" ||
			got.header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("got %+v", got)
		}
	}
	s.SetLimit(nil)
	if got := get(); got.status != 200 || s.Refused() != 0 {
		t.Errorf("without a limit: %+v, Refused is %d", got, s.Refused())
	}
}
