package quiva

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// RefreshEntries reads many entries with as few requests as it can: out of the bucket's list,
// then out of searches by prefixes of the keys, and one by one what is left. What a list or
// search says of an entry is only taken if the caller, which is asked by one goroutine at a
// time, says that it is no change; a list may be older than the entry. What is unchanged is
// returned without its value, which the caller has. An entry that does not exist is done and
// not among those returned.
func (c *Client) RefreshEntries(ctx context.Context, bucket string, keys []string, unchanged func(Entry) bool) (map[string]Entry, BatchResult) {
	r := &refresh{client: c, bucket: bucket, unchanged: unchanged, left: map[string]bool{}, entries: make(map[string]Entry, len(keys))}
	for _, key := range keys {
		r.left[key] = true
	}
	if c.config.BulkRefresh && len(keys) > bulkThreshold {
		// What a list does not show is looked for by the longest prefixes under which a search
		// can show all keys, and is otherwise read one by one.
		if r.read(ctx, listOf(bucket, MaxListLimit)) == nil {
			batch(ctx, searchPrefixes(slices.Sorted(maps.Keys(r.left)), 0), func(prefix string) error {
				return r.read(ctx, searchOf(bucket, prefix+"*", MaxListLimit))
			})
		}
	}
	listed := slices.Collect(maps.Keys(r.entries))
	outcome := c.getEach(ctx, bucket, slices.Sorted(maps.Keys(r.left)), r.accept)
	outcome.Done = append(outcome.Done, listed...)
	return r.entries, outcome
}

// refresh is one call of RefreshEntries under way.
type refresh struct {
	client    *Client
	bucket    string
	unchanged func(Entry) bool

	mu      sync.Mutex
	left    map[string]bool // the keys that are still to be read
	entries map[string]Entry
}

// read accepts what a list or search shows unchanged.
func (r *refresh) read(ctx context.Context, l listing) error {
	listed, _, err := readList(withoutRetries(ctx), r.client, l, func(entry Entry) (isUnchanged bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.left[entry.Key] && r.unchanged(entry)
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.client.log(ctx, "Bucket cannot be listed, reading its entries one by one", map[string]any{"bucket": r.bucket, "error": err.Error()})
		return err
	}
	for _, result := range listed {
		if result.kept && r.left[result.key] {
			r.entries[result.key] = Entry{Key: result.key}
			delete(r.left, result.key)
		}
	}
	return nil
}

// accept accepts an entry that was read on its own.
func (r *refresh) accept(entry Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unchanged(entry) {
		entry.Value = nil
	}
	r.entries[entry.Key] = entry
}

// searchPrefixes covers sorted keys, which have their first depth bytes in common, by prefixes
// that each match at most MaxListLimit of them. Keys that share no prefix with a dozen others
// are left out: reading them one by one takes fewer responses.
func searchPrefixes(keys []string, depth int) []string {
	if len(keys) <= bulkThreshold {
		return nil
	}
	if shared := sharedPrefix(keys[0], keys[len(keys)-1]); len(keys) <= MaxListLimit && len(shared) > 0 {
		return []string{shared}
	} else if len(shared) > depth {
		depth = len(shared)
	}
	var prefixes []string
	for len(keys) > 0 {
		if len(keys[0]) == depth {
			keys = keys[1:] // the prefix itself is a key
			continue
		}
		_, width := utf8.DecodeRuneInString(keys[0][depth:])
		group := keys[0][:depth+width]
		end := slices.IndexFunc(keys, func(key string) bool { return !strings.HasPrefix(key, group) })
		if end < 0 {
			end = len(keys)
		}
		prefixes = append(prefixes, searchPrefixes(keys[:end], len(group))...)
		keys = keys[end:]
	}
	return prefixes
}

// sharedPrefix returns the characters that two keys have in common, which is what all keys
// between them have in common.
func sharedPrefix(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	for i > 0 && i < len(a) && !utf8.RuneStart(a[i]) {
		i-- // half a character cannot be searched for
	}
	return a[:i]
}
