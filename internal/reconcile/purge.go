package reconcile

import (
	"context"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// DeleteEntries deletes entries for an action, not for an object that lets them go.
// A creation of one of them later in the run finds its key free.
func (r *Run) DeleteEntries(ctx context.Context, bucket string, keys []string) quiva.BatchResult {
	unlock, err := r.lock(ctx, bucket, keys)
	if err != nil {
		return quiva.BatchResult{Failed: map[string]error{keys[0]: err}, Untried: keys[1:]}
	}
	defer unlock()
	requests := r.client.DeleteEntries(ctx, bucket, keys)
	r.setDeleted(bucket, requests.Done)
	return requests
}

// PurgeBucket deletes all entries of a bucket in one request. Of these, keys are
// those that are known.
func (r *Run) PurgeBucket(ctx context.Context, bucket string, keys []string) error {
	unlock, err := r.lock(ctx, bucket, keys)
	if err != nil {
		return err
	}
	defer unlock()
	if err := r.client.PurgeBucket(ctx, bucket); err != nil {
		return err
	}
	r.setDeleted(bucket, keys)
	return nil
}
