package quiva

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// traffic counts requests of each kind.
type traffic struct{ lists, searches, gets int }

func trafficOf(gateway *mockgateway.Gateway) traffic {
	return traffic{
		lists:    gateway.Count(http.MethodGet, "/storage/kv/flags/entries"),
		searches: gateway.Count(http.MethodGet, "/storage/kv/flags/search-by-key"),
		gets:     gateway.Count(http.MethodGet, "/storage/kv/flags/entries/*"),
	}
}

// write has a gateway hold each key with a value that names it.
func write(gateway *mockgateway.Gateway, keys ...string) {
	for _, key := range keys {
		gateway.PutEntry("flags", key, valueOf(key))
	}
}

func valueOf(key string) string { return fmt.Sprintf(`{"key":%q}`, key) }

// holdsOwnName says of an entry that it is as write left it.
func holdsOwnName(entry Entry) bool { return string(entry.Value) == valueOf(entry.Key) }

func repeat(format string, count int) []string {
	keys := make([]string, count)
	for i := range keys {
		keys[i] = fmt.Sprintf(format, i)
	}
	return keys
}

// TestRefreshEntries: all entries are read as they are, with as few requests as
// the gateway lets.
func TestRefreshEntries(t *testing.T) {
	t.Parallel()
	forbidden := mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`)
	teams := slices.Concat(repeat("team-a/flag-%04d", 1000), repeat("team-b/limits/%04d", 999), repeat("team-b/%04d", 1000), repeat("x%d", 7))
	spread := make([]string, 1500) // of each team, a list shows only the newest
	for i := range spread {
		spread[i] = fmt.Sprintf("team.%c.%04d", 'a'+i%8, i)
	}
	tests := map[string]struct {
		held   []string // oldest first
		wanted []string // those held, if nil
		isOff  bool
		faults []mockgateway.Fault
		want   traffic
	}{
		"switched off":    {held: numberedKeys(50), isOff: true, want: traffic{gets: 50}},
		"a dozen":         {held: numberedKeys(12), want: traffic{gets: 12}},
		"more":            {held: numberedKeys(13), want: traffic{lists: 1}},
		"a full list":     {held: numberedKeys(1000), want: traffic{lists: 1}},
		"one beyond":      {held: numberedKeys(1001), want: traffic{lists: 1, gets: 1}},
		"a dozen beyond":  {held: numberedKeys(1012), want: traffic{lists: 1, gets: 12}},
		"ten thousand":    {held: numberedKeys(10_000), want: traffic{lists: 1, searches: 9}},
		"spread evenly":   {held: spread, want: traffic{lists: 1, searches: 8}},
		"teams":           {held: teams, want: traffic{lists: 1, searches: 2, gets: 7}},
		"old among new":   {held: slices.Concat(repeat("old/%04d", 900), repeat("new/%05d", 5000)), wanted: repeat("old/%04d", 900), want: traffic{lists: 1, searches: 1}},
		"in a crowd":      {held: slices.Concat(repeat("a/%04d", 20), repeat("a/%05d-other", 1500)), wanted: repeat("a/%04d", 20), want: traffic{lists: 1, searches: 1, gets: 20}},
		"some missing":    {held: numberedKeys(90), wanted: numberedKeys(100), want: traffic{lists: 1, gets: 10}},
		"many missing":    {held: numberedKeys(80), wanted: numberedKeys(100), want: traffic{lists: 1, searches: 1, gets: 20}},
		"all missing":     {wanted: numberedKeys(50), want: traffic{lists: 2, searches: 1, gets: 50}},
		"list forbidden":  {held: numberedKeys(100), faults: []mockgateway.Fault{{Path: "*/entries", Effect: forbidden}}, want: traffic{lists: 1, gets: 100}},
		"list truncated":  {held: numberedKeys(100), faults: []mockgateway.Fault{{Path: "*/entries", Effect: mockgateway.Truncate()}}, want: traffic{lists: 1, gets: 100}},
		"list is empty":   {held: numberedKeys(100), faults: []mockgateway.Fault{{Path: "*/entries", Effect: mockgateway.Respond(http.StatusOK, nil, `{"body":{"results":[]}}`)}}, want: traffic{lists: 1, searches: 1}},
		"none to search":  {held: numberedKeys(1500), faults: []mockgateway.Fault{{Path: "*/search-by-key", Effect: forbidden}}, want: traffic{lists: 1, searches: 1, gets: 500}},
		"search rejected": {held: numberedKeys(1500), faults: []mockgateway.Fault{{Path: "*/search-by-key", Effect: mockgateway.Respond(http.StatusBadRequest, nil, `{"error":"no wildcard"}`)}}, want: traffic{lists: 1, searches: 1, gets: 500}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway, client := newFlags()
			client.config.BulkRefresh = !test.isOff
			write(gateway, test.held...)
			for _, fault := range test.faults {
				gateway.Inject(fault)
			}
			wanted := test.wanted
			if wanted == nil {
				wanted = test.held
			}
			entries, outcome := client.RefreshEntries(t.Context(), "flags", wanted, holdsOwnName)
			checkSettled(t, wanted, outcome)
			isThere := func(key string) bool { return slices.Contains(test.held, key) }
			for key, entry := range entries {
				if entry.Key != key || entry.Value != nil || !isThere(key) {
					t.Errorf("%s holds %+v", key, entry)
				}
			}
			if want := len(wanted) - len(slices.DeleteFunc(slices.Clone(wanted), isThere)); len(entries) != want || outcome.Err() != nil {
				t.Errorf("got %d entries, want %d, error %v", len(entries), want, outcome.Err())
			}
			if got := trafficOf(gateway); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}

// TestRefreshEntriesConfirms: what a list says of an entry that would be a
// change is asked for again, and the entry itself is believed.
func TestRefreshEntriesConfirms(t *testing.T) {
	t.Parallel()
	gateway, client := newFlags()
	keys := repeat("k%02d", 50)
	write(gateway, keys...)
	gateway.PutEntry("flags", "k07", `{"changed":true}`)
	stale := `{"key":"k08","value":{"stale":true}},{"key":"k07","value":{"older":1}},{"key":"stranger","value":{}}`
	for _, key := range keys[9:] {
		stale += fmt.Sprintf(`,{"key":%q,"value":%s}`, key, valueOf(key))
	}
	gateway.Inject(mockgateway.Fault{Path: "*/entries", Effect: mockgateway.Respond(http.StatusOK, nil, `{"body":{"results":[`+stale+`]}}`)})
	entries, outcome := client.RefreshEntries(t.Context(), "flags", keys, holdsOwnName)
	if outcome.Err() != nil || len(entries) != 50 {
		t.Fatalf("got %d entries, error %v", len(entries), outcome.Err())
	}
	if got := string(entries["k07"].Value); got != `{"changed":true}` {
		t.Errorf("k07 holds %s", got)
	}
	if got := entries["k08"].Value; got != nil {
		t.Errorf("k08 is unchanged, got %s", got)
	}
	if got, want := trafficOf(gateway), (traffic{lists: 1, gets: 9}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestRefreshEntriesFails: a failure to read an entry is one, and what the list
// showed is done all the same.
func TestRefreshEntriesFails(t *testing.T) {
	t.Parallel()
	gateway, client := newFlags()
	keys := numberedKeys(1100)
	write(gateway, keys...)
	gateway.Inject(mockgateway.Fault{Path: "*/search-by-key", Effect: mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`)})
	gateway.Inject(mockgateway.Fault{Path: "*/entries/*", After: 10, Effect: mockgateway.Respond(http.StatusUnauthorized, nil, `{"error":"unauthorized"}`)})
	entries, outcome := client.RefreshEntries(t.Context(), "flags", keys, holdsOwnName)
	checkSettled(t, keys, outcome)
	if outcome.Err() == nil || len(entries) != 1010 || len(outcome.Done) != 1010 {
		t.Errorf("got %d entries, %d done, error %v", len(entries), len(outcome.Done), outcome.Err())
	}
}

