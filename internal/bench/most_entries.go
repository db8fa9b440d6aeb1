package main

import "context"

// mostEntries is a resource that no list of the gateway can show as a whole.
var mostEntries = scenario{
	name:  "most-entries",
	title: titled("One `quiva_kv_entries` of %s entries, 10 ms latency", most),
	needs: kvEntries,
	run: func(ctx context.Context, b *bench) ([]metric, error) {
		most, err := b.growthAt(ctx, kvEntries, b.size.most)
		if err != nil {
			return nil, err
		}
		many, err := b.growthAt(ctx, kvEntries, b.size.many)
		if err != nil {
			return nil, err
		}
		manyName := count(float64(b.size.many)) + " entries"
		// Ten times the entries may take a fifth more than ten times as long.
		ratio := 1.2 * float64(b.size.most) / float64(b.size.many)
		return append(mostEntriesLimits(most),
			metric{name: "apply, wall", unit: seconds, measured: most.apply.wall, reference: many.apply.wall, referenceName: manyName, limit: ratio},
			metric{name: "apply, CPU", unit: seconds, measured: most.apply.cpu, reference: many.apply.cpu, referenceName: manyName, limit: ratio},
			metric{name: "apply, requests", unit: count, measured: most.apply.requests, reference: many.apply.requests, referenceName: manyName},
			metric{name: "no-op plan, wall", unit: seconds, measured: most.plan.wall, reference: many.plan.wall, referenceName: manyName, limit: ratio},
			metric{name: "no-op plan, CPU", unit: seconds, measured: most.plan.cpu, reference: many.plan.cpu, referenceName: manyName, limit: ratio},
			metric{name: "no-op plan, requests", unit: count, measured: most.plan.requests, reference: many.plan.requests, referenceName: manyName},
		), nil
	},
}

// mostEntriesLimits are the metrics that are held to something fixed.
func mostEntriesLimits(most *growthPoint) []metric {
	memory := metric{name: "provider's peak memory", unit: megabytes, measured: max(most.apply.memory, most.plan.memory), limit: 400e6}
	if memory.measured == 0 {
		memory.missing = "not measured: no Linux"
	}
	return []metric{
		{name: "apply, wall", unit: seconds, measured: most.apply.wall, limit: 30},
		{name: "no-op plan, wall", unit: seconds, measured: most.plan.wall, limit: 15},
		memory,
	}
}
