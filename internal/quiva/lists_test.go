package quiva_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
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
		"objects":                      {nil, `{"key":"a","value":{"n":1}},{"key":"b","value":{}}`, "a={\"n\":1} b={}", 0},
		"the same key twice":           {map[string]string{"a": object}, `{"key":"a","value":{"n":2}},{"key":"b","value":{}},{"key":"a","value":{"n":3}}`, "b={} a={\"n\":1}", 1},
		"a key twice that is gone":     {nil, `{"key":"a","value":{}},{"key":"a","value":{}},{"key":"b","value":{}}`, "b={}", 1},
		"a list of strings":            {map[string]string{"a": object}, `{"key":"a","value":` + quoted + `},{"key":"b","value":` + quoted + `}`, "a={\"n\":1} b={\"n\":1}", 1},
		"an entry that is a string":    {map[string]string{"a": quoted}, `{"key":"a","value":` + quoted + `}`, "a=" + quoted, 1},
		"strings in a list of strings": {map[string]string{"b": object}, `{"key":"a","value":"\"text\""},{"key":"b","value":` + quoted + `},{"key":"c","value":"text"}`, `a="text" b={"n":1} c="text"`, 1},
		"a string among objects":       {map[string]string{"a": quoted}, `{"key":"a","value":` + quoted + `},{"key":"b","value":{}}`, "a=" + quoted + " b={}", 0},
		"a string that is gone":        {nil, `{"key":"a","value":` + quoted + `}`, "a=" + quoted, 1},
		"a string of no object":        {nil, `{"key":"a","value":"[]"}`, `a="[]"`, 0},
		"a lone surrogate":             {map[string]string{"a": object}, `{"key":"a","value":"{\"n\":\"\ud800\"}"}`, `a="{\"n\":\"\ud800\"}"`, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			for key, value := range test.held {
				gateway.PutEntry("flags", key, value)
			}
			gateway.Inject(mockgateway.Fault{Path: "*/entries", Effect: mockgateway.Respond(http.StatusOK, nil, `{"body":{"results":[`+test.list+`]}}`)})
			entries, err := newClient(t, gateway.URL, nil).ListEntries(t.Context(), "flags", quiva.MaxListLimit)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, entry := range entries {
				got = append(got, fmt.Sprintf("%s=%s", entry.Key, entry.Value))
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if gets := gateway.Count(http.MethodGet, "/storage/kv/flags/entries/*"); gets != test.gets {
				t.Errorf("read %d entries on their own, want %d", gets, test.gets)
			}
		})
	}
}

// TestListsLearnOnce: how a gateway gives values in lists is asked for once.
func TestListsLearnOnce(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.SetStringValues(true)
	gateway.PutEntry("flags", "a", `{"n":1}`)
	client := newClient(t, gateway.URL, nil)
	for range 3 {
		if entries, err := client.ListEntries(t.Context(), "flags", 10); err != nil || string(entries[0].Value) != `{"n":1}` {
			t.Errorf("got %v, %v", entries, err)
		}
	}
	if asked := gateway.Count("", ""); asked != 4 {
		t.Errorf("%d requests, want three lists and one entry", asked)
	}
}

// TestListContradictsItself: a list without results that counts some is no empty
// one, so that nobody takes the bucket for empty.
func TestListContradictsItself(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.Inject(mockgateway.Fault{Effect: mockgateway.Respond(http.StatusOK, nil, `{"body":{"results":[],"results_total":7}}`)})
	_, err := newClient(t, gateway.URL, nil).ListEntries(t.Context(), "flags", 1)
	if err == nil || !strings.Contains(err.Error(), "the response has no results, and counts 7") {
		t.Errorf("error %v", err)
	}
}
