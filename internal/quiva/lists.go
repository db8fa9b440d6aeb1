package quiva

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// MaxListLimit is the most entries that the gateway lists at once. There is no paging: an entry
// that is missing from a list may exist all the same.
const MaxListLimit = 1000

// ListEntries returns the latest entries of a bucket, up to limit (1 to [MaxListLimit]), each
// once. It fails with [ErrNotFound] if the bucket does not exist.
func (c *Client) ListEntries(ctx context.Context, bucket string, limit int) ([]Entry, error) {
	entries, _, err := c.readEntries(ctx, listOf(bucket, limit))
	return entries, err
}

// SearchEntries is ListEntries of the keys that match a pattern, in which * stands for any
// characters.
func (c *Client) SearchEntries(ctx context.Context, bucket, pattern string, limit int) ([]Entry, error) {
	entries, _, err := c.readEntries(ctx, searchOf(bucket, pattern, limit))
	return entries, err
}

// wholeList is the operation that lists all entries.
const wholeList = "entries"

// listing is a call that lists entries. The operation is the last segment of its path.
type listing struct {
	bucket, operation string
	query             url.Values
	limit             int
}

func (l listing) request() request {
	l.query.Set("limit", strconv.Itoa(l.limit))
	return request{method: http.MethodGet, path: []string{l.bucket, l.operation}, query: l.query, limit: listLimit}
}

func listOf(bucket string, limit int) listing {
	return listing{bucket, wholeList, url.Values{}, limit}
}

func searchOf(bucket, pattern string, limit int) listing {
	return listing{bucket, "search-by-key", url.Values{"search": {pattern}}, limit}
}

func wholeEntry(entry Entry) Entry { return entry }

func (c *Client) readEntries(ctx context.Context, l listing) (entries []Entry, truncated bool, err error) {
	results, truncated, err := readList(ctx, c, l, wholeEntry)
	for _, result := range results {
		entries = append(entries, result.kept)
	}
	return entries, truncated, err
}

// readList lists entries, and keeps of each what keep makes of it, before it reads the next: a
// list may hold 64 MiB of values. It reports whether there are as many results as the limit
// allows, so that the gateway may have more. Keys that the list has twice are read on their
// own: it does not say which of the values is the entry's.
func readList[T any](ctx context.Context, c *Client, l listing, keep func(Entry) T) (results []listResult[T], truncated bool, err error) {
	begun, response := time.Now(), listResponse[T]{keep: keep}
	err = c.do(ctx, l.request(), &response)
	switch failure, ok := errors.AsType[*Error](err); {
	case ok && failure.isThere && l.operation != wholeList:
		return nil, false, nil // a search that finds nothing
	case err != nil:
		return nil, false, err
	}
	listed := make(map[string]int, len(response.results))
	for _, result := range response.results {
		listed[result.key]++
	}
	truncated = response.count >= l.limit
	if l.operation == wholeList && !truncated {
		c.absences.listed(l.bucket, slices.Collect(maps.Keys(listed)), begun)
	}
	results = slices.DeleteFunc(response.results, func(result listResult[T]) bool { return listed[result.key] > 1 })
	maps.DeleteFunc(listed, func(_ string, times int) bool { return times == 1 })
	read, outcome := c.GetEntries(ctx, l.bucket, slices.Sorted(maps.Keys(listed)))
	for key, entry := range read {
		results = append(results, listResult[T]{key, keep(entry)})
	}
	return results, truncated, outcome.Err()
}
