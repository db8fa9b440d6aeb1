package reconcile

import "context"

// DeleteAbandoned ends a run. It deletes the entries that were left in place for
// objects which replace those that had them, if these were never created because
// something else failed: Terraform has called the entries destroyed, and no state
// has them any more.
//
// It must not be called for a run that the user has stopped: the next apply adopts
// what is there. It reports no failure, since Terraform no longer listens.
func (r *Run) DeleteAbandoned(ctx context.Context) {
	for bucket, keys := range r.abandoned() {
		r.client.DeleteEntries(ctx, bucket, keys)
	}
}

// abandoned returns the keys to delete, by their buckets.
func (r *Run) abandoned() map[string][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	abandoned := map[string][]string{}
	for name, e := range r.entries {
		if e.claim == released && e.isReplaced {
			abandoned[name.bucket] = append(abandoned[name.bucket], name.key)
		}
	}
	return abandoned
}
