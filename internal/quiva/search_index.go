package quiva

import (
	"context"
	"net/url"
)

// How the text of an [IndexSearch] is compared with a field. The gateway's documents call the
// second "typo-tolerant" and say no more of them.
const (
	ExactMatch  = "exact"
	FuzzyMatch  = "fuzzy"
	PrefixMatch = "prefix"
)

// IndexSearch is what is looked for in one indexed field: a text or, where there is no type, a
// range of numbers.
type IndexSearch struct {
	Field string
	Type  string
	Text  string
	// Min and Max are decimal numbers. The range is open where one is empty.
	Min, Max string
}

// SearchIndex returns the entries of a bucket whose indexed field has what is looked for, up to
// limit (1 to [MaxListLimit]), each once, and whether there may be others. An index may lag
// behind what was written. It fails with [ErrNotFound] if the bucket does not exist, and with
// the gateway's own error if the field is not indexed.
func (c *Client) SearchIndex(ctx context.Context, bucket string, wanted IndexSearch, limit int) (entries []Entry, truncated bool, err error) {
	query := url.Values{"field": {wanted.Field}, "search": {wanted.Text}, "search_type": {wanted.Type}}
	if wanted.Type == "" {
		// A search term is required of every search; for a range, the documents' own example
		// has this one.
		query.Set("search", "range")
		query.Set("search_type", "range")
		for name, bound := range map[string]string{"min": wanted.Min, "max": wanted.Max} {
			if bound != "" {
				query.Set(name, bound)
			}
		}
	}
	return c.readEntries(ctx, listing{bucket, "search", query, limit})
}
