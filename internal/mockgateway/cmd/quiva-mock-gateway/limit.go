package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// limitFlags are the flags that describe the gateway's limit.
type limitFlags struct {
	kind       string
	requests   int
	window     time.Duration
	burst      int
	retryAfter string

	limit mockgateway.Limit // nil for none
}

func (f *limitFlags) define(flags *flag.FlagSet) {
	flags.StringVar(&f.kind, "limit", "none", "`kind` of limit, beyond which requests get a 429: token-bucket, fixed-window, sliding-window, concurrency or none")
	flags.IntVar(&f.requests, "limit-requests", 100, "requests to allow in each -limit-window, or at a time with -limit concurrency")
	flags.DurationVar(&f.window, "limit-window", time.Second, "time in which to allow -limit-requests, such as 1m")
	flags.IntVar(&f.burst, "limit-burst", 10, "requests to allow at once with -limit token-bucket")
	flags.StringVar(&f.retryAfter, "limit-retry-after", "seconds", "Retry-After of a 429: `seconds` or date until the limit allows another request, none, or any text such as 2")
}

// parse turns the flags into the limit.
func (f *limitFlags) parse() error {
	if f.requests < 1 || f.window <= 0 || f.burst < 1 {
		return errors.New("-limit-requests, -limit-window and -limit-burst must be positive")
	}
	retryAfter := mockgateway.RetryAfter(strings.TrimPrefix(f.retryAfter, "none"))
	limit, ok := map[string]mockgateway.Limit{
		"none":           nil,
		"token-bucket":   mockgateway.TokenBucket{Rate: float64(f.requests) / f.window.Seconds(), Burst: f.burst, RetryAfter: retryAfter},
		"fixed-window":   mockgateway.FixedWindow{Requests: f.requests, Window: f.window, RetryAfter: retryAfter},
		"sliding-window": mockgateway.SlidingWindow{Requests: f.requests, Window: f.window, RetryAfter: retryAfter},
		"concurrency":    mockgateway.Concurrency{Requests: f.requests, RetryAfter: retryAfter},
	}[f.kind]
	if !ok {
		return fmt.Errorf("-limit must be token-bucket, fixed-window, sliding-window, concurrency or none, not %q", f.kind)
	}
	f.limit = limit
	return nil
}
