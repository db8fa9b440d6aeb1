package quiva

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
)

// batchWidth is how many requests of one batch are sent at a time.
const batchWidth = 64

// BatchResult is the result of one call for each of many keys.
type BatchResult struct {
	// Done are the keys whose call succeeded.
	Done []string
	// Failed has the error of each call that did not.
	Failed map[string]error
	// Untried are the keys that were left out after a failure that would have met them too.
	Untried []string
}

// Err returns one of the errors, or nil if all is done. It prefers errors that are about more
// than their own key and that do not refer to another error; of those, it returns the first by
// key.
func (b BatchResult) Err() error {
	var first error
	for _, key := range slices.Sorted(maps.Keys(b.Failed)) {
		err := b.Failed[key]
		if !isKeyError(err) && !errors.Is(err, ErrStillUnreachable) {
			return err
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// And returns the results of two batches as one.
func (b BatchResult) And(other BatchResult) BatchResult {
	failed := maps.Clone(b.Failed)
	maps.Copy(failed, other.Failed)
	return BatchResult{slices.Concat(b.Done, other.Done), failed, slices.Concat(b.Untried, other.Untried)}
}

// isKeyError reports whether a call failed because of its own key or value.
func isKeyError(err error) bool {
	if failure, ok := errors.AsType[*Error](err); ok && failure.StatusCode == http.StatusBadRequest {
		return true
	}
	_, changed := errors.AsType[*ChangedError](err)
	return changed || errors.Is(err, ErrValueTooLarge) || errors.Is(err, ErrAmbiguousValue)
}

// PutEntries writes many entries as PutEntry does. The first, which tells what the gateway
// stores, goes alone, and is one whose key is free, if there is any.
func (c *Client) PutEntries(ctx context.Context, bucket string, values map[string]json.RawMessage) BatchResult {
	keys := slices.Sorted(maps.Keys(values))
	slices.SortStableFunc(keys, func(a, b string) int { return cmp.Compare(c.rank(bucket, a, values[a]), c.rank(bucket, b, values[b])) })
	put := func(key string) error { return c.PutEntry(ctx, bucket, key, values[key]) }
	n := min(1, len(keys))
	first := batch(ctx, keys[:n], put)
	if err := first.Err(); err != nil && !isKeyError(err) {
		first.Untried = append(first.Untried, keys[n:]...)
		return first
	}
	return first.And(batch(ctx, keys[n:], put))
}

// rank orders writes: a creation shows what the gateway stores without harm, and a value that
// names an old key could do harm.
func (c *Client) rank(bucket, key string, value json.RawMessage) int {
	switch {
	case namesOldKey(value):
		return 2
	case c.absences.state(bucket, key).isFree:
		return 0
	}
	return 1
}

// DeleteEntries deletes many entries. One that does not exist is done.
func (c *Client) DeleteEntries(ctx context.Context, bucket string, keys []string) BatchResult {
	return batch(ctx, keys, func(key string) error { return unlessGone(c.DeleteEntry(ctx, bucket, key)) })
}

// unlessGone returns the error of a call for an entry, but none if there is no such entry.
func unlessGone(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// GetEntries reads many entries, each with a request of its own. An entry that does not exist
// is done and not among those returned.
func (c *Client) GetEntries(ctx context.Context, bucket string, keys []string) (map[string]Entry, BatchResult) {
	var mu sync.Mutex
	entries := make(map[string]Entry, len(keys))
	return entries, batch(ctx, keys, func(key string) error {
		entry, err := c.GetEntry(ctx, bucket, key)
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			entries[key] = entry
		}
		return unlessGone(err)
	})
}

// batch makes a call for each key. A failure that is only about its own key keeps no other from
// being tried.
func batch(ctx context.Context, keys []string, call func(key string) error) BatchResult {
	var (
		mu      sync.Mutex
		next    int
		stopped bool
		outcome = BatchResult{Failed: map[string]error{}}
		workers sync.WaitGroup
	)
	work := func() {
		mu.Lock()
		defer mu.Unlock()
		for !stopped && next < len(keys) && ctx.Err() == nil {
			key := keys[next]
			next++
			mu.Unlock()
			err := call(key)
			mu.Lock()
			if err == nil {
				outcome.Done = append(outcome.Done, key)
				continue
			}
			outcome.Failed[key] = err
			stopped = stopped || !isKeyError(err)
		}
	}
	for range min(batchWidth, len(keys)) {
		workers.Go(work)
	}
	workers.Wait()
	outcome.Untried = keys[next:]
	if err := ctx.Err(); err != nil && len(outcome.Failed) == 0 && next < len(keys) {
		outcome.Failed[keys[next]] = err
		outcome.Untried = keys[next+1:]
	}
	return outcome
}
