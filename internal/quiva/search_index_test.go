package quiva

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestSearchIndex: what is asked for, and what is found.
func TestSearchIndex(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		search    IndexSearch
		limit     int
		query     string
		keys      string
		truncated bool
	}{
		"exact":            {IndexSearch{Field: "name", Type: ExactMatch, Text: "John Doe"}, 10, "field=name&limit=10&search=John+Doe&search_type=exact", "john", false},
		"prefix":           {IndexSearch{Field: "name", Type: PrefixMatch, Text: "j"}, 10, "field=name&limit=10&search=j&search_type=prefix", "jane john", false},
		"fuzzy":            {IndexSearch{Field: "name", Type: FuzzyMatch, Text: "jhn"}, 10, "field=name&limit=10&search=jhn&search_type=fuzzy", "john", false},
		"range":            {IndexSearch{Field: "age", Min: "30", Max: "30.5"}, 10, "field=age&limit=10&max=30.5&min=30&search=range&search_type=range", "jane john", false},
		"half a range":     {IndexSearch{Field: "age", Min: "30.1"}, 10, "field=age&limit=10&min=30.1&search=range&search_type=range", "jane", false},
		"as many as asked": {IndexSearch{Field: "age", Max: "99"}, 2, "field=age&limit=2&max=99&search=range&search_type=range", "jane john", true},
	}
	for name, test := range tests {
		gateway, client := newFlags()
		gateway.CreateBucketWith(mockgateway.BucketConfig{Name: "people", Indexing: &mockgateway.Indexing{
			Mappings:   []mockgateway.IndexMapping{{Field: "name", FieldType: "text"}, {Field: "age", FieldType: "number"}},
			Partitions: 1, Replicas: 1, StorageType: "file",
		}})
		gateway.PutEntry("people", "john", `{"name":"John Doe","age":30}`)
		gateway.PutEntry("people", "jane", `{"name":"Jane Doe","age":30.5}`)
		entries, truncated, err := client.SearchIndex(t.Context(), "people", test.search, test.limit)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, entry := range entries {
			keys = append(keys, entry.Key)
			if !strings.HasPrefix(string(entry.Value), `{"name":`) {
				t.Errorf("%s: %s holds %s", name, entry.Key, entry.Value)
			}
		}
		slices.Sort(keys)
		if got := strings.Join(keys, " "); got != test.keys || truncated != test.truncated {
			t.Errorf("%s: got %q, truncated: %t", name, got, truncated)
		}
		if got := gateway.RequestsTo("", "*/search")[0].Query.Encode(); got != test.query {
			t.Errorf("%s: asked for %s", name, got)
		}
	}
}

// TestSearchIndexErrors: the gateway's own words for what cannot be searched.
func TestSearchIndexErrors(t *testing.T) {
	t.Parallel()
	_, client := newFlags()
	search := IndexSearch{Field: "n", Type: ExactMatch, Text: "1"}
	if _, _, err := client.SearchIndex(t.Context(), "absent", search, 10); !errors.Is(err, ErrNotFound) {
		t.Errorf("a missing bucket is the error %v", err)
	}
	var failure *Error
	if _, _, err := client.SearchIndex(t.Context(), "flags", search, 10); !errors.As(err, &failure) || failure.StatusCode != http.StatusBadRequest || failure.Message != "the bucket has no index" {
		t.Errorf("a bucket without an index is the error %v", err)
	}
}
