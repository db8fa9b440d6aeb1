package main

import (
	"context"
	"fmt"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// How close a run comes to a limit: so many times as long as the limit needs,
// and two pauses, with so many times as many requests as are needed.
const (
	limitedWall     = 1.4
	limitedPauses   = 2
	limitedRequests = 1.08
)

// limited is a limit of requests per second.
type limited struct {
	name  string
	limit mockgateway.Limit
	rate  int           // requests per second
	pause time.Duration // after a 429
}

var (
	oneSecond  = mockgateway.RetryAfter{Form: mockgateway.Seconds, Pause: time.Second}
	twoSeconds = mockgateway.RetryAfter{Form: mockgateway.Seconds, Pause: 2 * time.Second}
)

var everyRate = []limited{
	{"token bucket, 50/s, burst 5, Retry-After: 1", mockgateway.TokenBucket{Rate: 50, Burst: 5, RetryAfter: oneSecond}, 50, time.Second},
	{"token bucket, 50/s, burst 50, Retry-After: 1", mockgateway.TokenBucket{Rate: 50, Burst: 50, RetryAfter: oneSecond}, 50, time.Second},
	{"token bucket, 20/s, burst 1, Retry-After: 1", mockgateway.TokenBucket{Rate: 20, Burst: 1, RetryAfter: oneSecond}, 20, time.Second},
	{"token bucket, 200/s, burst 20, no Retry-After", mockgateway.TokenBucket{Rate: 200, Burst: 20}, 200, time.Second},
	{"token bucket, 100/s, burst 10, Retry-After: 2", mockgateway.TokenBucket{Rate: 100, Burst: 10, RetryAfter: twoSeconds}, 100, 2 * time.Second},
	{"fixed window, 50/s, Retry-After: 1", mockgateway.FixedWindow{Requests: 50, Window: time.Second, RetryAfter: oneSecond}, 50, time.Second},
	{"sliding window, 50/s, Retry-After: 1", mockgateway.SlidingWindow{Requests: 50, Window: time.Second, RetryAfter: oneSecond}, 50, time.Second},
}

// everyLimit is an apply under each kind of limit that gateways have.
var everyLimit = scenario{
	name:  "every-limit",
	title: func(size) string { return "Apply under each kind of limit, 10 s of requests, no latency" },
	needs: kvEntries,
	run: func(ctx context.Context, b *bench) ([]metric, error) {
		var metrics []metric
		for _, row := range everyRate {
			measured, err := b.applyLimited(ctx, row)
			if err != nil {
				return metrics, fmt.Errorf("%s: %w", row.name, err)
			}
			metrics = append(metrics, measured...)
		}
		measured, err := b.applyFewAtATime(ctx)
		return append(metrics, measured...), err
	},
}

// applyLimited applies one quiva_kv_entries.
func (b *bench) applyLimited(ctx context.Context, row limited) ([]metric, error) {
	gateway := newGateway()
	defer gateway.Close()
	needed := row.rate * b.size.limitedSeconds
	w, err := b.newWorkspace(kvEntries, needed/requestsPerCreate, gateway)
	if err != nil {
		return nil, err
	}
	gateway.SetLimit(row.limit)
	spent, err := w.applyAnew(ctx)
	if err != nil {
		return nil, err
	}
	return limitedMetrics(row.name, spent, gateway, float64(needed), float64(b.size.limitedSeconds), row.pause), nil
}

// applyFewAtATime applies single entries where four requests are allowed at a
// time, which is no less than Terraform keeps busy.
func (b *bench) applyFewAtATime(ctx context.Context) ([]metric, error) {
	const (
		entries     = 200
		parallelism = 20
		atATime     = 4
	)
	gateway := newGateway()
	defer gateway.Close()
	w, err := b.newWorkspace(kvEntry, entries, gateway)
	if err != nil {
		return nil, err
	}
	w.parallelism = parallelism
	free, err := w.applyAnew(ctx)
	if err != nil {
		return nil, err
	}
	gateway.SetLimit(mockgateway.Concurrency{Requests: atATime, RetryAfter: oneSecond})
	spent, err := w.applyAnew(ctx)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%d at a time, %d `quiva_kv_entry`, parallelism %d, Retry-After: 1", atATime, entries, parallelism)
	return limitedMetrics(name, spent, gateway, free.requests, free.wall, time.Second), nil
}

func limitedMetrics(name string, spent cost, gateway *gateway, needed, ideal float64, pause time.Duration) []metric {
	return []metric{
		{
			name: name + ": wall", unit: seconds, measured: spent.wall,
			reference: ideal, referenceName: "ideal",
			limit: limitedWall + limitedPauses*pause.Seconds()/ideal,
		},
		{name: "refused", unit: count, measured: float64(gateway.Refused())},
		{name: "requests", unit: count, measured: spent.requests, reference: needed, referenceName: "needed", limit: limitedRequests},
	}
}