func TestSearchPrefixes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		keys []string
		want []string
	}{
		"none":                 {nil, nil},
		"a dozen":              {repeat("a/%02d", 12), nil},
		"thirteen":             {repeat("a/%02d", 13), []string{"a/"}},
		"a thousand":           {repeat("a/%03d", 1000), []string{"a/"}},
		"more":                 {repeat("a/%04d", 1001), []string{"a/0"}},
		"the prefix is a key":  {append([]string{"a/"}, repeat("a/%03d", 1000)...), repeat("a/%d", 10)},
		"nothing in common":    {append(repeat("a/%02d", 13), repeat("b%02d", 13)...), []string{"a/", "b"}},
		"small groups":         {append(repeat("a/%02d", 12), repeat("b%02d", 12)...), nil},
		"multi-byte":           {repeat("größe/%02d", 13), []string{"größe/"}},
		"multi-byte cut":       {[]string{"xà0", "xà1", "xà2", "xà3", "xà4", "xà5", "xà6", "xá0", "xá1", "xá2", "xá3", "xá4", "xá5"}, []string{"x"}},
		"multi-byte alone":     {append(repeat("à%02d", 13), repeat("á%02d", 13)...), []string{"à", "á"}},
		"three and four bytes": {slices.Concat(repeat("日%02d", 600), repeat("旦%02d", 600), repeat("🚀%02d", 13)), []string{"日", "旦", "🚀"}},
	}
	for name, test := range tests {
		slices.Sort(test.keys)
		left := map[string]bool{}
		for _, key := range test.keys {
			left[key] = true
		}
		if got := searchPrefixes(test.keys, left, 0); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
