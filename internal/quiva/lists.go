package quiva

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// MaxListLimit is the most entries that the gateway lists at once. There is no
// paging: an entry that is missing from a list may exist all the same.
const MaxListLimit = 1000

// ListEntries returns the latest entries of a bucket, up to limit (1 to
// [MaxListLimit]), each once. It fails with [ErrNotFound] if the bucket does not
// exist.
func (c *Client) ListEntries(ctx context.Context, bucket string, limit int) ([]Entry, error) {
	entries, _, err := readList(ctx, c, listOf(bucket, limit), wholeEntry)
	return entries, err
}

// SearchEntries returns entries of a bucket whose keys match a pattern, in
// which * stands for any characters, up to limit (1 to [MaxListLimit]), each
// once. It fails with [ErrNotFound] if the bucket does not exist.
func (c *Client) SearchEntries(ctx context.Context, bucket, pattern string, limit int) ([]Entry, error) {
	entries, _, err := readList(ctx, c, searchOf(bucket, pattern, limit), wholeEntry)
	return entries, err
}

// listing is a call that lists entries.
type listing struct {
	bucket    string
	operation string // the last segment of its path
	query     url.Values
	limit     int
}

func listOf(bucket string, limit int) listing {
	return newListing(bucket, "entries", url.Values{}, limit)
}

func searchOf(bucket, pattern string, limit int) listing {
	return newListing(bucket, "search-by-key", url.Values{"search": {pattern}}, limit)
}

func newListing(bucket, operation string, query url.Values, limit int) listing {
	query.Set("limit", strconv.Itoa(limit))
	return listing{bucket, operation, query, limit}
}

func wholeEntry(entry Entry) Entry { return entry }

// readList lists entries, and keeps of each what keep makes of it. A value is let
// go of before the next one is read, since a list may hold 64 MiB of them. It also
// reports whether there are as many results as the limit allows, so that the
// gateway may have more.
//
// Keys that the list has more than once are read on their own: it does not say
// which of the values is the entry's.
func readList[T any](ctx context.Context, c *Client, l listing, keep func(Entry) T) (kept []T, truncated bool, err error) {
	response := listResponse[T]{keep: keep}
	err = c.do(ctx, request{method: http.MethodGet, path: []string{l.bucket, l.operation}, query: l.query, limit: listLimit}, &response)
	if err != nil {
		return nil, false, err
	}
	unquote, err := response.isQuoted(ctx, c, l)
	if err != nil {
		return nil, false, err
	}
	listed := make(map[string]int, len(response.results))
	for _, result := range response.results {
		listed[result.key]++
	}
	kept = make([]T, 0, len(response.results))
	for _, result := range response.results {
		switch {
		case listed[result.key] > 1:
		case unquote && result.unquoted != nil:
			kept = append(kept, *result.unquoted)
		default:
			kept = append(kept, result.kept)
		}
	}
	maps.DeleteFunc(listed, func(_ string, times int) bool { return times == 1 })
	read, outcome := c.GetEntries(ctx, l.bucket, slices.Sorted(maps.Keys(listed)))
	for _, entry := range read {
		kept = append(kept, keep(entry))
	}
	return kept, len(response.results) >= l.limit, outcome.Err()
}

// isQuoted reports whether a list is of a gateway that gives values in lists as
// JSON strings, as its documents say that it may.
func (r *listResponse[T]) isQuoted(ctx context.Context, c *Client, l listing) (bool, error) {
	for _, result := range r.results {
		if !result.isString {
			return false, nil
		}
	}
	// Whichever entry has not been deleted meanwhile tells it.
	for _, result := range r.results {
		if result.holdsObject {
			quoted, err := c.quoting.learn(ctx, c, l.operation, l.bucket, result.key)
			if !errors.Is(err, ErrNotFound) {
				return quoted, err
			}
		}
	}
	return false, nil
}

// quoting is what was learned about a gateway: by operation, whether it gives
// values as strings.
type quoting struct {
	mu      sync.Mutex
	learned map[string]bool
}

// learn reads on its own an entry that a list gives as a string that holds an
// object: only that can tell whether the list makes strings of values, or the
// entry is one.
func (q *quoting) learn(ctx context.Context, c *Client, operation, bucket, key string) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if quoted, ok := q.learned[operation]; ok {
		return quoted, nil
	}
	entry, err := c.GetEntry(ctx, bucket, key)
	if err != nil {
		return false, err
	}
	if q.learned == nil {
		q.learned = map[string]bool{}
	}
	q.learned[operation] = bytes.HasPrefix(entry.Value, []byte("{"))
	return q.learned[operation], nil
}

// quotedJSON returns the JSON that a JSON string holds, nil if it holds none.
func quotedJSON(value json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(value, &text) != nil {
		return nil
	}
	// A lone surrogate, which is no character, decodes to U+FFFD.
	if inner := bytes.TrimSpace([]byte(text)); json.Valid(inner) && !bytes.ContainsRune(inner, utf8.RuneError) {
		return inner
	}
	return nil
}
