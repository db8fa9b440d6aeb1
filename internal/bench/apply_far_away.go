package main

import "context"

// terraformParallelism is how many resources Terraform works on by default.
const terraformParallelism = 10

// aHandful is how many connections net/http may open beyond one for each request
// at a time.
const aHandful = 10

// requestsPerCreate are a look at the key and the write.
const requestsPerCreate = 2

// applyFarAway is a first apply whose time is mostly the network's.
var applyFarAway = scenario{
	name:  "apply-far-away",
	title: titled("Apply, %s `quiva_kv_entry`, 50 ms latency, parallelism 10", some),
	needs: kvEntry,
	run: func(ctx context.Context, b *bench) ([]metric, error) {
		gateway := newGateway()
		defer gateway.Close()
		gateway.SetLatency(farLatency)
		quiva, err := b.newWorkspace(kvEntry, b.size.some, gateway)
		if err != nil {
			return nil, err
		}
		silent, err := b.newWorkspace(silentEntry, b.size.some, nil)
		if err != nil {
			return nil, err
		}
		quiva.parallelism, silent.parallelism = terraformParallelism, terraformParallelism
		spent, err := inTurn(b.size.rounds,
			func() (cost, error) { return quiva.applyAnew(ctx) },
			func() (cost, error) { return silent.applyAnew(ctx) })
		if err != nil {
			return nil, err
		}
		network := float64(requestsPerCreate*b.size.some) * farLatency.Seconds() / terraformParallelism
		return []metric{
			{name: "requests", unit: count, measured: spent[0].requests, reference: float64(requestsPerCreate * b.size.some), referenceName: "a check and a write each"},
			{name: "connections", unit: count, measured: spent[0].connections, limit: terraformParallelism + aHandful},
			{name: "wall", unit: seconds, measured: spent[0].wall, reference: spent[1].wall + network, referenceName: "silent_entry + " + seconds(network) + " of latency", limit: 1.1},
		}, nil
	},
}
