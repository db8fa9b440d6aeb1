package reconcile

import (
	"context"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// DeleteEntries deletes entries for an action, not for an object that lets them go.
// An object that has one of them, and comes later in the run, writes it again.
func (a *Apply) DeleteEntries(ctx context.Context, bucket string, keys []string) quiva.BatchResult {
	unlock, err := a.lock(ctx, bucket, keys)
	if err != nil {
		return quiva.BatchResult{Failed: map[string]error{keys[0]: err}, Untried: keys[1:]}
	}
	defer unlock()
	requests := a.client.DeleteEntries(ctx, bucket, keys)
	a.setDeleted(bucket, requests.Done)
	return requests
}

// PurgeBucket deletes all entries of a bucket in one request. Of these, keys are
// those that are known.
func (a *Apply) PurgeBucket(ctx context.Context, bucket string, keys []string) error {
	unlock, err := a.lock(ctx, bucket, keys)
	if err != nil {
		return err
	}
	defer unlock()
	if err := a.client.PurgeBucket(ctx, bucket); err != nil {
		return err
	}
	a.setDeleted(bucket, keys)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.purged[bucket] = true
	for name, e := range a.entries {
		if name.bucket == bucket && !e.isLocked {
			e.claim = deleted
		}
	}
	return nil
}
