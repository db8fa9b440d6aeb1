package mockgateway_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestLimits: of ten requests at once every tenth of a second, the limit lets so many
// through each time.
func TestLimits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
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
		"at a time":                        {mockgateway.Concurrency{Requests: 4}, []int{4, 4, 4}},
	} {
		synctest.Test(t, func(t *testing.T) {
			gateway := mockgateway.NewGateway()
			gateway.SetLatency(50 * time.Millisecond)
			gateway.SetLimit(test.limit)
			refused := 0
			for i, want := range test.want {
				var passed atomic.Int64
				var requests sync.WaitGroup
				for range 10 {
					requests.Go(func() {
						switch response := send(gateway, http.MethodGet, "/storage/kv", "", nil); response.Code {
						case http.StatusOK:
							passed.Add(1)
						case http.StatusTooManyRequests:
							if got := response.Body.String(); got != "Too Many Requests\n" { // as the API documents it
								t.Errorf("%s: a 429 says %q", name, got)
							}
						default:
							t.Errorf("%s: got %d", name, response.Code)
						}
					})
				}
				requests.Wait()
				if got := int(passed.Load()); got != want {
					t.Errorf("%s: %d passed after %d × 0.1 s, want %d", name, got, i, want)
				}
				refused += 10 - want
				time.Sleep(50 * time.Millisecond) // by the bubble's clock
			}
			if got := gateway.Refused(); got != refused {
				t.Errorf("%s: Refused is %d, %d were", name, got, refused)
			}
		})
	}
}
