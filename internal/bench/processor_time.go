package main

import "context"

// processorTime is what Terraform and the provider compute where the network
// costs nothing.
var processorTime = scenario{
	name:  "processor-time",
	title: titled("CPU time of Terraform and the provider, %s `quiva_kv_entry`, no latency", some),
	needs: kvEntry,
	run: func(ctx context.Context, b *bench) ([]metric, error) {
		gateway := newGateway()
		defer gateway.Close()
		quiva, err := b.newWorkspace(kvEntry, b.size.some, gateway)
		if err != nil {
			return nil, err
		}
		silent, err := b.newWorkspace(silentEntry, b.size.some, nil)
		if err != nil {
			return nil, err
		}
		data, err := b.newWorkspace(terraformData, b.size.some, nil)
		if err != nil {
			return nil, err
		}

		var metrics []metric
		for _, job := range []struct {
			name  string
			run   func(*workspace, context.Context) (cost, error)
			limit float64
		}{
			{"apply", (*workspace).applyAnew, 1.5},
			{"no-op plan", (*workspace).plan, 1.2},
		} {
			spent, err := inTurn(b.size.rounds,
				func() (cost, error) { return job.run(quiva, ctx) },
				func() (cost, error) { return job.run(silent, ctx) },
				func() (cost, error) { return job.run(data, ctx) })
			if err != nil {
				return metrics, err
			}
			metrics = append(metrics,
				metric{name: "CPU, " + job.name, unit: seconds, measured: spent[0].cpu, reference: spent[1].cpu, referenceName: silentEntry.resource, limit: job.limit},
				metric{name: "CPU, " + job.name, unit: seconds, measured: spent[0].cpu, reference: spent[2].cpu, referenceName: terraformData.resource})
		}
		return metrics, nil
	},
}
