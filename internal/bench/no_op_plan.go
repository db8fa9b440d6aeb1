package main

import (
	"context"
	"time"
)

// planLimit is how many times as long as with a provider that sends nothing a
// plan may take.
const planLimit = 1.1

// noOpPlan is what a team waits for most often: everything refreshed, nothing to
// do.
var noOpPlan = scenario{
	name:  "no-op-plan",
	title: titled("No-op plan, %s `quiva_kv_entry` in one bucket", many),
	needs: kvEntry,
	run: func(ctx context.Context, b *bench) ([]metric, error) {
		gateway := newGateway()
		defer gateway.Close()
		quiva, err := b.newApplied(ctx, kvEntry, b.size.many, gateway)
		if err != nil {
			return nil, err
		}
		silent, err := b.newApplied(ctx, silentEntry, b.size.many, nil)
		if err != nil {
			return nil, err
		}
		data, err := b.newApplied(ctx, terraformData, b.size.many, nil)
		if err != nil {
			return nil, err
		}

		var metrics []metric
		for _, latency := range []time.Duration{noLatency, farLatency} {
			gateway.SetLatency(latency)
			turns := []turn{
				func() (cost, error) { return quiva.plan(ctx) },
				func() (cost, error) { return silent.plan(ctx) },
			}
			if latency == noLatency { // it would be the same at any other
				turns = append(turns, func() (cost, error) { return data.plan(ctx) })
			}
			spent, err := inTurn(b.size.planRounds, turns...)
			if err != nil {
				return metrics, err
			}
			at := ", " + latencyName(latency)
			metrics = append(metrics,
				metric{name: "requests" + at, unit: count, measured: spent[0].requests, limit: 20},
				metric{name: "wall" + at, unit: seconds, measured: spent[0].wall, reference: spent[1].wall, referenceName: silentEntry.resource, limit: planLimit})
			if len(spent) > 2 {
				metrics = append(metrics, metric{name: "wall" + at, unit: seconds, measured: spent[0].wall, reference: spent[2].wall, referenceName: terraformData.resource})
			}
		}
		return metrics, nil
	},
}
