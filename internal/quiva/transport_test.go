package quiva

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// inParallel calls work for each of n numbers, on so many workers at a time.
func inParallel(workers, n int, work func(i int)) {
	numbers := make(chan int)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := range numbers {
				work(i)
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	group.Wait()
}

// TestConnections: there are about as many connections as requests at a time,
// and all are used again. net/http may dial for a request that then takes one that
// has become idle, so in the worst case there are twice as many.
func TestConnections(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 10, 64} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			t.Parallel()
			gateway, client := newBatchGateway(t)
			gateway.SetLatency(5 * time.Millisecond)
			inParallel(workers, 1000, func(i int) {
				if err := client.PutEntry(t.Context(), "flags", fmt.Sprint(i), []byte(`{}`)); err != nil {
					t.Error(err)
				}
			})
			if opened := gateway.Connections(); opened > 2*workers {
				t.Errorf("%d connections for %d requests at a time", opened, workers)
			}
		})
	}
}

// TestConnectionsCapped: no more connections are opened than the client may keep.
func TestConnectionsCapped(t *testing.T) {
	t.Parallel()
	gateway, client := newBatchGateway(t)
	gateway.SetLatency(100 * time.Millisecond)
	inParallel(2*maxConnections, 2*maxConnections, func(i int) {
		if err := client.PutEntry(t.Context(), "flags", fmt.Sprint(i), []byte(`{}`)); err != nil {
			t.Error(err)
		}
	})
	if opened := gateway.Connections(); opened > maxConnections {
		t.Errorf("%d connections, want %d at most", opened, maxConnections)
	}
}
