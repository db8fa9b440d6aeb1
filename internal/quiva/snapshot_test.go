package quiva

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// newBulkClient returns a client that has asked for so many entries that the
// next one fetches the bucket's list.
func newBulkClient(t *testing.T, gateway *mockgateway.Gateway, buckets ...string) *Client {
	t.Helper()
	client := inMemory(gateway, func(c *Config) { c.BulkRefresh, c.Digest = true, digest })
	for _, bucket := range append(buckets, "flags") {
		for range bulkThreshold {
			if _, ok := client.ListedDigest(t.Context(), bucket, "a"); ok {
				t.Fatal("a list was fetched for the first entries")
			}
		}
	}
	if asked := gateway.Count("", ""); asked != 0 {
		t.Fatalf("%d requests before a list pays", asked)
	}
	return client
}

// digest is a [Config]'s: values are equal if their texts are. It fails for
// null.
func digest(value []byte) (Digest, error) {
	if string(value) == "null" {
		return Digest{}, errors.New("null")
	}
	return sha256.Sum256(value), nil
}

func TestListedDigest(t *testing.T) {
	t.Parallel()
	for _, asText := range []bool{false, true} {
		gateway, _ := newFlags()
		gateway.SetDialect(mockgateway.Dialect{StringLists: asText})
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
				listed, ok := client.ListedDigest(t.Context(), bucket, fmt.Sprint("k/", i))
				if ok != (i < 50) || ok && listed != sha256.Sum256([]byte(want)) {
					t.Errorf("%s: entry %d is not %s, %t", bucket, i, want, ok)
				}
			})
		}
		wait.Wait()
		if asked := gateway.Count("", ""); asked != 2 {
			t.Errorf("%d requests, want one list for each bucket", asked)
		}
	}
}

// TestListedDigestAfterWrite: a key that was written, before, while or after the
// list was fetched, is not served from it.
func TestListedDigestAfterWrite(t *testing.T) {
	t.Parallel()
	gateway, _ := newFlags()
	write(gateway, "before", "while", "after", "deleted", "kept")
	client := newBulkClient(t, gateway)
	ctx := t.Context()
	put := func(key string) {
		if err := client.PutEntry(ctx, "flags", key, []byte(`{"n":2}`)); err != nil {
			t.Error(err)
		}
	}
	put("before") // no list yet: the list will have it
	whileListed(gateway, func() { put("while") })
	client.ListedDigest(ctx, "flags", "kept")
	put("after")
	if err := client.DeleteEntry(ctx, "flags", "deleted"); err != nil {
		t.Error(err)
	}
	for key, want := range map[string]string{"before": `{"n":2}`, "while": "", "after": "", "deleted": "", "kept": valueOf("kept")} {
		listed, ok := client.ListedDigest(ctx, "flags", key)
		if ok != (want != "") || ok && listed != sha256.Sum256([]byte(want)) {
			t.Errorf("%s is not %q, %t", key, want, ok)
		}
	}
}

// whileListed does something once a list is made, before its response is sent.
func whileListed(gateway *mockgateway.Gateway, do func()) {
	gateway.SetRequestHook(func(r mockgateway.Request) {
		if strings.HasSuffix(r.Path, "/entries") {
			gateway.SetRequestHook(nil)
			do()
		}
	})
}

// TestListedDigestAfterPurge: no key is served from a list that may be from before
// a purge, and the next list is fetched.
func TestListedDigestAfterPurge(t *testing.T) {
	t.Parallel()
	for _, isWhile := range []bool{false, true} {
		gateway, _ := newFlags()
		write(gateway, "a", "b")
		client := newBulkClient(t, gateway)
		purge := func() {
			if err := client.PurgeBucket(t.Context(), "flags"); err != nil {
				t.Error(err)
			}
		}
		if isWhile {
			whileListed(gateway, purge)
		}
		if _, ok := client.ListedDigest(t.Context(), "flags", "a"); ok == isWhile {
			t.Errorf("served from a list before a purge: %t, while: %t", ok, isWhile)
		}
		if !isWhile {
			purge()
		}
		gateway.PutEntry("flags", "b", `{"n":2}`)
		if listed, ok := client.ListedDigest(t.Context(), "flags", "b"); !ok || listed != sha256.Sum256([]byte(`{"n":2}`)) {
			t.Errorf("after the purge, an entry is not what it is, %t", ok)
		}
	}
}

