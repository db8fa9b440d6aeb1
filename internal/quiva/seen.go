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

// PutSeenEntries is [Client.PutEntries] for entries that hold what the caller has
// seen, or that are gone. Others fail with a [*ChangedError], and those that hold
// their new value already are done.
func (c *Client) PutSeenEntries(ctx context.Context, bucket string, values map[string]json.RawMessage, seen func(key string) Seen) BatchResult {
	return batch(ctx, slices.Sorted(maps.Keys(values)), func(key string) error {
		if held, err := c.checkSeen(ctx, bucket, key, seen(key), values[key]); err != nil || held == holdsWanted {
			return err
		}
		return c.PutEntry(ctx, bucket, key, values[key])
	})
}

// DeleteSeenEntries is [Client.DeleteEntries] for entries that hold what the caller
// has seen. Others fail with a [*ChangedError].
func (c *Client) DeleteSeenEntries(ctx context.Context, bucket string, keys []string, seen func(key string) Seen) BatchResult {
	return batch(ctx, keys, func(key string) error {
		held, err := c.checkSeen(ctx, bucket, key, seen(key), nil)
		if err == nil && held != holdsNothing {
			err = c.DeleteEntry(ctx, bucket, key)
		}
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	})
}

// held is what an entry was found to hold.
type held int

const (
	holdsSeen held = iota
	holdsWanted
	holdsNothing
)

// checkSeen reads an entry, out of its bucket's list if more than a dozen were asked
// for, and fails with a [*ChangedError] if it holds neither of two values.
func (c *Client) checkSeen(ctx context.Context, bucket, key string, seen Seen, wanted json.RawMessage) (held, error) {
	if seen.Any && wanted != nil {
		return holdsSeen, nil
	}
	compare := func(digest Digest) (held, bool) {
		if seen.Any || seen.IsSeen != nil && seen.IsSeen(digest) {
			return holdsSeen, true
		}
		for i, value := range []json.RawMessage{seen.Value, wanted} {
			if own, err := c.config.Digest(value); value != nil && err == nil && own == digest {
				return held(i), true
			}
		}
		return 0, false
	}
	if digest, ok := c.listedDigest(ctx, bucket, key, seenAge); ok {
		if held, ok := compare(digest); ok {
			return held, nil
		}
	}
	entry, err := c.GetEntry(ctx, bucket, key)
	if errors.Is(err, ErrNotFound) {
		return holdsNothing, nil
	}
	if err != nil {
		return 0, err
	}
	if digest, err := c.config.Digest(entry.Value); err == nil || seen.Any {
		if held, ok := compare(digest); ok {
			return held, nil
		}
	}
	return 0, &ChangedError{entry.Value}
}
