package quiva

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

func digests(count int) []string {
	keys := make([]string, count)
	for i := range keys {
		keys[i] = fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, i)))
	}
	return keys
}

func folders(count, size int) []string {
	var keys []string
	for i := range count {
		keys = slices.Concat(keys, repeat(fmt.Sprintf("team-%02d/", i)+"%03d", size))
	}
	return keys
}

func withPrefix(prefix string, keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !strings.HasPrefix(key, prefix) })
}

// TestEnumerateEntries: all entries are found, with about as few requests as the
// layout of the keys lets, and it is known whether they are all.
func TestEnumerateEntries(t *testing.T) {
	t.Parallel()
	forbidden := mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`)
	tests := map[string]struct {
		held     []string // oldest first
		deleted  []string
		prefix   string
		faults   []mockgateway.Fault
		requests int // at most
		complete bool
		counted  int64 // -1 for not at all
	}{
		"none":                         {requests: 1, complete: true, counted: -1},
		"few, search forbidden":        {held: numberedKeys(999), faults: []mockgateway.Fault{{Path: "*/search-by-key", Effect: forbidden}}, requests: 1, complete: true, counted: -1},
		"as many as a list":            {held: numberedKeys(1000), requests: 2, complete: true, counted: 1000},
		"one more than a list":         {held: numberedKeys(1001), requests: 4, complete: true, counted: 1001},
		"10,000 digests":               {held: digests(10_000), requests: 18, complete: true, counted: 10_000},
		"40 folders":                   {held: folders(40, 250), requests: 82, complete: true, counted: 10_000},
		"5,000 numbers in a folder":    {held: repeat("flags/%05d", 5000), requests: 44, complete: true, counted: 5000},
		"old among new":                {held: slices.Concat([]string{"flags", "Z", "flags/0", "=x"}, repeat("flags/%05d", 2000)), requests: 662, complete: true, counted: 2004},
		"deleted ones":                 {held: numberedKeys(1500), deleted: numberedKeys(100), requests: 203, counted: 1500},
		"cannot be counted":            {held: repeat("%04d", 1100), faults: []mockgateway.Fault{{Path: "/storage/kv/flags", Effect: forbidden}}, requests: 137, counted: -1},
		"prefix of none":               {held: folders(2, 2), prefix: "team-2", requests: 1, complete: true, counted: -1},
		"prefix that is no folder":     {held: append(folders(3, 250), "tea", "te"), prefix: "tea", requests: 1, complete: true, counted: -1},
		"prefix with a dot at its end": {held: repeat("a.%04d", 1100), prefix: "a.", requests: 137, counted: -1},
		"prefix of many":               {held: append(folders(40, 50), "team-", "team-.x", "other"), prefix: "team-", requests: 68, counted: -1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway, client := newFlags()
			write(gateway, test.held...)
			want := slices.Clone(test.held)
			for _, key := range test.deleted {
				gateway.DeleteEntry("flags", key)
				want = slices.DeleteFunc(want, func(held string) bool { return held == key })
			}
			for _, fault := range test.faults {
				gateway.Inject(fault)
			}
			found, err := client.EnumerateEntries(t.Context(), "flags", test.prefix)
			if err != nil {
				t.Fatal(err)
			}
			checkEntries(t, found.Entries, withPrefix(test.prefix, want))
			counted := int64(-1)
			if found.Counted != nil {
				counted = *found.Counted
			}
			if found.Complete != test.complete || counted != test.counted {
				t.Errorf("complete: %t, counted %d, want %d", found.Complete, counted, test.counted)
			}
			if requests := gateway.Count("", ""); requests > test.requests {
				t.Errorf("took %d requests, want %d at most", requests, test.requests)
			}
		})
	}
}

// checkEntries fails unless the entries are those of the keys, sorted, as write
// left them.
func checkEntries(t *testing.T, entries []Entry, keys []string) {
	t.Helper()
	slices.Sort(keys)
	if !slices.EqualFunc(entries, keys, func(entry Entry, key string) bool { return entry.Key == key && holdsOwnName(entry) }) {
		t.Errorf("got %d entries, want %d, or others", len(entries), len(keys))
	}
}

// TestEnumerateEntriesFails: whatever goes wrong on the way is an error, and no
// shorter list.
func TestEnumerateEntriesFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		bucket string
		fault  mockgateway.Fault
		want   error
		says   string
	}{
		"no bucket":         {bucket: "absent", want: ErrNotFound},
		"deleted meanwhile": {fault: mockgateway.Fault{Path: "/storage/kv/flags*", After: 1, Effect: mockgateway.Respond(http.StatusNotFound, nil, `{"error":"not_found"}`)}, want: ErrUnproven},
		"search forbidden":  {fault: mockgateway.Fault{Path: "*/search-by-key", Effect: mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`)}, says: "search-by-key returned 403 Forbidden: forbidden"},
		"rejected":          {fault: mockgateway.Fault{Path: "*/search-by-key", After: 2, Times: 1, Effect: mockgateway.Respond(http.StatusBadRequest, nil, `{"error":"bad pattern"}`)}, says: "bad pattern"},
	}
	for name, test := range tests {
		gateway, client := newFlags()
		write(gateway, folders(40, 30)...)
		gateway.Inject(test.fault)
		bucket := "flags"
		if test.bucket != "" {
			bucket = test.bucket
		}
		found, err := client.EnumerateEntries(t.Context(), bucket, "")
		if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) || len(found.Entries) > 0 {
			t.Errorf("%s: got %d entries and the error %v", name, len(found.Entries), err)
		}
	}
}

