package main

import "context"

// largerValues holds the scenarios that are mostly Terraform's own work to the same
// limits, with larger values.
var largerValues = scenario{
	name:  "larger-values",
	title: titled("Larger values, with six properties and an object among them"),
	needs: kvEntries,
	run: func(ctx context.Context, b *bench) ([]metric, error) {
		gateway := newGateway()
		defer gateway.Close()
		quiva, err := b.newApplied(ctx, kvEntry.withLargeValues(), b.size.many, gateway)
		if err != nil {
			return nil, err
		}
		silent, err := b.newApplied(ctx, silentEntry.withLargeValues(), b.size.many, nil)
		if err != nil {
			return nil, err
		}
		planned, err := inTurn(b.size.planRounds,
			func() (cost, error) { return quiva.plan(ctx) },
			func() (cost, error) { return silent.plan(ctx) })
		if err != nil {
			return nil, err
		}
		metrics := []metric{
			{name: count(float64(b.size.many)) + " `" + kvEntry.resource + "`, no-op plan, wall, 0 ms", unit: seconds, measured: planned[0].wall, reference: planned[1].wall, referenceName: silentEntry.resource, limit: planLimit},
		}

		most, err := b.growthAt(ctx, kvEntries.withLargeValues(), b.size.most)
		if err != nil {
			return metrics, err
		}
		bulk := count(float64(b.size.most)) + " in a `" + kvEntries.resource + "`, 10 ms latency, "
		for _, metric := range mostEntriesLimits(most) {
			metric.name = bulk + metric.name
			metrics = append(metrics, metric)
		}
		return metrics, nil
	},
}
