package quiva

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestGivingUpTogether: once one request has used up its tries, the others try once.
// The first error says why, all others refer to it.
func TestGivingUpTogether(t *testing.T) {
	t.Parallel()
	gateway, client := newBatchGateway(t)
	client.http.RetryMax = 1
	gateway.Close()
	const workers, requests = 10, 60
	var (
		mu       sync.Mutex
		attempts int
		referred = map[string]int{} // how often errors are about which one
	)
	inParallel(workers, requests, func(i int) {
		_, err := client.GetEntry(t.Context(), "flags", fmt.Sprint(i))
		failure, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("got %v", err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		attempts += failure.Attempts
		_, about, isOther := strings.Cut(failure.Cause, "the gateway is still unreachable, see the error about ")
		if isOther != errors.Is(err, ErrStillUnreachable) || !isOther && !strings.Contains(failure.Cause, "connection refused") {
			t.Errorf("got %v", err)
		} else if !isOther {
			about = failure.Method + " " + failure.Path
		}
		referred[about]++
	})
	if len(referred) != 1 {
		t.Errorf("the errors are about %v, want all to refer to one", referred)
	}
	if most := requests + workers; attempts > most {
		t.Errorf("%d attempts, want %d at most", attempts, most)
	}

	gateway.Restart()
	gateway.PutEntry("flags", "a", `{}`)
	if _, err := client.GetEntry(t.Context(), "flags", "a"); err != nil {
		t.Fatal(err)
	}
	gateway.Inject(mockgateway.Fault{Times: 1, Effect: mockgateway.Truncate()})
	if _, err := client.GetEntry(t.Context(), "flags", "a"); err != nil {
		t.Errorf("after an outage, nothing is retried: %v", err)
	}
}

// TestOneRequestFails: where others get a response, a request that gets none is
// no outage.
func TestOneRequestFails(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	o := &outage{}
	o.end()
	if first := o.begin("GET /a", begun); first != "" || o.isOngoing() {
		t.Errorf("it is an outage, found by %q", first)
	}
	if first := o.begin("GET /a", time.Now().Add(time.Second)); first != "" || !o.isOngoing() {
		t.Errorf("it is no outage, or found by %q", first)
	}
	if first := o.begin("GET /b", begun); first != "GET /a" {
		t.Errorf("it was found by %q", first)
	}
	o.end()
	if o.isOngoing() {
		t.Error("it goes on after a response")
	}
}
