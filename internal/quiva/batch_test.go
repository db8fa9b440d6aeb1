package quiva

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// newBatchGateway starts a gateway and returns it with a client.
func newBatchGateway(t *testing.T) (*mockgateway.Server, *Client) {
	t.Helper()
	gateway := newGateway(t)
	return gateway, newClient(t, gateway.URL, nil)
}

// newFlags is newBatchGateway without a network.
func newFlags() (*mockgateway.Gateway, *Client) {
	gateway := mockgateway.NewGateway()
	gateway.CreateBucket("flags")
	return gateway, inMemory(gateway, func(c *Config) { c.BulkRefresh, c.MaxRetries = true, 0 })
}

// numberedKeys returns so many sorted keys.
func numberedKeys(count int) []string {
	keys := make([]string, count)
	for i := range keys {
		keys[i] = fmt.Sprintf("k%05d", i)
	}
	return keys
}

// checkSettled fails unless each key of a batch is in exactly one of its parts.
func checkSettled(t *testing.T, keys []string, outcome BatchResult) {
	t.Helper()
	settled := slices.Concat(outcome.Done, slices.Collect(maps.Keys(outcome.Failed)), outcome.Untried)
	slices.Sort(settled)
	if !slices.Equal(settled, slices.Sorted(slices.Values(keys))) {
		t.Errorf("%d done, %d failed and %d untried do not make up the %d keys", len(outcome.Done), len(outcome.Failed), len(outcome.Untried), len(keys))
	}
}

// TestBatchWidth: 64 calls at a time, and a free place is taken at once.
func TestBatchWidth(t *testing.T) {
	t.Parallel()
	for _, count := range []int{0, 1, 63, 64, 65, 320, 1000} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			underWay, most := 0, 0
			keys := numberedKeys(count)
			start := time.Now()
			outcome := batch(t.Context(), keys, func(string) error {
				mu.Lock()
				underWay++
				most = max(most, underWay)
				mu.Unlock()
				time.Sleep(time.Second) // by the bubble's clock: takes no time
				mu.Lock()
				underWay--
				mu.Unlock()
				return nil
			})
			checkSettled(t, keys, outcome)
			if want := min(count, 64); most != want {
				t.Errorf("%d calls: %d at a time, want %d", count, most, want)
			}
			if took, want := time.Since(start), time.Duration((count+63)/64)*time.Second; took != want {
				t.Errorf("%d calls took %s, want %s", count, took, want)
			}
			if len(outcome.Done) != count || outcome.Err() != nil {
				t.Errorf("%d of %d calls are done, error %v", len(outcome.Done), count, outcome.Err())
			}
		})
	}
}

// TestBatchFailures: what is only about its own key stops nothing, all else
// stops what has not begun.
func TestBatchFailures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err   error
		stops bool
	}{
		"400":         {&Error{StatusCode: http.StatusBadRequest}, false},
		"401":         {&Error{StatusCode: http.StatusUnauthorized}, true},
		"404":         {&Error{StatusCode: http.StatusNotFound, kind: ErrNotFound}, true},
		"500":         {&Error{StatusCode: http.StatusInternalServerError}, true},
		"no response": {&Error{Cause: "connection refused"}, true},
		"no status":   {errors.New("anything"), true},
	}
	for name, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			keys := numberedKeys(1000)
			outcome := batch(t.Context(), keys, func(key string) error {
				// The first call fails when 63 others are done and as many
				// have taken their places.
				if key == keys[0] {
					time.Sleep(1500 * time.Millisecond) // by the bubble's clock
					return test.err
				}
				time.Sleep(time.Second) // likewise
				return nil
			})
			checkSettled(t, keys, outcome)
			if len(outcome.Failed) != 1 || !errors.Is(outcome.Err(), test.err) {
				t.Errorf("%s: failed: %v", name, outcome.Failed)
			}
			want := 0
			if test.stops {
				want = 1000 - 127
			}
			if got := len(outcome.Untried); got != want {
				t.Errorf("%s: %d were not tried, want %d", name, got, want)
			}
		})
	}
}

