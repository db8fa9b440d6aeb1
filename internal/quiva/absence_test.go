package quiva

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestProofIsShared: all who read missing entries at the same time share one proof, and
// so do those of the next five seconds.
func TestProofIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gateway, client := newOddGateway()
		gateway.put("other", `{}`)
		proofs := func(want int) {
			t.Helper()
			_, outcome := client.GetEntries(t.Context(), "flags", numberedKeys(200))
			if details := gateway.count("GET /entries") - gateway.count("GET /entries/"); outcome.Err() != nil || details != want {
				t.Errorf("error %v, %d lists for proofs, want %d", outcome.Err(), details, want)
			}
		}
		proofs(1)
		time.Sleep(proofAge) // by the bubble's clock
		proofs(1)
		time.Sleep(time.Nanosecond)
		proofs(2)
		if outcome := client.DeleteEntries(t.Context(), "flags", numberedKeys(200)); outcome.Err() != nil || len(gateway.requests) != 3*200+2*2+200 {
			t.Errorf("error %v after %d requests", outcome.Err(), len(gateway.requests))
		}
	})
}

// TestNoProofNeeded: what a complete list does not show, and what this run has deleted.
func TestNoProofNeeded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gateway, client := newOddGateway()
		gateway.put("other", `{}`)
		gateway.put("a", `{}`)
		isMissing := func(key string, requests int) {
			t.Helper()
			gateway.requests = nil
			if _, err := client.GetEntry(t.Context(), "flags", key); !errors.Is(err, ErrNotFound) || len(gateway.requests) != requests {
				t.Errorf("%s: error %v after %v", key, err, gateway.requests)
			}
		}
		if err := client.DeleteEntry(t.Context(), "flags", "a"); err != nil {
			t.Fatal(err)
		}
		isMissing("a", 1)
		if _, err := client.ListEntries(t.Context(), "flags", MaxListLimit); err != nil {
			t.Fatal(err)
		}
		isMissing("b", 1)
		// What was written since is not gone by an older list.
		if err := client.PutEntry(t.Context(), "flags", "b", []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		gateway.put("b", "") // by somebody else
		isMissing("b", 3)
		time.Sleep(proofAge + time.Second)
		isMissing("c", 3)
		isMissing("a", 1)
		if err := client.PutEntry(t.Context(), "flags", "a", []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		gateway.put("a", "") // by somebody else
		isMissing("a", 3)
	})
}

// TestOutageWithinAProof: while a proof holds, a gateway that finds nothing any more is not
// believed of what its list has shown.
func TestOutageWithinAProof(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gateway, client := newOddGateway()
		gateway.put("held", `{}`)
		if _, err := client.GetEntry(t.Context(), "flags", "a"); !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
		gateway.onRequest = func(string, string) (int, string) { return http.StatusNotFound, `{"error":"not_found"}` }
		if _, err := client.GetEntry(t.Context(), "flags", "held"); !errors.Is(err, ErrUnproven) {
			t.Errorf("error %v", err)
		}
		gateway.onRequest = nil
		time.Sleep(proofAge + time.Second)
		if _, err := client.GetEntry(t.Context(), "flags", "held"); err != nil {
			t.Errorf("error %v", err)
		}
	})
}

// TestProofWhileTheBucketIsDeleted: whatever the moment, its entries are gone with it, and
// nothing of that holds once there is a new one.
func TestProofWhileTheBucketIsDeleted(t *testing.T) {
	t.Parallel()
	for requests := range 4 {
		synctest.Test(t, func(t *testing.T) {
			gateway, client := newOddGateway()
			exists, left := true, requests
			gateway.onRequest = func(method, path string) (int, string) {
				if method == http.MethodPost {
					exists, left = true, 1000
					return http.StatusOK, ""
				}
				if left--; left < 0 {
					exists = false
				}
				switch {
				case exists:
					return 0, ""
				case path == "":
					return http.StatusOK, `{"body":{"results":[]}}`
				}
				return http.StatusNotFound, `{"error":"not_found"}`
			}
			if _, err := client.GetEntry(t.Context(), "flags", "a"); !errors.Is(err, ErrNotFound) {
				t.Errorf("deleted after %d requests: %v", requests, err)
			}
			left = -1
			if _, err := client.GetBucket(t.Context(), "flags"); !errors.Is(err, ErrNotFound) {
				t.Errorf("deleted after %d requests: %v", requests, err)
			}
			if err := client.CreateBucket(t.Context(), BucketConfig{Bucket: "flags"}); err != nil {
				t.Fatal(err)
			}
			gateway.put("a", `{}`)
			gateway.onRequest = func(_, path string) (int, string) {
				if strings.HasPrefix(path, "/flags/entries/") {
					return http.StatusNotFound, `{"error":"not_found"}`
				}
				return 0, ""
			}
			if _, err := client.GetEntry(t.Context(), "flags", "a"); !errors.Is(err, ErrUnproven) {
				t.Errorf("an entry of the new bucket: %v", err)
			}
		})
	}
}

// TestProofIsCancelled: a caller that gives up while it asks for the proof takes it from
// nobody else.
func TestProofIsCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gateway, client := newOddGateway()
		ctx, cancel := context.WithCancel(t.Context())
		gateway.onRequest = func(_, path string) (int, string) {
			if path == "/flags" {
				gateway.mu.Unlock()
				time.Sleep(time.Second)
				gateway.mu.Lock()
			}
			return 0, ""
		}
		var wait sync.WaitGroup
		wait.Go(func() {
			if _, err := client.GetEntry(ctx, "flags", "first"); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v of the one that gave up", err)
			}
		})
		synctest.Wait()
		for i := range 10 {
			wait.Go(func() {
				if _, err := client.GetEntry(t.Context(), "flags", fmt.Sprint(i)); !errors.Is(err, ErrNotFound) {
					t.Errorf("error %v", err)
				}
			})
		}
		synctest.Wait()
		cancel()
		wait.Wait()
	})
}

// TestBucketGoneInThisRun: after its deletion a bucket needs no proof, nor do its entries.
func TestBucketGoneInThisRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		exists := true
		gateway, client := newOddGateway()
		gateway.onRequest = func(method, path string) (int, string) {
			if method == http.MethodDelete && path == "/flags" {
				exists = false
				return http.StatusOK, ""
			}
			if !exists {
				return http.StatusNotFound, `{"error":"not_found"}`
			}
			return 0, ""
		}
		if err := client.DeleteBucket(t.Context(), "flags"); err != nil {
			t.Fatal(err)
		}
		for _, call := range []func() error{
			func() error { _, err := client.GetBucket(t.Context(), "flags"); return err },
			func() error { _, err := client.GetEntry(t.Context(), "flags", "a"); return err },
			func() error { _, err := client.ListEntries(t.Context(), "flags", 10); return err },
			func() error { return client.PutEntry(t.Context(), "flags", "a", []byte(`{}`)) },
		} {
			gateway.requests = nil
			if err := call(); !errors.Is(err, ErrNotFound) || len(gateway.requests) != 1 {
				t.Errorf("error %v after %v", err, gateway.requests)
			}
		}
	})
}
