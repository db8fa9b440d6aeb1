package quiva

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// RefreshEntries reads many entries with as few requests as it can: out of the
// bucket's list, then out of searches by prefixes of the keys, and one by one
// what is left. What a list or search says of an entry is only taken if the
// caller, which is asked by one goroutine at a time, says that it is no change;
// a list may be older than the entry. An entry that does not exist is done and
// not among those returned.
func (c *Client) RefreshEntries(ctx context.Context, bucket string, keys []string, unchanged func(Entry) bool) (map[string]Entry, BatchResult) {
	r := &refresh{client: c, bucket: bucket, unchanged: unchanged, left: map[string]bool{}, entries: make(map[string]Entry, len(keys))}
	for _, key := range keys {
		r.left[key] = true
	}
	if c.bulkRefresh && len(keys) > bulkThreshold {
		listed, err := c.ListEntries(withoutRetries(ctx), bucket, MaxListLimit)
		r.acceptList(ctx, listed, err)
		r.search(ctx)
	}
	single, outcome := c.GetEntries(ctx, bucket, slices.Sorted(maps.Keys(r.left)))
	for key := range r.entries {
		outcome.Done = append(outcome.Done, key)
	}
	maps.Copy(r.entries, single)
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
	failed  bool // whether a list or search failed: more of them are no use
}

// acceptList accepts what a list or search shows unchanged.
func (r *refresh) acceptList(ctx context.Context, listed []Entry, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		if !r.failed {
			r.client.log(ctx, "Bucket cannot be listed, reading its entries one by one", map[string]any{"bucket": r.bucket, "error": err.Error()})
		}
		r.failed = true
		return
	}
	for _, entry := range listed {
		if r.left[entry.Key] && r.unchanged(entry) {
			r.entries[entry.Key] = entry
			delete(r.left, entry.Key)
		}
	}
}

// search looks for what the list did not show, by the longest prefixes under
// which a search can show all wanted keys. A search that finds the wanted keys
// among too many others leaves the rest to be read one by one.
func (r *refresh) search(ctx context.Context) {
	if r.failed {
		return
	}
	batch(ctx, searchPrefixes(slices.Sorted(maps.Keys(r.left)), 0), func(prefix string) error {
		found, err := r.client.SearchEntries(withoutRetries(ctx), r.bucket, prefix+"*", MaxListLimit)
		r.acceptList(ctx, found, err)
		return err
	})
}

// searchPrefixes covers sorted keys, which have their first depth bytes in
// common, by prefixes that each match at most MaxListLimit of them. Keys that
// share no prefix with a dozen others are left out: reading them one by one
// takes fewer responses.
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
		end := len(keys)
		for i, key := range keys {
			if !strings.HasPrefix(key, group) {
				end = i
				break
			}
		}
		prefixes = append(prefixes, searchPrefixes(keys[:end], len(group))...)
		keys = keys[end:]
	}
	return prefixes
}

// sharedPrefix returns the characters that two keys have in common, which is
// what all keys between them have in common.
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
