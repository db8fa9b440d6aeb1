package reconcile

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// Apply is what a run has done to the entries of one gateway. It is safe for
// concurrent use.
type Apply struct {
	client *quiva.Client
	equal  func(a, b []byte) bool

	mu      sync.Mutex
	entries map[entryName]*entry
	purged  map[string]bool // buckets

	// active counts the calls of [Apply.Change] that are under way and do not wait
	// for a hand-over; lastActive is when one last began, or ended with something
	// done.
	active     int
	lastActive time.Time
	waiting    []*change // those that wait for a hand-over, the first one first
	handedOver bool      // whether any creation has been handed a key
	changed    chan struct{}
}

// NewApply returns a run that has done nothing yet. Two values are the same if equal
// says so of their JSON texts.
func NewApply(client *quiva.Client, equal func(a, b []byte) bool) *Apply {
	return &Apply{
		client:  client,
		equal:   equal,
		entries: map[entryName]*entry{},
		purged:  map[string]bool{},
		changed: make(chan struct{}),
	}
}

// entry is what a run knows of one entry.
type entry struct {
	claim claim
	// released is the value of a key that was released, as the state had it, or
	// nil if no state knew it.
	released json.RawMessage
	// isLocked is set while a call sends requests about the entry, creationsWaiting
	// counts those that wait for it to be let go.
	isLocked         bool
	creationsWaiting int
	// properties is what it knows of objects that have some of its properties only.
	properties claimedProperties
}

// claim is the last that a run did to an entry.
type claim int

const (
	untouched claim = iota
	// written: created, adopted, updated, or kept by an object that was updated.
	written
	// failed: not written, though some object wanted to.
	failed
	// released: let go and left in place, for a creation to take over.
	released
	// deleted: let go and deleted.
	deleted
)

// at returns what is known of an entry. The caller holds a.mu.
func (a *Apply) at(bucket, key string) *entry {
	n := entryName{bucket, key}
	e := a.entries[n]
	if e == nil {
		e = &entry{}
		if a.purged[bucket] {
			e.claim = deleted
		}
		a.entries[n] = e
	}
	return e
}

// notify wakes all who wait for a change of the run. The caller holds a.mu.
func (a *Apply) notify() {
	close(a.changed)
	a.changed = make(chan struct{})
}

// setActive counts a call that begins, ends, or starts or stops to wait. The
// caller holds a.mu.
func (a *Apply) setActive(difference int) {
	a.active += difference
	a.notify()
}

// lock waits until no other call sends requests about any of the entries, and
// keeps others from doing so until unlock, which is never nil, is called. All are
// locked at once, so no two calls can wait for each other.
func (a *Apply) lock(ctx context.Context, bucket string, keys []string) (unlock func(), err error) {
	for {
		if err := ctx.Err(); err != nil {
			return func() {}, err
		}
		a.mu.Lock()
		if !slices.ContainsFunc(keys, func(key string) bool { return a.at(bucket, key).isLocked }) {
			for _, key := range keys {
				a.at(bucket, key).isLocked = true
			}
			a.mu.Unlock()
			return func() { a.update(bucket, keys, func(_ string, e *entry) { e.isLocked = false }) }, nil
		}
		changed := a.changed
		a.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// setDeleted notes that entries were deleted.
func (a *Apply) setDeleted(bucket string, keys []string) {
	a.update(bucket, keys, func(_ string, e *entry) { e.claim = deleted })
}

// update changes what is known of entries, and wakes all who wait for that.
func (a *Apply) update(bucket string, keys []string, change func(key string, e *entry)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, key := range keys {
		change(key, a.at(bucket, key))
	}
	a.notify()
}
