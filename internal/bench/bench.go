package main

import (
	"context"
	"fmt"
	"os"
)

// bench is what the scenarios measure with.
type bench struct {
	terraform *terraform
	dir       string // for workspaces
	size      size
	resources map[string]bool // what the provider has
	growth    []*growthPoint
}

// size is how much is measured.
type size struct {
	some, many, most int // entries
	rounds           int // of runs that take turns
	planRounds       int // the same for plans whose times are close to each other
	limitedSeconds   int // of requests, under a limit
	// singleSeries and bulkSeries are the numbers of entries at which growth is
	// measured: of quiva_kv_entry and of quiva_kv_entries.
	singleSeries, bulkSeries []int
}

var (
	fullSize = size{
		some: 300, many: 1000, most: 10000, rounds: 3, planRounds: 7, limitedSeconds: 10,
		singleSeries: []int{100, 300, 1000},
		bulkSeries:   []int{100, 1000, 3000, 10000},
	}
	// quickSize only shows that the bench works.
	quickSize = size{
		some: 30, many: 60, most: 300, rounds: 1, planRounds: 1, limitedSeconds: 2,
		singleSeries: []int{10, 60},
		bulkSeries:   []int{10, 60, 300},
	}
)

// newWorkspace makes a workspace of so many entries, whose state is a local file.
// The gateway is nil for what needs none.
func (b *bench) newWorkspace(declared configuration, entries int, gateway *gateway) (*workspace, error) {
	dir, err := os.MkdirTemp(b.dir, declared.resource+"-")
	if err != nil {
		return nil, err
	}
	w := &workspace{terraform: b.terraform, dir: dir, gateway: gateway}
	return w, w.declare(declared, entries)
}

// newRemoteWorkspace makes the same with its state on a server.
func (b *bench) newRemoteWorkspace(ctx context.Context, declared configuration, entries int, gateway *gateway, states *stateServer) (*workspace, error) {
	dir, err := os.MkdirTemp(b.dir, declared.resource+"-")
	if err != nil {
		return nil, err
	}
	w := &workspace{terraform: b.terraform, dir: dir, gateway: gateway, states: states}
	if err := w.initBackend(ctx); err != nil {
		return nil, err
	}
	return w, w.declare(declared, entries)
}

// newApplied makes a workspace and applies it, quickly.
func (b *bench) newApplied(ctx context.Context, declared configuration, entries int, gateway *gateway) (*workspace, error) {
	w, err := b.newWorkspace(declared, entries, gateway)
	if err != nil {
		return nil, err
	}
	_, err = w.apply(ctx)
	return w, err
}

// scenario is a job for Terraform, with the limits that its metrics must keep.
type scenario struct {
	name  string // for -only
	title func(size) string
	needs configuration
	// run returns the metrics measured, also where it fails half-way.
	run func(context.Context, *bench) ([]metric, error)
}

var scenarios = []scenario{noOpPlan, planWithoutList, applyFarAway, applyRateLimited, everyLimit, processorTime, stateBackends, manyEntries, mostEntries, largerValues, growth}

// titled makes a title from numbers of entries.
func titled(format string, numbers ...func(size) int) func(size) string {
	return func(s size) string {
		var words []any
		for _, number := range numbers {
			words = append(words, count(float64(number(s))))
		}
		return fmt.Sprintf(format, words...)
	}
}

func some(s size) int { return s.some }
func many(s size) int { return s.many }
func most(s size) int { return s.most }
