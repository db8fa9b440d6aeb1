package quiva

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestSeenEntriesForLong: however long an apply lasts, a list stands for the reads of
// five seconds.
func TestSeenEntriesForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const count, width, latency = 300, 10, 2 * time.Second
		gateway := mockgateway.NewGateway()
		gateway.CreateBucket("flags")
		client := inMemory(gateway)
		for i := range count {
			gateway.PutEntry("flags", fmt.Sprint("k", i), `{"n":1}`)
		}
		gateway.SetLatency(latency)
		begun := time.Now()
		var workers sync.WaitGroup
		for worker := range width {
			workers.Go(func() {
				for i := worker; i < count; i += width {
					value := map[string]json.RawMessage{fmt.Sprint("k", i): json.RawMessage(`{"n":2}`)}
					if err := client.PutSeenEntries(t.Context(), "flags", value, func(string) Seen { return Seen{Value: json.RawMessage(`{"n":1}`)} }).Err(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		workers.Wait()
		took := time.Since(begun)
		lists := int(took / seenAge)
		if more := len(gateway.Requests()) - count; took < time.Minute || more > 14+lists || more > 40 {
			t.Errorf("%d updates in %s sent %d requests more", count, took, more)
		}
	})
}

// TestSeenEntriesAge: what a list shows counts as seen for five seconds and no longer.
func TestSeenEntriesAge(t *testing.T) {
	t.Parallel()
	withFlags(t, func(t *testing.T, gateway *mockgateway.Gateway) {
		write(gateway, "a")
		client := newBulkClient(t, gateway)
		if _, ok := client.ListedDigest(t.Context(), "flags", "a"); !ok {
			t.Fatal("there is no list")
		}
		gateway.PutEntry("flags", "a", `{"of":"others"}`)
		time.Sleep(seenAge + time.Nanosecond) // by the bubble's clock
		outcome := client.DeleteSeenEntries(t.Context(), "flags", []string{"a"}, func(key string) Seen { return Seen{Value: json.RawMessage(valueOf(key))} })
		if _, isRefused := errors.AsType[*ChangedError](outcome.Err()); !isRefused {
			t.Errorf("deleted an entry of others, error %v", outcome.Err())
		}
	})
}
