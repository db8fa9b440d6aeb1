package main

import (
	"context"
	"fmt"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// rateLimit is in requests per second.
const rateLimit = 100

// applyRateLimited is a first apply that wants more than the gateway allows.
var applyRateLimited = scenario{
	name:  "apply-rate-limited",
	title: titled("Apply, %s `quiva_kv_entry`, a gateway that allows 100 requests a second", many),
	needs: kvEntry,
	run: func(ctx context.Context, b *bench) ([]metric, error) {
		gateway := newGateway()
		defer gateway.Close()
		quiva, err := b.newWorkspace(kvEntry, b.size.many, gateway)
		if err != nil {
			return nil, err
		}
		silent, err := b.newWorkspace(silentEntry, b.size.many, nil)
		if err != nil {
			return nil, err
		}
		var metrics []metric
		for _, parallelism := range []int{terraformParallelism, 50} {
			quiva.parallelism, silent.parallelism = parallelism, parallelism
			floor, err := silent.applyAnew(ctx)
			if err != nil {
				return metrics, err
			}
			gateway.SetLimit(mockgateway.FixedWindow{Requests: rateLimit, Window: time.Second, RetryAfter: mockgateway.RetryAfter{Form: mockgateway.Seconds}})
			spent, err := quiva.applyAnew(ctx)
			if err != nil {
				return metrics, fmt.Errorf("parallelism %d: %w", parallelism, err)
			}

			needed := float64(requestsPerCreate * b.size.many)
			wall := metric{unit: seconds, measured: spent.wall, reference: needed / rateLimit, referenceName: "what the limit needs", limit: 1.25}
			if floor.wall > wall.reference {
				wall.reference, wall.referenceName = floor.wall, silentEntry.resource
			}
			at := fmt.Sprintf(", parallelism %d", parallelism)
			wall.name = "wall" + at
			metrics = append(metrics,
				metric{name: "requests" + at, unit: count, measured: spent.requests, reference: needed, referenceName: "needed", limit: 1.15},
				metric{name: "refused requests" + at, unit: count, measured: float64(gateway.Refused())},
				wall)
		}
		return metrics, nil
	},
}
