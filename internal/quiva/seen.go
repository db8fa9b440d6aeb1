package quiva

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"
)

// seenAge is how long a list stands for entries that are about to be written over
// or deleted: the gateway has no conditional write.
const seenAge = 5 * time.Second

// Seen is what a caller has seen of an entry.
type Seen struct {
	// Value is what the entry held, nil if that was not read. IsSeen, if set, says so
	// by the digest in its place. Any says that it does not matter: only before a
	// deletion is the entry read all the same.
	Value  json.RawMessage
	IsSeen func(Digest) bool
	Any    bool
}

// ChangedError means that an entry was neither written nor deleted, since it holds
// something that the caller has not seen.
type ChangedError struct{ Value json.RawMessage }

func (*ChangedError) Error() string { return "it changed" }

// PutSeenEntries is [Client.PutEntries] for entries that hold what the caller has seen, or that are
// gone. Others fail with a [*ChangedError], and those that hold their new value already are done.
func (c *Client) PutSeenEntries(ctx context.Context, bucket string, values map[string]json.RawMessage, seen func(key string) Seen) BatchResult {
	return batch(ctx, slices.Sorted(maps.Keys(values)), func(key string) error {
		if isDone, err := c.checkSeen(ctx, bucket, key, seen(key), values[key]); err != nil || isDone {
			return err
		}
		return c.PutEntry(ctx, bucket, key, values[key])
	})
}

// DeleteSeenEntries is [Client.DeleteEntries] for entries that hold what the caller has seen.
// Others fail with a [*ChangedError].
func (c *Client) DeleteSeenEntries(ctx context.Context, bucket string, keys []string, seen func(key string) Seen) BatchResult {
	return batch(ctx, keys, func(key string) error {
		if isDone, err := c.checkSeen(ctx, bucket, key, seen(key), nil); err != nil || isDone {
			return err
		}
		return unlessGone(c.DeleteEntry(ctx, bucket, key))
	})
}

// checkSeen reads an entry, out of its bucket's list if more than a dozen were asked for, and
// fails with a [*ChangedError] if it holds neither what was seen nor what is wanted: a value or,
// where that is nil, nothing. It reports whether the entry is as wanted already.
func (c *Client) checkSeen(ctx context.Context, bucket, key string, seen Seen, wanted json.RawMessage) (isDone bool, err error) {
	if seen.Any && wanted != nil {
		return false, nil
	}
	holds := func(digest Digest, value json.RawMessage) bool {
		own, err := c.config.Digest(value)
		return value != nil && err == nil && own == digest
	}
	compare := func(digest Digest) (isDone, ok bool) {
		if seen.Any || seen.IsSeen != nil && seen.IsSeen(digest) || holds(digest, seen.Value) {
			return false, true
		}
		isDone = holds(digest, wanted)
		return isDone, isDone
	}
	if digest, ok := c.listedDigest(ctx, bucket, key, seenAge); ok {
		if isDone, ok := compare(digest); ok {
			return isDone, nil
		}
	}
	entry, err := c.GetEntry(ctx, bucket, key)
	if err != nil {
		return wanted == nil && errors.Is(err, ErrNotFound), unlessGone(err)
	}
	if digest, err := c.config.Digest(entry.Value); err == nil || seen.Any {
		if isDone, ok := compare(digest); ok {
			return isDone, nil
		}
	}
	return false, &ChangedError{entry.Value}
}
