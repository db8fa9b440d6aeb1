package quiva

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// RefreshEntries reads many entries with as few requests as it can: out of the bucket's list, then
// out of searches by prefixes of the keys, and one by one what is left. What a list or search says
// of an entry is only taken if the caller, which is asked by one goroutine at a time, says that it
// is no change; a list may be older than the entry. What is unchanged is returned without its
// value, which the caller has. An entry that does not exist is done and not among those returned.
func (c *Client) RefreshEntries(ctx context.Context, bucket string, keys []string, unchanged func(Entry) bool) (map[string]Entry, BatchResult) {
	var mu sync.Mutex
	entries, left := make(map[string]Entry, len(keys)), make(map[string]bool, len(keys))
	for _, key := range keys {
		left[key] = true
	}
	accept := func(l listing) error {
		listed, _, err := readList(withoutRetries(ctx), c, l, func(entry Entry) (isUnchanged bool) {
			mu.Lock()
			defer mu.Unlock()
			return left[entry.Key] && unchanged(entry)
		})
		if err != nil {
			c.logUnlisted(ctx, bucket, err)
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, result := range listed {
			if result.kept && left[result.key] {
				entries[result.key] = Entry{Key: result.key}
				delete(left, result.key)
			}
		}
		return nil
	}
	if c.config.BulkRefresh && len(keys) > bulkThreshold {
		// What a list does not show is looked for by the longest prefixes under which a search
		// can show all keys, and is otherwise read one by one.
		if accept(listOf(bucket, MaxListLimit)) == nil {
			batch(ctx, searchPrefixes(slices.Sorted(slices.Values(keys)), left, 0), func(prefix string) error {
				return accept(searchOf(bucket, prefix+"*", MaxListLimit))
			})
		}
	}
	read, outcome := c.GetEntries(ctx, bucket, slices.Sorted(maps.Keys(left)))
	outcome.Done = slices.AppendSeq(outcome.Done, maps.Keys(entries))
	for key, entry := range read {
		if unchanged(entry) {
			entry.Value = nil
		}
		entries[key] = entry
	}
	return entries, outcome
}

// searchPrefixes covers those sorted keys that are left, which have their first depth bytes in
// common, by prefixes that each match at most MaxListLimit of all: a search may show the others
// first. Where no more than a dozen are left, reading them one by one takes fewer responses.
func searchPrefixes(keys []string, left map[string]bool, depth int) []string {
	count := 0
	for _, key := range keys {
		if left[key] {
			count++
		}
	}
	if count <= bulkThreshold {
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
		prefixes = append(prefixes, searchPrefixes(keys[:end], left, len(group))...)
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
