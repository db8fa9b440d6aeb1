package mockgateway

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// The limits of lists and searches, in entries. There is no second page.
const (
	defaultLimit = 10
	maxLimit     = 1000
)

func (g *Gateway) listEntries(c call) (response, error) {
	entries, limit, err := g.latestEntries(c, func(entry) bool { return true })
	metadata := fmt.Sprintf(`{"bucket":%s,"limit":%d}`, jsonText(c.bucket), limit)
	return c.entriesResponse(entries, metadata), err
}

// searchByKey lets "*" stand for any run of characters, dots and slashes
// included: the documents' "user*" finds "user123", and they say no more. A
// pattern without "*" finds the one key that equals it.
func (g *Gateway) searchByKey(c call) (response, error) {
	pattern := c.record.Query.Get("search")
	if pattern == "" {
		return response{}, errors.New("search is required")
	}
	entries, _, err := g.latestEntries(c, func(e entry) bool { return matchPattern(pattern, e.key) })
	if err == nil && len(entries) == 0 && c.behaviour.dialect.MissingSearch {
		err = errNoKey
	}
	metadata := fmt.Sprintf(`{"bucket":%s,"search":%s,"hits":%d}`,
		jsonText(c.bucket), jsonText(pattern), len(entries))
	return c.entriesResponse(entries, metadata), err
}

func (g *Gateway) latestEntries(c call, matches func(entry) bool) (entries []entry, limit int, err error) {
	if limit, err = readLimit(c.record.Query); err != nil {
		return nil, 0, err
	}
	err = g.store.view(c.bucket, func(b *bucket) { entries = b.latest(matches, limit) })
	return entries, limit, err
}

func readLimit(query url.Values) (int, error) {
	if !query.Has("limit") {
		return defaultLimit, nil
	}
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil || limit < 1 || limit > maxLimit {
		return 0, fmt.Errorf("limit must be a whole number between 1 and %d", maxLimit)
	}
	return limit, nil
}

// entriesResponse counts in results_total the entries it gives; the documents do
// not say whether those beyond the limit count.
func (c call) entriesResponse(entries []entry, metadata string) response {
	dialect := c.behaviour.dialect
	var results bytes.Buffer
	for i, e := range entries {
		if i > 0 {
			results.WriteByte(',')
		}
		value := e.value
		if dialect.StringLists {
			value = jsonText(value)
		}
		fmt.Fprintf(&results, `{"key":%s,"value":%s}`, jsonText(e.key), value)
	}
	list := "[" + results.String() + "]"
	if len(entries) == 0 && dialect.NullLists {
		list = "null"
	}
	return jsonResponse(http.StatusOK, fmt.Appendf(nil,
		`{"body":{"results":%s,"results_total":%d},"metadata":%s}`, list, len(entries), metadata))
}
