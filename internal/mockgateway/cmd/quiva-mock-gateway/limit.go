package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// defineLimit defines the flags that describe the gateway's limit, and returns what
// turns them into it once they are parsed: nil for none.
func defineLimit(flags *flag.FlagSet) func() (mockgateway.Limit, error) {
	kind := flags.String("limit", "none", "`kind` of limit, beyond which requests get a 429: token-bucket, fixed-window, sliding-window, concurrency or none")
	requests := flags.Int("limit-requests", 100, "requests to allow in each -limit-window, or at a time with -limit concurrency")
	window := flags.Duration("limit-window", time.Second, "time in which to allow -limit-requests, such as 1m")
	burst := flags.Int("limit-burst", 10, "requests to allow at once with -limit token-bucket")
	told := flags.String("limit-retry-after", "seconds", "Retry-After of a 429: `seconds` or date until the limit allows another request, none, or any text such as 2")
	return func() (mockgateway.Limit, error) {
		if *requests < 1 || *window <= 0 || *burst < 1 {
			return nil, errors.New("-limit-requests, -limit-window and -limit-burst must be positive")
		}
		retryAfter := mockgateway.RetryAfter(strings.TrimPrefix(*told, "none"))
		limit, ok := map[string]mockgateway.Limit{
			"none":           nil,
			"token-bucket":   mockgateway.TokenBucket{Rate: float64(*requests) / window.Seconds(), Burst: *burst, RetryAfter: retryAfter},
			"fixed-window":   mockgateway.FixedWindow{Requests: *requests, Window: *window, RetryAfter: retryAfter},
			"sliding-window": mockgateway.SlidingWindow{Requests: *requests, Window: *window, RetryAfter: retryAfter},
			"concurrency":    mockgateway.Concurrency{Requests: *requests, RetryAfter: retryAfter},
		}[*kind]
		if !ok {
			return nil, fmt.Errorf("-limit must be token-bucket, fixed-window, sliding-window, concurrency or none, not %q", *kind)
		}
		return limit, nil
	}
}