// TestBatchErr: of several errors, the one that stopped the batch says most.
func TestBatchErr(t *testing.T) {
	t.Parallel()
	rejected := &Error{StatusCode: http.StatusBadRequest}
	refused := &Error{StatusCode: http.StatusUnauthorized}
	failing := &Error{StatusCode: http.StatusInternalServerError}
	tests := map[string]struct {
		failed map[string]error
		want   error
	}{
		"none":               {nil, nil},
		"the first":          {map[string]error{"b": failing, "a": refused, "c": failing}, refused},
		"not of one key":     {map[string]error{"a": rejected, "b": rejected, "c": refused, "d": failing}, refused},
		"context":            {map[string]error{"a": rejected, "b": context.Canceled}, context.Canceled},
		"only of their keys": {map[string]error{"a": rejected, "b": &Error{StatusCode: http.StatusBadRequest}}, rejected},
	}
	for name, test := range tests {
		if got := (BatchResult{Failed: test.failed}).Err(); got != test.want { //nolint:errorlint // the very error is wanted
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

// TestBatchCancelled: a context that ends is an error, whenever that is.
func TestBatchCancelled(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ calls, untried int }{"before": {0, 2}, "after": {3, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if test.calls == 0 {
				cancel()
			}
			var calls atomic.Int64
			keys := numberedKeys(3)
			outcome := batch(ctx, keys, func(string) error {
				if calls.Add(1) == int64(len(keys)) {
					cancel()
				}
				return nil
			})
			checkSettled(t, keys, outcome)
			if int(calls.Load()) != test.calls || len(outcome.Untried) != test.untried || errors.Is(outcome.Err(), context.Canceled) != (test.calls == 0) {
				t.Errorf("error %v after %d calls, untried %v", outcome.Err(), calls.Load(), outcome.Untried)
			}
			if empty := batch(ctx, nil, nil); empty.Err() != nil {
				t.Errorf("nothing to do gave %v", empty.Err())
			}
		})
	}
	t.Run("while requests hang", func(t *testing.T) {
		t.Parallel()
		withFlags(t, func(t *testing.T, gateway *mockgateway.Gateway) {
			hanging := gateway.Inject(mockgateway.Fault{After: 21, Effect: mockgateway.Hang()})
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-hanging.Reached(batchWidth)
				cancel()
			}()
			keys := numberedKeys(100)
			outcome := inMemory(gateway).PutEntries(ctx, "flags", objects(keys))
			checkSettled(t, keys, outcome)
			if !errors.Is(outcome.Err(), context.Canceled) || len(outcome.Done) != 20 || len(outcome.Failed) != batchWidth {
				t.Errorf("error %v, %d done, %d failed", outcome.Err(), len(outcome.Done), len(outcome.Failed))
			}
		})
	})
}

// objects returns a value for each key.
func objects(keys []string) map[string]json.RawMessage {
	values := make(map[string]json.RawMessage, len(keys))
	for _, key := range keys {
		values[key] = json.RawMessage(fmt.Sprintf(`{"key":%q}`, key))
	}
	return values
}

// TestEntriesFail: a missing bucket is asked for no more often than requests were on their way.
func TestEntriesFail(t *testing.T) {
	t.Parallel()
	keys := numberedKeys(500)
	gateway, client := newFlags()
	outcome := client.PutEntries(t.Context(), "absent", objects(keys))
	checkSettled(t, keys, outcome)
	if asked := gateway.Count("", ""); !errors.Is(outcome.Err(), ErrNotFound) || asked > batchWidth+2 {
		t.Errorf("error %v after %d requests", outcome.Err(), asked)
	}
	if mixed := client.PutEntries(t.Context(), "absent", objects([]string{" ", "a", "b"})).Err(); !errors.Is(mixed, ErrNotFound) {
		t.Errorf("error %v, want the one about the bucket", mixed)
	}
	// What is not there need not be deleted.
	if deleted := client.DeleteEntries(t.Context(), "absent", keys); deleted.Err() != nil || len(deleted.Done) != len(keys) {
		t.Errorf("deleting gave %v", deleted.Err())
	}
}
