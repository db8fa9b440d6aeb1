package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// planWithoutList is a refresh where the bucket cannot be listed, which must not
// be less correct: one entry has been changed elsewhere, and the plan has to
// find that one.
var planWithoutList = scenario{
	name:  "plan-without-list",
	title: titled("Plan that finds 1 drifted entry, %s `quiva_kv_entry`, 50 ms latency, no list of them", some),
	needs: kvEntry,
	run: func(ctx context.Context, b *bench) ([]metric, error) {
		gateway := newGateway()
		defer gateway.Close()
		quiva, err := b.newApplied(ctx, kvEntry, b.size.some, gateway)
		if err != nil {
			return nil, err
		}
		gateway.SetLatency(farLatency)
		gateway.PutEntry(bucket, entryKey(b.size.some/2), `{"changed":"elsewhere"}`)

		var metrics []metric
		for _, response := range []struct {
			status     int
			body, name string
		}{
			{http.StatusForbidden, `{"error":"forbidden"}`, "forbidden"},
			{http.StatusInternalServerError, `{"error":"internal_error"}`, "failing"},
		} {
			fault := gateway.Inject(mockgateway.Fault{
				Method: http.MethodGet,
				Path:   "*/entries",
				Effect: mockgateway.Respond(response.status, nil, response.body),
			})
			spent, err := quiva.planOneChange(ctx)
			fault.Clear()
			if err != nil {
				return metrics, fmt.Errorf("list %s: %w", response.name, err)
			}
			metrics = append(metrics,
				metric{name: fmt.Sprintf("requests, list %s (%d)", response.name, response.status), unit: count, measured: spent.requests, limit: float64(b.size.some + 20)},
				metric{name: fmt.Sprintf("wall, list %s (%d)", response.name, response.status), unit: seconds, measured: spent.wall})
		}
		return metrics, nil
	},
}
