package main

import (
	"context"
	"errors"
	"fmt"
)

// growthPoint is what a number of entries costs.
type growthPoint struct {
	declared    configuration
	entries     int
	apply, plan cost
	err         error // of a run that failed, whose costs are unknown
}

// growthAt returns what so many entries cost, 10 ms from the gateway. It measures
// a point once only, whichever scenarios want it.
func (b *bench) growthAt(ctx context.Context, declared configuration, entries int) (*growthPoint, error) {
	for _, point := range b.growth {
		if point.declared == declared && point.entries == entries {
			return point, point.err
		}
	}
	point := &growthPoint{declared: declared, entries: entries}
	point.apply, point.plan, point.err = b.measureGrowth(ctx, declared, entries)
	b.growth = append(b.growth, point)
	return point, point.err
}

func (b *bench) measureGrowth(ctx context.Context, declared configuration, entries int) (apply, plan cost, err error) {
	gateway := newGateway()
	defer gateway.Close()
	gateway.SetLatency(nearLatency)
	w, err := b.newWorkspace(declared, entries, gateway)
	if err != nil {
		return apply, plan, err
	}
	w.watchesMemory = true

	rounds := 1 // a long run varies little
	if declared == kvEntries && entries <= b.size.many {
		rounds = b.size.rounds
	}
	spent, err := inTurn(rounds,
		func() (cost, error) { return w.applyAnew(ctx) },
		func() (cost, error) { return w.plan(ctx) })
	if err != nil {
		return apply, plan, fmt.Errorf("%d %s: %w", entries, declared.resource, err)
	}
	return spent[0], spent[1], nil
}

// growth is how the time grows with the entries. It holds nothing.
var growth = scenario{
	name:  "growth",
	title: titled("Time by the number of entries, 10 ms latency"),
	needs: kvEntry,
	run: func(ctx context.Context, b *bench) ([]metric, error) {
		var metrics []metric
		var failures error
		for _, series := range []struct {
			declared configuration
			entries  []int
		}{
			{kvEntry, b.size.singleSeries},
			{kvEntries, b.size.bulkSeries},
		} {
			if !b.resources[series.declared.resource] {
				continue
			}
			for _, entries := range series.entries {
				point, err := b.growthAt(ctx, series.declared, entries)
				if err != nil {
					failures = errors.Join(failures, err)
					continue
				}
				name := fmt.Sprintf("%s `%s`", count(float64(entries)), point.declared.resource)
				metrics = append(metrics,
					metric{name: name + ", apply", unit: seconds, measured: point.apply.wall},
					metric{name: name + ", no-op plan", unit: seconds, measured: point.plan.wall})
			}
		}
		return metrics, failures
	},
}
