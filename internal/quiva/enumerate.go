package quiva

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// keyCharacters are those that the store behind the gateway allows in keys.
const keyCharacters = "-/_=.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// guessWidth is how many patterns that keys may not match are looked up before it is seen
// whether any are left to find.
const guessWidth = 32

// Enumeration is what [Client.EnumerateEntries] found.
type Enumeration struct {
	Entries []Entry // sorted by key, each once
	// Complete says that there are certainly no others: fewer were listed than a list can show,
	// or as many were found as the gateway counts.
	Complete bool
	// Counted is how many keys the gateway counts in the whole bucket, those included that were
	// deleted and have left a mark. It is nil where it was not needed or is not known.
	Counted *int64
}

// EnumerateEntries returns the entries of a bucket whose keys begin with a prefix, which may be
// empty. Where there are more than one list shows, it searches for each prefix that is one
// character longer, and so on: 10,000 keys take some 20 to some hundreds of requests, up to 64
// at a time. It fails with [ErrNotFound] if the bucket does not exist.
func (c *Client) EnumerateEntries(ctx context.Context, bucket, prefix string) (Enumeration, error) {
	e := enumeration[Entry]{client: c, bucket: bucket, keep: wholeEntry}
	if err := e.run(ctx, prefix); err != nil {
		return Enumeration{}, err
	}
	return Enumeration{
		Entries:  slices.SortedFunc(maps.Values(e.found), func(a, b Entry) int { return cmp.Compare(a.Key, b.Key) }),
		Complete: !e.truncated || e.counted != nil && int64(len(e.found)) == *e.counted,
		Counted:  e.counted,
	}, nil
}

// EnumerateDigests returns the digests of the values that [Client.EnumerateEntries] would
// return, by their keys; a value that has no digest has a zero one. It does not hold the
// values. There may be more entries than it finds.
func (c *Client) EnumerateDigests(ctx context.Context, bucket, prefix string) (map[string]Digest, error) {
	e := enumeration[Digest]{client: c, bucket: bucket, keep: c.digestOf}
	err := e.run(ctx, prefix)
	return e.found, err
}

// enumeration is the search for all entries of a bucket. Its patterns are prefixes with a * at
// the end, or keys.
type enumeration[T any] struct {
	client *Client
	bucket string
	keep   func(Entry) T // what is kept of an entry

	truncated bool
	counted   *int64 // see [Enumeration]

	mu    sync.Mutex
	found map[string]T
	// likely are patterns that match keys which were found, unlikely those that match none of
	// them.
	likely, unlikely []string
}

// run finds the entries whose keys begin with a prefix.
func (e *enumeration[T]) run(ctx context.Context, prefix string) (err error) {
	e.found = map[string]T{}
	if e.truncated, err = e.search(ctx, prefix); err != nil {
		return err
	}
	if e.truncated && prefix == "" {
		bucket, _ := e.client.GetBucket(ctx, e.bucket) // without it, more requests are needed
		e.counted = bucket.EntryTotal
	}
	for e.counted == nil || int64(len(e.found)) < *e.counted {
		patterns := e.next()
		if len(patterns) == 0 {
			break
		}
		if err := batch(ctx, patterns, func(pattern string) error { return e.lookUp(ctx, pattern) }).Err(); err != nil {
			return err
		}
	}
	return nil
}

// next removes the patterns to look up next and returns them: all that are likely or, if there
// are none, as many of the others as are looked up at a time.
func (e *enumeration[T]) next() []string {
	if patterns := e.likely; len(patterns) > 0 {
		e.likely = nil
		return patterns
	}
	known := map[rune]bool{}
	for key := range e.found {
		for _, character := range key {
			known[character] = true
		}
	}
	rank := func(pattern string) int {
		if last, _ := utf8.DecodeLastRuneInString(strings.TrimSuffix(pattern, "*")); known[last] {
			return 0
		}
		return 1
	}
	// Keys resemble each other: they differ late, and in characters that others have too.
	slices.SortFunc(e.unlikely, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	n := min(len(e.unlikely), guessWidth)
	patterns := e.unlikely[:n:n]
	e.unlikely = e.unlikely[n:]
	return patterns
}

// lookUp looks for the keys that match a pattern.
func (e *enumeration[T]) lookUp(ctx context.Context, pattern string) error {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		_, err := e.search(ctx, prefix)
		return err
	}
	value, err := e.client.look(ctx, e.bucket, pattern)
	if value != nil && !isNoValue(value) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.found[pattern] = e.keep(Entry{pattern, value})
	}
	return err // without proof, nothing follows from what was not found
}

// search looks for the keys with a prefix, and reports whether the gateway may have more of
// them than it listed.
func (e *enumeration[T]) search(ctx context.Context, prefix string) (truncated bool, err error) {
	list := listOf(e.bucket, MaxListLimit)
	if prefix != "" {
		list = searchOf(e.bucket, prefix+"*", MaxListLimit)
	}
	listed, truncated, err := readList(ctx, e.client, list, e.keep)
	if err != nil {
		return false, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var keys []string
	for _, entry := range listed {
		if strings.HasPrefix(entry.key, prefix) {
			e.found[entry.key] = entry.kept
			keys = append(keys, entry.key)
		}
	}
	// Where a search finds other keys, longer prefixes find no more.
	if truncated && len(keys) > 0 && len(keys) == len(listed) {
		slices.Sort(keys)
		e.split(prefix, keys)
	}
	return truncated, nil
}

// split adds patterns that together match every key with a prefix. Listed has some of these
// keys, sorted.
func (e *enumeration[T]) split(prefix string, listed []string) {
	shared := sharedPrefix(listed[0], listed[len(listed)-1])
	// Nothing is searched between the prefix and where the listed keys differ: the gateway
	// would list the same ones again.
	for from := prefix; ; {
		following := followingCharacters(from, listed)
		for _, character := range keyCharacters {
			if !following[character] {
				e.unlikely = append(e.unlikely, from+string(character)+"*")
			}
		}
		if _, ok := e.found[from]; !ok && from != "" && !strings.HasSuffix(from, ".") {
			e.unlikely = append(e.unlikely, from)
		}
		if from == shared {
			for character := range following {
				e.likely = append(e.likely, from+string(character)+"*")
			}
			return
		}
		_, width := utf8.DecodeRuneInString(shared[len(from):])
		from = shared[:len(from)+width]
	}
}

// followingCharacters returns the characters that follow a prefix in keys.
func followingCharacters(prefix string, keys []string) map[rune]bool {
	following := map[rune]bool{}
	for _, key := range keys {
		if rest := key[len(prefix):]; rest != "" {
			character, _ := utf8.DecodeRuneInString(rest)
			following[character] = true
		}
	}
	return following
}
