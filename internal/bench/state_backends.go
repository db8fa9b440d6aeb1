package main

import "context"

// stateBackends tells what the provider costs at an apply from what the state
// file costs: Terraform writes a local one again for every instance, and a remote
// one a few times in all.
var stateBackends = scenario{
	name:  "state-backends",
	title: titled("CPU time of an apply, %s `quiva_kv_entry` of six properties, no latency, by where the state is", many),
	needs: kvEntry,
	run: func(ctx context.Context, b *bench) ([]metric, error) {
		gateway := newGateway()
		defer gateway.Close()
		states := newStateServer()
		defer states.Close()

		declared := kvEntry.withLargeValues()
		floor := silentEntry.withLargeValues()
		remote, err := b.newRemoteWorkspace(ctx, declared, b.size.many, gateway, states)
		if err != nil {
			return nil, err
		}
		silentRemote, err := b.newRemoteWorkspace(ctx, floor, b.size.many, nil, states)
		if err != nil {
			return nil, err
		}
		local, err := b.newWorkspace(declared, b.size.many, gateway)
		if err != nil {
			return nil, err
		}
		silentLocal, err := b.newWorkspace(floor, b.size.many, nil)
		if err != nil {
			return nil, err
		}
		spent, err := inTurn(b.size.rounds,
			func() (cost, error) { return remote.applyAnew(ctx) },
			func() (cost, error) { return silentRemote.applyAnew(ctx) },
			func() (cost, error) { return local.applyAnew(ctx) },
			func() (cost, error) { return silentLocal.applyAnew(ctx) })
		if err != nil {
			return nil, err
		}
		size, silentSize := float64(len(states.state(remote.statePath()))), float64(len(states.state(silentRemote.statePath())))
		entries := float64(b.size.many)
		return []metric{
			{name: "remote backend", unit: seconds, measured: spent[0].cpu, reference: spent[1].cpu, referenceName: silentEntry.resource, limit: 1.15},
			{name: "local file", unit: seconds, measured: spent[2].cpu, reference: spent[3].cpu, referenceName: silentEntry.resource},
			{name: "what the local file adds", unit: seconds, measured: spent[2].cpu - spent[0].cpu, reference: spent[2].cpu, referenceName: "all with a local file"},
			{name: "bytes of state for each entry", unit: count, measured: size / entries, reference: silentSize / entries, referenceName: silentEntry.resource},
		}, nil
	},
}