// TestListedDigestWithoutList: whatever keeps the list from coming, it is tried
// once, and the caller told to read the entry itself.
func TestListedDigestWithoutList(t *testing.T) {
	t.Parallel()
	effects := map[string]mockgateway.Effect{
		"forbidden": mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`),
		"dropped":   mockgateway.Drop(),
		"no digest": mockgateway.Respond(http.StatusOK, nil, `{"body":{"results":[{"key":"a","value":null}]}}`),
		"hanging":   mockgateway.Hang(),
	}
	for name, effect := range effects {
		withFlags(t, func(t *testing.T, gateway *mockgateway.Gateway) {
			gateway.PutEntry("flags", "a", `{}`)
			gateway.Inject(mockgateway.Fault{Path: "*/entries", Effect: effect})
			client := newBulkClient(t, gateway)
			for range 20 {
				if _, ok := client.ListedDigest(t.Context(), "flags", "a"); ok {
					t.Error("a list that did not come has an entry")
				}
			}
			if asked := gateway.Count("", ""); asked != 1 {
				t.Errorf("%s: %d requests, want the list to be tried once", name, asked)
			}
		})
	}
}

// TestListedDigestRateLimited: a list that is only rejected for its rate is
// waited for.
func TestListedDigestRateLimited(t *testing.T) {
	t.Parallel()
	withFlags(t, func(t *testing.T, gateway *mockgateway.Gateway) {
		gateway.PutEntry("flags", "a", `{}`)
		gateway.Inject(mockgateway.Fault{Times: 1, Effect: mockgateway.Respond(http.StatusTooManyRequests, nil, "slow down")})
		if _, ok := newBulkClient(t, gateway).ListedDigest(t.Context(), "flags", "a"); !ok {
			t.Error("the list was not tried again")
		}
	})
}

// TestListedDigestCancelled: a caller that gives up leaves the others a list.
func TestListedDigestCancelled(t *testing.T) {
	t.Parallel()
	gateway, _ := newFlags()
	gateway.PutEntry("flags", "a", `{}`)
	hanging := gateway.Inject(mockgateway.Fault{Times: 1, Effect: mockgateway.Hang()})
	client := newBulkClient(t, gateway)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-hanging.Reached(1)
		cancel()
	}()
	if _, ok := client.ListedDigest(ctx, "flags", "a"); ok {
		t.Error("a hanging list has an entry")
	}
	if _, ok := client.ListedDigest(t.Context(), "flags", "a"); !ok {
		t.Error("the next caller gets no list")
	}
}

// TestListsTakeNoMemory: the values of lists are let go of as they arrive, so that
// three of 4 MB need less than one of them would, also in the middle of the last.
func TestListsTakeNoMemory(t *testing.T) { // not parallel: it measures what all tests have in memory
	const buckets, entries, size, limit = 3, 1000, 4 << 10, 3 << 20
	text := strings.Builder{}
	text.WriteString(`{"body":{"results":[{"key":"a","value":{}}`)
	for i := range entries {
		fmt.Fprintf(&text, `,{"key":"k%d","value":{"text":"%s"}}`, i, strings.Repeat("x", size))
	}
	text.WriteString("]}}")
	gateway := newGateway(t)
	gateway.Inject(mockgateway.Fault{Path: "*/entries", Effect: mockgateway.Stream(http.StatusOK, nil, func() io.Reader { return strings.NewReader(text.String()) })})

	live := func() uint64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := live()
	var digests int
	var peak uint64
	client := newClient(t, gateway.URL, func(c *Config) {
		c.BulkRefresh, c.RequestTimeout = true, time.Minute
		c.Digest = func(value []byte) (Digest, error) {
			if digests++; digests%entries == entries/2 {
				peak = max(peak, live())
			}
			return digest(value)
		}
	})
	for i := range buckets {
		bucket, isListed := fmt.Sprint("bucket-", i), false
		for range bulkThreshold + 1 {
			_, isListed = client.ListedDigest(t.Context(), bucket, "a")
		}
		if !isListed {
			t.Errorf("%s was not listed", bucket)
		}
	}
	peak = max(peak, live())
	if taken := int64(peak) - int64(before); taken > limit {
		t.Errorf("%d lists took %d bytes, of %d", buckets, taken, buckets*text.Len())
	}
	runtime.KeepAlive(client)
}

// TestSnapshotAge: a list is not served once it is 30 seconds old, counted from
// when it was asked for.
func TestSnapshotAge(t *testing.T) {
	t.Parallel()
	withFlags(t, func(t *testing.T, gateway *mockgateway.Gateway) {
		write(gateway, "a")
		client := newBulkClient(t, gateway)
		for want, wait := range map[int]time.Duration{1: snapshotAge, 2: snapshotAge + time.Nanosecond} {
			gateway.ResetRequests()
			client.snapshots.forgetBucket("flags")
			client.ListedDigest(t.Context(), "flags", "a")
			time.Sleep(wait)
			if _, ok := client.ListedDigest(t.Context(), "flags", "a"); !ok || gateway.Count("", "") != want {
				t.Errorf("%t, with %d lists within %s", ok, gateway.Count("", ""), wait)
			}
		}
	})
}

// TestListedDigestSlow: a list that is too old when it comes serves those who have waited
// for it, and nobody waits for another.
func TestListedDigestSlow(t *testing.T) {
	t.Parallel()
	withFlags(t, func(t *testing.T, gateway *mockgateway.Gateway) {
		write(gateway, "a")
		client := newBulkClient(t, gateway)
		gateway.SetLatency(snapshotAge + time.Second)
		for i := range 20 {
			if _, ok := client.ListedDigest(t.Context(), "flags", "a"); ok != (i == 0) {
				t.Errorf("call %d is served from a list: %t", i, ok)
			}
		}
		if asked := gateway.Count("", ""); asked != 1 {
			t.Errorf("%d lists", asked)
		}
	})
}
