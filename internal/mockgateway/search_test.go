package mockgateway_test

import (
	"slices"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// newIndexedServer has a bucket "b" of people and an index of all types.
func newIndexedServer(t *testing.T) *mockgateway.Server {
	t.Helper()
	s := newServer(t)
	s.CreateBucketWith(mockgateway.BucketConfig{Name: "b", Indexing: &mockgateway.Indexing{
		Mappings:   []mockgateway.IndexMapping{{Field: "name", FieldType: "text"}, {Field: "city", FieldType: "keyword"}, {Field: "age", FieldType: "number"}, {Field: "born", FieldType: "date"}, {Field: "admin", FieldType: "boolean"}},
		Partitions: 1, Replicas: 1, StorageType: "memory",
	}})
	s.PutEntry("b", "john", `{"name":"John Doe","city":"New York","age":30,"born":"1990-01-01","admin":true}`)
	s.PutEntry("b", "jane", `{"name":"Jane  DOE","city":["York","Bath"],"age":30.5,"admin":false}`)
	s.PutEntry("b", "none", `{"name":null,"age":"30"}`)
	s.PutEntry("b", "list", `["John"]`)
	return s
}

func TestSearchByField(t *testing.T) {
	t.Parallel()
	s := newIndexedServer(t)
	const path = "/storage/kv/b/search?"
	for query, want := range map[string][]string{
		"field=name&search=John":                                   {"john"},
		"field=name&search=doe":                                    {"jane", "john"},
		"field=name&search=doe&limit=1":                            {"jane"},
		"field=name&search=doe%20jane":                             {"jane"},
		"field=name&search=jo":                                     {},
		"field=name&search=jo&search_type=prefix":                  {"john"},
		"field=name&search=jhn&search_type=fuzzy":                  {"john"},
		"field=name&search=jonh&search_type=fuzzy":                 {},
		"field=city&search=York&search_type=exact":                 {"jane"},
		"field=city&search=york":                                   {},
		"field=city&search=New&search_type=prefix":                 {"john"},
		"field=city&search=new%20york&search_type=fuzzy":           {},
		"field=age&search=30.0":                                    {"john"},
		"field=age&search=range&search_type=range&min=30&max=30.5": {"jane", "john"},
		"field=age&search=range&search_type=range&min=30.1":        {"jane"},
		"field=age&search=range&search_type=range&max=3e1":         {"john"},
		"field=born&search=1990-01-01":                             {"john"},
		"field=admin&search=false":                                 {"jane"},
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			if got := keysOf(t, do(t, s, "GET", path+query, "")); !slices.Equal(got, want) {
				t.Errorf("got %q", got)
			}
		})
	}
	do(t, s, "GET", path+"field=born&search=1990-01-01", "").expect(t, 200,
		`{"body":{"results":[{"key":"john","value":{"name":"John Doe","city":"New York","age":30,"born":"1990-01-01","admin":true}}],"results_total":1},`+
			`"metadata":{"bucket":"b","field":"born","search":"1990-01-01","index_duration":"0ms","index_hits":1}}`)
}

// TestRefusals: of lists and of both kinds of search.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := newIndexedServer(t)
	s.CreateBucket("plain")
	play(t, s, `
		GET /b/entries?limit=0 => 400 limit must be
		GET /b/entries?limit=1001 => 400 limit must be
		GET /b/entries?limit=-1 => 400 limit must be
		GET /b/entries?limit=ten => 400 limit must be
		GET /b/entries?limit= => 400 limit must be
		GET /b/entries?limit=1.0 => 400 limit must be
		GET /a%20b/entries => 400 invalid bucket name
		GET /absent/entries => 404 {"error":"not_found"}
		GET /b/search-by-key => 400 search is required
		GET /b/search-by-key?search= => 400 search is required
		GET /b/search-by-key?search=a&limit=0 => 400 limit must be
		GET /b/search-by-key?search=a&limit=1001 => 400 limit must be
		GET /absent/search-by-key?search=a => 404 {"error":"not_found"}
		GET /b/search?search=a => 400 field is required
		GET /b/search?field=name => 400 search is required
		GET /b/search?field=age&search_type=range&min=1 => 400 search is required
		GET /b/search?field=name&search=a&limit=0 => 400 limit must be
		GET /b/search?field=name&search=a&search_type=wild => 400 cannot be used with the field
		GET /b/search?field=age&search=a => 400 is not a number
		GET /b/search?field=age&search=3&search_type=prefix => 400 cannot be used with the field
		GET /b/search?field=name&search=range&search_type=range&min=1 => 400 cannot be used with the field
		GET /b/search?field=age&search=range&search_type=range => 400 min or max
		GET /b/search?field=age&search=range&search_type=range&min=low => 400 is not a number
		GET /b/search?field=other&search=a => 400 is not indexed
		GET /plain/search?field=name&search=a => 400 has no index
		GET /a%20b/search?field=name&search=a => 400 invalid bucket name
		GET /absent/search?field=name&search=a => 404 {"error":"not_found"}`)
}
