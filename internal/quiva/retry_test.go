package quiva

import (
	"math"
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := map[string]struct {
		want time.Duration
		ok   bool
	}{
		"":                                  {0, false},
		"0":                                 {0, true},
		"7":                                 {7 * time.Second, true},
		"86400":                             {24 * time.Hour, true},
		"-1":                                {0, false},
		"1.5":                               {0, false},
		"soon":                              {0, false},
		"2147483648":                        {1 << 31 * time.Second, true},
		"99999999999999999999":              {math.MaxInt64, true},
		"Wed, 02 Jan 2030 03:04:15 GMT":     {10 * time.Second, true},
		"Wednesday, 02-Jan-30 03:04:15 GMT": {10 * time.Second, true},
		"Wed, 02 Jan 2030 03:00:00 GMT":     {0, true},
	}
	for header, test := range tests {
		if got, ok := retryAfter(header, now); got != test.want || ok != test.ok {
			t.Errorf("retryAfter(%q) = %s, %t; want %s, %t", header, got, ok, test.want, test.ok)
		}
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for attempt, longest := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second, 15 * time.Second} {
		for range 100 {
			if got := backoff(retryWaitMin, retryWaitMax, attempt, nil); got < longest/2 || got > longest {
				t.Errorf("attempt %d pauses %s, want %s to %s", attempt, got, longest/2, longest)
			}
		}
	}
	if got := backoff(retryWaitMin, retryWaitMax, 1_000_000, nil); got > retryWaitMax {
		t.Errorf("a late attempt pauses %s", got)
	}
	if got := backoff(retryWaitMin, retryWaitMax, 0, &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"3"}}}); got != 0 {
		t.Errorf("a 429 pauses %s, which is the limiter's to do", got)
	}
	asked := &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"3"}}}
	if got := backoff(retryWaitMin, retryWaitMax, 0, asked); got != 3*time.Second {
		t.Errorf("Retry-After: 3 pauses %s", got)
	}
	asked.Header.Set("Retry-After", "86400")
	if got := backoff(retryWaitMin, retryWaitMax, 0, asked); got != retryAfterMax {
		t.Errorf("a day's Retry-After pauses %s", got)
	}
}
