package quiva

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestLists: what a list says of its entries is believed where it cannot be
// misread, and otherwise the entry is read on its own.
func TestLists(t *testing.T) {
	t.Parallel()
	const object = `{"n":1}`
	quoted := `"{\"n\":1}"`
	tests := map[string]struct {
		held map[string]string // by key, what the gateway holds
		list string            // what it lists, the results
		want string            // what the client makes of it
		gets int               // how many entries it reads on their own
	}{
		"objects":                {nil, `{"key":"a","value":{"n":1}},{"key":"b","value":{}}`, "a={\"n\":1} b={}", 0},
		"the same key twice":     {map[string]string{"a": object}, `{"key":"a","value":{"n":2}},{"key":"b","value":{}},{"key":"a","value":{"n":3}}`, "b={} a={\"n\":1}", 1},
		"twice, and not there":   {nil, `{"key":"a","value":{}},{"key":"a","value":{}}`, "", 1},
		"strings that hold some": {nil, `{"key":"a","value":` + quoted + `},{"key":"b","value":{}}`, "a={\"n\":1} b={}", 0},
		"strings that hold none": {nil, `{"key":"a","value":"\"text\""},{"key":"b","value":"text"},{"key":"c","value":"[]"}`, `a="\"text\"" b="text" c="[]"`, 0},
		"a lone surrogate":       {nil, `{"key":"a","value":"{\"n\":\"\ud800\"}"}`, `a="{\"n\":\"\ud800\"}"`, 0},
		"what a deletion leaves": {nil, `{"key":"a","value":null},{"key":"b","value":""},{"key":"c","value":{}}`, "c={}", 0},
	}
	for name, test := range tests {
		gateway, client := newFlags()
		for key, value := range test.held {
			gateway.PutEntry("flags", key, value)
		}
		gateway.Inject(mockgateway.Fault{Path: "*/entries", Times: 1, Effect: mockgateway.Respond(http.StatusOK, nil, `{"body":{"results":[`+test.list+`]}}`)})
		entries, err := client.ListEntries(t.Context(), "flags", MaxListLimit)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, entry := range entries {
			got = append(got, fmt.Sprintf("%s=%s", entry.Key, entry.Value))
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
		if gets := gateway.Count(http.MethodGet, "/storage/kv/flags/entries/*"); gets != test.gets {
			t.Errorf("%s: read %d entries on their own, want %d", name, gets, test.gets)
		}
	}
}

// TestMalformedLists: a list that is not wholly what the API promises is an error,
// so that nobody takes a part of it for all, or an error for an empty bucket.
func TestMalformedLists(t *testing.T) {
	t.Parallel()
	const result = `{"key":"a","value":{"n":1}}`
	tests := map[string]struct{ list, want string }{
		"white space":              {" \n", "the response is empty"},
		"null":                     {"null", "of an unexpected shape"},
		"no body":                  {`{"results":[]}`, `lacks "body.results"`},
		"a body that is null":      {`{"body":null}`, "of an unexpected shape"},
		"no results":               {`{"body":{"results_total":0}}`, `lacks "body.results"`},
		"an object of results":     {`{"body":{"results":{}}}`, "of an unexpected shape"},
		"a result of another kind": {`{"body":{"results":[` + result + `,1]}}`, "of an unexpected shape"},
		"no key":                   {`{"body":{"results":[` + result + `,{"value":{}}]}}`, `lacks its "key" or "value"`},
		"a key that is a number":   {`{"body":{"results":[{"key":1,"value":{}}]}}`, "of an unexpected shape"},
		"no UTF-8 in a key":        {"{\"body\":{\"results\":[{\"key\":\"\xff\",\"value\":{}}]}}", "not valid UTF-8"},
		"no UTF-8 in a value":      {"{\"body\":{\"results\":[{\"key\":\"a\",\"value\":\"\xff\"}]}}", "not valid UTF-8"},
		"a total that is a text":   {`{"body":{"results":[],"results_total":"7"}}`, "of an unexpected shape"},
		"a total without results":  {`{"body":{"results":[],"results_total":7}}`, "the response has no results, but a total of 7"},
		"cut off after a result":   {`{"body":{"results":[` + result, "ends too early"},
		"cut off in the body":      {`{"body":{"results":[` + result + `]`, "ends too early"},
		"not closed":               {`{"body":{"results":[` + result + `}}`, "broken JSON"},
		"two lists":                {`{"body":{"results":[` + result + `]}}{}`, "continues after its JSON"},
		"an error beside it":       {`{"body":{"results":[` + result + `]},"error":"locked"}`, "contains an error despite status 200: locked"},
		"an error in it":           {`{"body":{"error":{"code":1},"results":[]}}`, "contains an error despite status 200"},
		"another spelling":         {`{"Error":"locked","body":{"results":[]}}`, "contains an error despite status 200: locked"},
	}
	for name, test := range tests {
		client, _ := serve(func(string, string) (int, string) { return http.StatusOK, test.list })
		entries, err := client.ListEntries(t.Context(), "flags", 10)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, error %v; want %q", name, entries, err, test.want)
		}
	}
}

// TestListCutOff: a list that breaks off on its way is asked for again.
func TestListCutOff(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	write(gateway.Gateway, numberedKeys(100)...)
	fault := gateway.Inject(mockgateway.Fault{Times: 1, Effect: mockgateway.Truncate()})
	entries, err := newClient(t, gateway.URL, func(c *Config) { c.MaxRetries = 1 }).ListEntries(t.Context(), "flags", MaxListLimit)
	if err != nil || len(entries) != 100 || fault.Hits() != 1 {
		t.Errorf("got %d entries, error %v", len(entries), err)
	}
}

// TestListWithTheRest: what else a list may have does not keep it from being read,
// and an empty one is none.
func TestListWithTheRest(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]int{
		`{"body":{"results":[]}}`:   0,
		`{"body":{"results":null}}`: 0,
		`{"status_code":200,"body":{"body":{"results":[{"key":"a","value":{}}]},"metadata":{}}}`:                                                       1,
		`{"body":{"results":[{"key":"a","value":{}}]},"status_code":200}`:                                                                              1,
		` {"metadata":{"bucket":"flags"},"error":null,"body":{"results_total":7,"more":[{}],"error":"","results":[{"key":"a","more":1,"value":{}}]}} `: 1,
		`{"BODY":{"Results":[{"Key":"a","Value":{}}]}}`:                                                                                                1,
	} {
		client, _ := serve(func(string, string) (int, string) { return http.StatusOK, list })
		entries, err := client.ListEntries(t.Context(), "flags", 10)
		if err != nil || len(entries) != want {
			t.Errorf("%s: got %v, error %v", list, entries, err)
		}
	}
}