// TestEnumerateEntriesOfOddGateways: a search that does not do as it should ends
// all the same, and is not believed to show all.
func TestEnumerateEntriesOfOddGateways(t *testing.T) {
	t.Parallel()
	list := func(keys ...string) mockgateway.Effect {
		results := make([]string, len(keys))
		for i, key := range keys {
			results[i] = fmt.Sprintf(`{"key":%q,"value":%s}`, key, valueOf(key))
		}
		return mockgateway.Respond(http.StatusOK, nil, `{"body":{"results":[`+strings.Join(results, ",")+`]}}`)
	}
	search := func(effect mockgateway.Effect) []mockgateway.Fault {
		return []mockgateway.Fault{{Path: "*/search-by-key", Effect: effect}}
	}
	tests := map[string]struct {
		held   []string
		prefix string
		faults []mockgateway.Fault
		want   []string
	}{
		"finds the same for any prefix":  {held: folders(5, 250), faults: search(list(folders(5, 250)[250:]...)), want: folders(5, 250)[250:]},
		"finds other keys":               {prefix: "K", faults: search(list(numberedKeys(1000)...))},
		"finds nothing":                  {held: folders(5, 250), faults: search(list()), want: folders(5, 250)[250:]},
		"lists a key twice":              {held: []string{"k00001", "k99999"}, prefix: "k", faults: []mockgateway.Fault{{Path: "*/search-by-key", Times: 1, Effect: list(append(numberedKeys(999), "k00001")...)}}, want: append(numberedKeys(999), "k99999")},
		"has keys of other characters":   {prefix: "k", faults: []mockgateway.Fault{{Path: "*/search-by-key", Times: 1, Effect: list(append(repeat("kü%04d", 999), "kö")...)}}, want: append(repeat("kü%04d", 999), "kö")},
		"has more keys than are counted": {held: folders(5, 250), faults: []mockgateway.Fault{{Path: "/storage/kv/flags", Effect: mockgateway.Respond(http.StatusOK, nil, `{"body":{"status":{"bucket":"flags"},"stream_info":{"state":{"num_subjects":999}}}}`)}}, want: folders(5, 250)[250:]},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway, client := newFlags()
			write(gateway, test.held...)
			for _, fault := range test.faults {
				gateway.Inject(fault)
			}
			found, err := client.EnumerateEntries(t.Context(), "flags", test.prefix)
			if err != nil {
				t.Fatal(err)
			}
			checkEntries(t, found.Entries, test.want)
			if found.Complete {
				t.Error("believed to be complete")
			}
			if requests := gateway.Count("", ""); requests > 700 {
				t.Errorf("took %d requests", requests)
			}
		})
	}
}
