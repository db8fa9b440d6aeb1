package quiva_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// asks is how many entries are asked for before a list pays.
const asks = 12

// newBulkClient returns a client that has asked for so many entries that the
// next one fetches the bucket's list.
func newBulkClient(t *testing.T, gateway *mockgateway.Server, buckets ...string) *quiva.Client {
	t.Helper()
	client := newClient(t, gateway.URL, func(c *quiva.Config) {
		c.BulkRefresh, c.MaxRetries, c.RequestTimeout = true, 5, 2*time.Second
	})
	for _, bucket := range append(buckets, "flags") {
		for range asks {
			if _, ok := client.ListedEntry(t.Context(), bucket, "a"); ok {
				t.Fatal("a list was fetched for the first entries")
			}
		}
	}
	if asked := gateway.Count("", ""); asked != 0 {
		t.Fatalf("%d requests before a list pays", asked)
	}
	return client
}

func TestListedEntry(t *testing.T) {
	t.Parallel()
	for _, asText := range []bool{false, true} {
		gateway := newGateway(t)
		gateway.SetStringValues(asText)
		gateway.CreateBucket("limits")
		for i := range 50 {
			gateway.PutEntry("flags", fmt.Sprint("k/", i), fmt.Sprintf(`{"n":9007199254740993.%d}`, i))
			gateway.PutEntry("limits", fmt.Sprint("k/", i), fmt.Sprintf(`{"limit":%d}`, i))
		}
		client := newBulkClient(t, gateway, "limits")
		var wait sync.WaitGroup
		for i := range 64 {
			wait.Go(func() {
				bucket, want := "flags", fmt.Sprintf(`{"n":9007199254740993.%d}`, i)
				if i%2 == 1 {
					bucket, want = "limits", fmt.Sprintf(`{"limit":%d}`, i)
				}
				entry, ok := client.ListedEntry(t.Context(), bucket, fmt.Sprint("k/", i))
				if ok != (i < 50) || ok && string(entry.Value) != want {
					t.Errorf("%s: entry %d is %s, %t", bucket, i, entry.Value, ok)
				}
			})
		}
		wait.Wait()
		want := 2
		if asText {
			want++ // the entry that tells how lists give values
		}
		if asked := gateway.Count("", ""); asked != want {
			t.Errorf("%d requests, want one list for each bucket", asked)
		}
	}
}

// TestListedEntryAfterWrite: a key that was written, before, while or after the
// list was fetched, is not served from it.
func TestListedEntryAfterWrite(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	for _, key := range []string{"before", "while", "after", "deleted", "kept"} {
		gateway.PutEntry("flags", key, `{"n":1}`)
	}
	client := newBulkClient(t, gateway)
	ctx := t.Context()
	put := func(key string) {
		if err := client.PutEntry(ctx, "flags", key, []byte(`{"n":2}`)); err != nil {
			t.Error(err)
		}
	}
	put("before") // no list yet: the list will have it
	gateway.SetRequestHook(func(r mockgateway.Request) {
		if strings.HasSuffix(r.Path, "/entries") {
			gateway.SetRequestHook(nil)
			// The list is made, its response not yet sent.
			put("while")
		}
	})
	client.ListedEntry(ctx, "flags", "kept")
	put("after")
	if err := client.DeleteEntry(ctx, "flags", "deleted"); err != nil {
		t.Error(err)
	}
	for key, want := range map[string]string{"before": `{"n":2}`, "while": "", "after": "", "deleted": "", "kept": `{"n":1}`} {
		entry, ok := client.ListedEntry(ctx, "flags", key)
		if ok != (want != "") || string(entry.Value) != want {
			t.Errorf("%s is %q, %t; want %q", key, entry.Value, ok, want)
		}
	}
}

// TestListedEntryWithoutList: whatever keeps the list from coming, it is tried
// once, and the caller told to read the entry itself.
func TestListedEntryWithoutList(t *testing.T) {
	t.Parallel()
	effects := map[string]mockgateway.Effect{
		"forbidden": mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`),
		"failing":   mockgateway.Respond(http.StatusInternalServerError, nil, `{"error":"internal_error"}`),
		"dropped":   mockgateway.Drop(),
		"html":      mockgateway.Respond(http.StatusOK, nil, "<html>"),
		"no key":    mockgateway.Respond(http.StatusOK, nil, `{"body":{"results":[{"value":{}}]}}`),
		"hanging":   mockgateway.Hang(),
		"too large": mockgateway.Stream(http.StatusOK, nil, func() io.Reader { return endless{} }),
	}
	for name, effect := range effects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "a", `{}`)
			gateway.Inject(mockgateway.Fault{Path: "*/entries", Effect: effect})
			client := newBulkClient(t, gateway)
			for range 20 {
				if entry, ok := client.ListedEntry(t.Context(), "flags", "a"); ok {
					t.Errorf("a list that did not come has %s", entry.Value)
				}
			}
			if asked := gateway.Count("", ""); asked != 1 {
				t.Errorf("%d requests, want the list to be tried once", asked)
			}
		})
	}
}

// TestListedEntryRateLimited: a list that is only rejected for its rate is
// waited for.
func TestListedEntryRateLimited(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "a", `{}`)
	gateway.Inject(mockgateway.Fault{Times: 1, Effect: mockgateway.Respond(http.StatusTooManyRequests, http.Header{"Retry-After": {"0"}}, "slow down")})
	if _, ok := newBulkClient(t, gateway).ListedEntry(t.Context(), "flags", "a"); !ok {
		t.Error("the list was not tried again")
	}
}

// TestListedEntryCancelled: a caller that gives up leaves the others a list.
func TestListedEntryCancelled(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "a", `{}`)
	injection := gateway.Inject(mockgateway.Fault{Times: 1, Effect: mockgateway.Hang()})
	client := newBulkClient(t, gateway)
	ctx, cancel := context.WithCancel(t.Context())
	var first sync.WaitGroup
	first.Go(func() {
		if _, ok := client.ListedEntry(ctx, "flags", "a"); ok {
			t.Error("a hanging list has an entry")
		}
	})
	<-injection.Reached(1)
	cancel()
	first.Wait()
	if _, ok := client.ListedEntry(t.Context(), "flags", "a"); !ok {
		t.Error("the next caller gets no list")
	}
}

func TestListedEntryOff(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	client := newClient(t, gateway.URL, nil)
	for range 3 * asks {
		if _, ok := client.ListedEntry(t.Context(), "flags", "a"); ok {
			t.Error("a list was fetched")
		}
	}
	if asked := gateway.Count("", ""); asked != 0 {
		t.Errorf("%d requests", asked)
	}
}
