package provider_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// newMarkets starts a gateway with an indexed bucket "flags" of markets.
func newMarkets(t *testing.T) *mockgateway.Server {
	t.Helper()
	gateway := newGateway(t)
	gateway.DeleteBucket("flags")
	gateway.CreateBucketWith(mockgateway.BucketConfig{Name: "flags", Indexing: &mockgateway.Indexing{
		Mappings:   []mockgateway.IndexMapping{{Field: "name", FieldType: "text"}, {Field: "currency", FieldType: "keyword"}, {Field: "vat", FieldType: "number"}},
		Partitions: 1, Replicas: 1, StorageType: "file",
	}})
	gateway.PutEntry("flags", "DE", `{"name":"Deutschland","currency":"EUR","vat":0.19}`)
	gateway.PutEntry("flags", "FR", `{"name":"France métropolitaine","currency":"EUR","vat":0.2}`)
	gateway.PutEntry("flags", "SE", `{"name":"Sverige","currency":"SEK","vat":0.25}`)
	return gateway
}

func search(arguments string) string { return "search = { " + arguments + " }" }

// TestKVEntriesDataSourceSearch: which entries a search finds, by which
// request, and whether that may not be all.
func TestKVEntriesDataSourceSearch(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arguments []string
		query     string
		keys      []string
		truncated bool
	}{
		"exact":           {[]string{search(`field = "currency", text = "EUR"`)}, "field=currency&limit=1000&search=EUR&search_type=exact", []string{"DE", "FR"}, false},
		"exact, said":     {[]string{search(`field = "currency", text = "EUR", type = "exact"`)}, "field=currency&limit=1000&search=EUR&search_type=exact", []string{"DE", "FR"}, false},
		"prefix":          {[]string{search(`field = "name", text = "métro", type = "prefix"`)}, "field=name&limit=1000&search=m%C3%A9tro&search_type=prefix", []string{"FR"}, false},
		"fuzzy":           {[]string{search(`field = "name", text = "sverig", type = "fuzzy"`)}, "field=name&limit=1000&search=sverig&search_type=fuzzy", []string{"SE"}, false},
		"range":           {[]string{search(`field = "vat", min = 0.2, max = 0.25`)}, "field=vat&limit=1000&max=0.25&min=0.2&search=range&search_type=range", []string{"FR", "SE"}, false},
		"min":             {[]string{search(`field = "vat", min = 0.200000000000000000000000000001`)}, "field=vat&limit=1000&min=0.200000000000000000000000000001&search=range&search_type=range", []string{"SE"}, false},
		"max":             {[]string{search(`field = "vat", max = 1e30`)}, "field=vat&limit=1000&max=1e%2B30&search=range&search_type=range", []string{"DE", "FR", "SE"}, false},
		"one number":      {[]string{search(`field = "vat", min = 0.2, max = 0.2`)}, "field=vat&limit=1000&max=0.2&min=0.2&search=range&search_type=range", []string{"FR"}, false},
		"nothing":         {[]string{search(`field = "currency", text = "eur"`)}, "field=currency&limit=1000&search=eur&search_type=exact", nil, false},
		"a limit":         {[]string{search(`field = "currency", text = "EUR"`), "limit = 1"}, "field=currency&limit=1&search=EUR&search_type=exact", []string{"FR"}, true},
		"a limit, no max": {[]string{search(`field = "vat", min = 0, max = null`), "limit = 4"}, "field=vat&limit=4&min=0&search=range&search_type=range", []string{"DE", "FR", "SE"}, false},
	}
	for name, tt := range tests {
		for _, asText := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, strings: %t", name, asText), func(t *testing.T) {
				t.Parallel()
				gateway := newMarkets(t)
				gateway.SetDialect(mockgateway.Dialect{StringLists: asText})
				run(t, resource.TestStep{
					Config: withProvider(gateway, entriesData(tt.arguments...)) + "output \"named\" {\n  value = join(\", \", [for market in data.quiva_kv_entries.test.entries : market.name]) != \"\"\n}\n",
					Check: func(*terraform.State) error {
						for _, request := range gateway.RequestsTo("", "*/search") {
							if got := request.Query.Encode(); got != tt.query {
								return fmt.Errorf("asked for %s, want %s", got, tt.query)
							}
						}
						return nil
					},
					ConfigStateChecks: []statecheck.StateCheck{
						entriesState("keys", texts(tt.keys...)),
						entriesState("truncated", knownvalue.Bool(tt.truncated)),
						statecheck.ExpectKnownOutputValue("named", knownvalue.Bool(tt.keys != nil)),
					},
				})
			})
		}
	}
}

// TestKVEntriesDataSourceSearchOdd: responses that the documents allow, or do
// not rule out.
func TestKVEntriesDataSourceSearchOdd(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		results   string
		keys      []string
		truncated bool
	}{
		"a key twice":            {`{"key":"DE","value":{"n":1}},{"key":"DE","value":{"n":2}}`, []string{"DE"}, true},
		"text beside an object":  {`{"key":"DE","value":"{}"},{"key":"FR","value":{}}`, []string{"DE", "FR"}, true},
		"fewer than are counted": {`{"key":"DE","value":{}}`, []string{"DE"}, false},
		"more than asked for":    {`{"key":"a","value":{}},{"key":"b","value":{}},{"key":"c","value":{}}`, []string{"a", "b", "c"}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newMarkets(t)
			gateway.Inject(mockgateway.Fault{Path: "*/search", Effect: mockgateway.Respond(http.StatusOK, nil, `{"body":{"results":[`+tt.results+`],"results_total":900},"metadata":{"index_hits":900}}`)})
			run(t, resource.TestStep{
				Config: withProvider(gateway, entriesData(search(`field = "currency", text = "EUR"`), "limit = 2")),
				ConfigStateChecks: []statecheck.StateCheck{
					entriesState("keys", texts(tt.keys...)),
					entriesState("truncated", knownvalue.Bool(tt.truncated)),
				},
			})
		})
	}
}

// TestKVEntriesDataSourceSearchLater: what is only known after apply is checked
// then.
func TestKVEntriesDataSourceSearchLater(t *testing.T) {
	t.Parallel()
	gateway := newMarkets(t)
	run(t, resource.TestStep{
		Config: withProvider(gateway, `
resource "terraform_data" "test" {
  input = "EUR"
}
`+entriesData(search(`field = "currency", text = terraform_data.test.output, type = terraform_data.test.output == "" ? "exact" : null, min = terraform_data.test.output == "" ? 1 : null`))),
		ConfigStateChecks: []statecheck.StateCheck{entriesState("keys", texts("DE", "FR"))},
	})
}
