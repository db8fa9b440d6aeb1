package main

import "context"

// manyEntries is the life of one resource in place of a thousand.
var manyEntries = scenario{
	name:  "many-entries",
	title: titled("One `quiva_kv_entries` of %s entries, no latency", many),
	needs: kvEntries,
	run: func(ctx context.Context, b *bench) ([]metric, error) {
		gateway := newGateway()
		defer gateway.Close()
		quiva, err := b.newWorkspace(kvEntries, b.size.many, gateway)
		if err != nil {
			return nil, err
		}
		singleGateway := newGateway()
		defer singleGateway.Close()
		single, err := b.newWorkspace(kvEntry, b.size.many, singleGateway)
		if err != nil {
			return nil, err
		}

		// Once is enough for these: the limit is far from 1.
		singleApplied, err := single.apply(ctx)
		if err != nil {
			return nil, err
		}
		singlePlanned, err := single.plan(ctx)
		if err != nil {
			return nil, err
		}
		spent, err := inTurn(b.size.rounds,
			func() (cost, error) { return quiva.applyAnew(ctx) },
			func() (cost, error) { return quiva.plan(ctx) })
		if err != nil {
			return nil, err
		}
		applied, planned := spent[0], spent[1]
		const changes = 10
		if err := writeEntries(quiva.dir, kvEntries.values, b.size.many, changes); err != nil {
			return nil, err
		}
		changed, err := quiva.apply(ctx)
		if err != nil {
			return nil, err
		}
		destroyed, err := quiva.destroy(ctx)
		if err != nil {
			return nil, err
		}

		singles := count(float64(b.size.many)) + " " + kvEntry.resource
		return []metric{
			{name: "apply, wall", unit: seconds, measured: applied.wall, reference: singleApplied.wall, referenceName: singles, limit: 0.2},
			{name: "apply, requests", unit: count, measured: applied.requests},
			{name: "apply, connections", unit: count, measured: applied.connections},
			{name: "no-op plan, wall", unit: seconds, measured: planned.wall, reference: singlePlanned.wall, referenceName: singles},
			{name: "no-op plan, requests", unit: count, measured: planned.requests, limit: 5},
			{name: "change 10, PUTs", unit: count, measured: changed.puts, limit: changes, exactly: true},
			{name: "change 10, requests", unit: count, measured: changed.requests},
			{name: "change 10, wall", unit: seconds, measured: changed.wall},
			{name: "destroy, requests", unit: count, measured: destroyed.requests},
			{name: "destroy, wall", unit: seconds, measured: destroyed.wall},
		}, nil
	},
}
