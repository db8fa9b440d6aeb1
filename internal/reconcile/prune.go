package reconcile

import (
	"context"
	"maps"
	"slices"
	"time"
)

// AwaitUnheld is for an object that is being read. It returns those keys that no
// object has been seen to hold or to write, once no other one is being read:
// Terraform reads them in no particular order. If none are left it returns at once,
// since Terraform reads only some objects at a time, and this may keep it from
// reading the others.
func (r *Run) AwaitUnheld(ctx context.Context, bucket string, keys []string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	// Those that wait for each other would do so for ever.
	r.reading--
	defer func() { r.reading++ }()
	quietSince := time.Now()
	for ctx.Err() == nil && slices.ContainsFunc(keys, func(key string) bool { return !r.isAnyones(bucket, key) }) {
		if r.lastPlanned.After(quietSince) {
			quietSince = r.lastPlanned
		}
		if r.reading == 0 && time.Since(quietSince) >= quiet {
			break
		}
		r.mu.Unlock()
		select {
		case <-time.After(quiet / 10):
		case <-ctx.Done():
		}
		r.mu.Lock()
	}
	return r.unheld(bucket, keys)
}

// Unheld returns those keys that no object has been seen to hold or to write.
func (r *Run) Unheld(bucket string, keys []string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.unheld(bucket, keys)
}

func (r *Run) unheld(bucket string, keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return r.isAnyones(bucket, key) })
}

// isAnyones reports whether an object has been seen to hold an entry, to let it go
// or to write it. The caller holds r.mu.
func (r *Run) isAnyones(bucket, key string) bool {
	e := r.at(bucket, key)
	return e.isHeld() || e.leaving || e.claim != untouched
}

// isHeld reports whether an object has been seen to hold an entry, or some of its
// properties. The caller holds the run's mu.
func (e *entry) isHeld() bool {
	return e.reader != nil || e.plannedProperties.isIn || len(e.plannedProperties.read) > 0
}

// PlanPruning notes that entries are planned to be deleted because no object
// holds them. It returns those that an object has been seen to hold after all.
func (r *Run) PlanPruning(bucket string, keys []string) (held []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range keys {
		e := r.at(bucket, key)
		e.pruned = true
		if e.isHeld() {
			held = append(held, key)
		}
	}
	return held
}

// Pruned returns those of an object's keys that [Run.PlanPruning] planned to delete
// before it knew that an object holds them. It returns none for an object that is
// planned to be deleted, which Terraform before 1.12 reads after planning.
func (r *Run) Pruned(bucket string, keys []string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		e := r.at(bucket, key)
		return !e.pruned || e.leaving
	})
}

// prune deletes entries that no object holds, as far as they are what the plan
// saw.
func (c *change) prune(ctx context.Context) {
	if len(c.Prune) == 0 || c.outcome.Failure != nil {
		return
	}
	unlock, err := c.run.lock(ctx, c.Bucket, c.Prune)
	if err != nil {
		c.fail(Failure{Kind: Cancelled, Err: err})
		return
	}
	defer unlock()

	// What this run has done something to is some object's.
	keys := c.withClaim(c.Prune, func(claim claim) bool { return claim == untouched })
	present, requests := c.run.client.GetEntries(ctx, c.Bucket, keys)
	if err := requests.Err(); err != nil {
		c.fail(Failure{Kind: NotDeleted, Count: len(c.Prune), Requests: requests, Err: err})
		return
	}
	var asPlanned []string
	for _, key := range slices.Sorted(maps.Keys(present)) {
		if c.IsAsPlanned(present[key]) {
			asPlanned = append(asPlanned, key)
		} else {
			c.outcome.Kept = append(c.outcome.Kept, key)
		}
	}
	_, _, unwanted := c.release(asPlanned)
	c.delete(ctx, unwanted)
}
