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

// Successors returns those of the keys of an object that is planned to be deleted
// which another object has, or is planned to have: see [Change.Successors]. They
// may be planned and read after the deletion, so it waits, a second at most in the
// whole run, until nothing more is.
func (r *Run) Successors(ctx context.Context, bucket string, keys []string) []string {
	r.mu.Lock()
	for _, key := range keys {
		r.at(bucket, key).leaving = true
	}
	r.mu.Unlock()
	r.awaitQuiet(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	// If all keys were read in one object, that is this one, or this one leaves
	// the state once it is read. Terraform before 1.12 plans first and reads then.
	readers := map[*object]bool{}
	for _, key := range keys {
		readers[r.at(bucket, key).reader] = true
	}
	var successors []string
	for _, key := range keys {
		if e := r.at(bucket, key); e.planned || e.reader != nil && len(readers) > 1 {
			successors = append(successors, key)
		}
	}
	return successors
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
	reader := &object{}
	for _, key := range keys {
		e := r.at(bucket, key)
		if e.reader != nil {
			heldBefore = append(heldBefore, key)
		} else {
			e.reader = reader
		}
	}
	return heldBefore
}
