package quiva

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := map[string]struct {
		header, date string
		want         time.Duration
		ok           bool
	}{
		"none":              {"", "", 0, false},
		"no time":           {"0", "", 0, false},
		"seconds":           {"7", "", 7 * time.Second, true},
		"a day":             {"86400", "", retryAfterMax, true},
		"2^64 seconds":      {"18446744073709551616", "", retryAfterMax, true},
		"negative":          {"-1", "", 0, false},
		"a fraction":        {"1.5", "", 0, false},
		"a word":            {"soon", "", 0, false},
		"date":              {"Wed, 02 Jan 2030 03:04:15 GMT", "", 10 * time.Second, true},
		"date in the past":  {"Wed, 02 Jan 2030 03:00:00 GMT", "", 0, false},
		"date a day ahead":  {"Thu, 03 Jan 2030 03:04:05 GMT", "", retryAfterMax, true},
		"clock ahead":       {"Wed, 02 Jan 2030 05:04:15 GMT", "Wed, 02 Jan 2030 05:04:05 GMT", 10 * time.Second, true},
		"clock behind":      {"Wed, 02 Jan 2030 01:04:15 GMT", "Wed, 02 Jan 2030 01:04:05 GMT", 10 * time.Second, true},
		"clock ahead, past": {"Wed, 02 Jan 2030 03:04:15 GMT", "Wed, 02 Jan 2030 05:04:05 GMT", 0, false},
		"no date at all":    {"Wed, 02 Jan 2030 03:04:15 GMT", "today", 10 * time.Second, true},
	}
	for name, test := range tests {
		header := http.Header{"Retry-After": {test.header}, "Date": {test.date}}
		got, ok := retryAfter(header, now)
		if ok != test.ok || ok && got != test.want {
			t.Errorf("%s: retryAfter(%v) = %s, %t; want %s, %t", name, header, got, ok, test.want, test.ok)
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
	asked := &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"3"}}}
	if got := backoff(retryWaitMin, retryWaitMax, 0, asked); got != 3*time.Second {
		t.Errorf("Retry-After: 3 pauses %s", got)
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0).UTC()
	tests := map[string]struct {
		limit, remaining, reset, date string
		want                          quota
		ok                            bool
	}{
		"none":               {},
		"seconds":            {"100", "7", "30", "", quota{100, 7, 30 * time.Second}, true},
		"now":                {"100", "0", "0", "", quota{100, 0, time.Second}, true},
		"a day":              {"100", "0", "86400", "", quota{100, 0, retryAfterMax}, true},
		"Unix time":          {"100", "7", "1800000030", "", quota{100, 7, 30 * time.Second}, true},
		"Unix time, by date": {"100", "7", "1800003630", now.Add(time.Hour).Format(http.TimeFormat), quota{100, 7, 30 * time.Second}, true},
		"in the past":        {"100", "0", "1700000000", "", quota{100, 0, time.Second}, true},
		"milliseconds":       {limit: "100", remaining: "7", reset: "1800000030000"},
		"a word":             {limit: "100", remaining: "many", reset: "30"},
		"no reset":           {limit: "100", remaining: "7"},
		"negative":           {limit: "100", remaining: "-1", reset: "30"},
	}
	for name, test := range tests {
		header := http.Header{"X-Ratelimit-Limit": {test.limit}, "X-Ratelimit-Remaining": {test.remaining}, "X-Ratelimit-Reset": {test.reset}, "Date": {test.date}}
		if got, ok := rateLimit(header, now); ok != test.ok || got != test.want {
			t.Errorf("%s: rateLimit(%v) = %+v, %t; want %+v, %t", name, header, got, ok, test.want, test.ok)
		}
	}
}
