package reconcile

import (
	"context"
	"time"
)

const (
	// quiet is how long no entry is read or planned once Terraform has planned
	// all that it plans at the same time.
	quiet = 100 * time.Millisecond
	// quietLimit is how long all deletions of a plan wait for that.
	quietLimit = time.Second
)

// Reading notes that an object is being read until the returned function is
// called.
func (r *Run) Reading() (done func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reading++
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.reading--
		r.lastPlanned = time.Now()
	}
}

// PlanCreation notes that entries are planned to be created, or added to an
// object.
func (r *Run) PlanCreation(bucket string, keys []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastPlanned = time.Now()
	for _, key := range keys {
		r.at(bucket, key).planned = true
	}
}

// PlannedCreations returns those of the keys whose creation is planned too. An
// object that is planned to be deleted hands them over: see [Change.Successors].
// Creations may be planned after the deletion, so it waits, a second at most in
// the whole run, until nothing more is planned.
func (r *Run) PlannedCreations(ctx context.Context, bucket string, keys []string) []string {
	r.awaitQuiet(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	var planned []string
	for _, key := range keys {
		if r.at(bucket, key).planned {
			planned = append(planned, key)
		}
	}
	return planned
}

func (r *Run) awaitQuiet(ctx context.Context) {
	for {
		r.mu.Lock()
		now := time.Now()
		if r.quietBy.IsZero() {
			r.quietBy = now.Add(quietLimit)
			r.lastPlanned = now
		}
		left := time.Until(r.lastPlanned.Add(quiet))
		if r.reading > 0 {
			left = quiet
		}
		left = min(left, time.Until(r.quietBy))
		r.mu.Unlock()
		if left <= 0 || ctx.Err() != nil {
			return
		}
		select {
		case <-time.After(left):
		case <-ctx.Done():
		}
	}
}

// PlanBucketDeletion notes that a bucket is planned to be deleted or replaced.
func (r *Run) PlanBucketDeletion(bucket string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaving[bucket] = true
}

// IsBucketLeaving reports whether a bucket is planned to be deleted or replaced.
// Entries cannot stay in it for another object.
func (r *Run) IsBucketLeaving(bucket string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.leaving[bucket]
}

// ReadBy notes that an object of the state holds entries, and returns those that
// an object has been seen to hold before. Two objects hold one entry after an
// apply that was cut off between handing the entry over and letting it go; the
// second one is to leave it to the first.
func (r *Run) ReadBy(bucket string, keys []string) (heldBefore []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range keys {
		e := r.at(bucket, key)
		if e.read {
			heldBefore = append(heldBefore, key)
		}
		e.read = true
	}
	return heldBefore
}
