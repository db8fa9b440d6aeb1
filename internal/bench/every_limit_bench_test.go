package bench_test

import (
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// requestsPerEntry are the check and the write of a creation.
const requestsPerEntry = 2

// BenchmarkEveryLimit is an apply of ten seconds' worth of requests under each
// kind of limit that gateways have. It may last 1.4 times as long as the limit
// requires, or 4 times where the limit is one of requests at a time, and two pauses
// and a second more: of-bound is how much of that it uses.
func BenchmarkEveryLimit(b *testing.B) {
	const oneSecond, twoSeconds = "1", "2"
	for _, row := range []struct {
		name     string
		limit    mockgateway.Limit
		rate     float64       // requests per second; 0: as many as without the limit
		pause    time.Duration // after a 429
		resource resource
	}{
		{"token bucket, 50 a second, burst 5", mockgateway.TokenBucket{Rate: 50, Burst: 5, RetryAfter: oneSecond}, 50, time.Second, quivaEntries},
		{"token bucket, 50 a second, burst 50", mockgateway.TokenBucket{Rate: 50, Burst: 50, RetryAfter: oneSecond}, 50, time.Second, quivaEntries},
		{"token bucket, 20 a second, burst 1", mockgateway.TokenBucket{Rate: 20, Burst: 1, RetryAfter: oneSecond}, 20, time.Second, quivaEntries},
		{"token bucket, 200 a second, no Retry-After", mockgateway.TokenBucket{Rate: 200, Burst: 20}, 200, time.Second, quivaEntries},
		{"token bucket, 100 a second, Retry-After 2", mockgateway.TokenBucket{Rate: 100, Burst: 10, RetryAfter: twoSeconds}, 100, 2 * time.Second, quivaEntries},
		{"fixed window, 50 a second", mockgateway.FixedWindow{Requests: 50, Window: time.Second, RetryAfter: oneSecond}, 50, time.Second, quivaEntries},
		{"fixed window, 100 a second, single entries", mockgateway.FixedWindow{Requests: 100, Window: time.Second, RetryAfter: oneSecond}, 100, time.Second, quivaEntry},
		{"sliding window, 50 a second", mockgateway.SlidingWindow{Requests: 50, Window: time.Second, RetryAfter: oneSecond}, 50, time.Second, quivaEntries},
		{"weighted window, 50 a second", mockgateway.WeightedWindow{Requests: 50, Window: time.Second, RetryAfter: oneSecond}, 50, time.Second, quivaEntries},
		{"4 at a time", mockgateway.Concurrency{Requests: 4, RetryAfter: oneSecond}, 0, time.Second, quivaEntry},
	} {
		b.Run("limit="+row.name, func(b *testing.B) {
			entries, bound := int(row.rate*10/requestsPerEntry), 1.4
			if row.rate == 0 {
				entries, bound = 200, 4
			}
			w := newWorkspace(b, configuration{resource: row.resource, values: small, entries: entries})
			apply := []string{"apply", "-auto-approve", "-parallelism=20"}
			needed := float64(requestsPerEntry * entries)
			ideal := needed / row.rate
			if row.rate == 0 {
				w.gateway.SetLatency(latency) // else there are hardly two at a time
				start := time.Now()
				w.run(b, apply...)
				ideal = time.Since(start).Seconds()
			}
			w.measure(b, func() { w.empty(b); w.gateway.SetLimit(row.limit) }, apply...)
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/(bound*ideal+2*row.pause.Seconds()+1), "of-bound")
			b.ReportMetric(ideal, "ideal-sec")
			b.ReportMetric(float64(w.gateway.Refused()), "refused/op")
			b.ReportMetric(float64(w.gateway.Count("", ""))/needed, "requests/needed")
		})
	}
}
