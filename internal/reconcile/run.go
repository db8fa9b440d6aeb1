package reconcile

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// Run is what one run of Terraform, its plan or its apply, does to the entries
// of one gateway. It is safe for concurrent use.
type Run struct {
	client *quiva.Client
	equal  func(a, b []byte) bool

	mu      sync.Mutex
	entries map[name]*entry
	leaving map[string]bool // the buckets that are planned to be deleted
	// reading counts the objects that are being read, lastPlanned is when one was
	// read or planned last, and quietBy is when deletions stop to wait for more.
	reading     int
	lastPlanned time.Time
	quietBy     time.Time

	// active counts the calls of Apply that are under way and do not wait for a
	// hand-over; lastActive is when one last began, or ended with something done.
	active     int
	lastActive time.Time
	waiting    []*change // those that wait for a hand-over, the first one first
	handedOver bool      // whether any creation has been handed a key
	changed    chan struct{}
}

// NewRun returns a run in which nothing has happened yet. Two values are the
// same if equal says so of their JSON texts.
func NewRun(client *quiva.Client, equal func(a, b []byte) bool) *Run {
	return &Run{
		client:  client,
		equal:   equal,
		entries: map[name]*entry{},
		leaving: map[string]bool{},
		changed: make(chan struct{}),
	}
}

// name is what names an entry on a gateway.
type name struct{ bucket, key string }

// entry is what a run knows of one entry.
type entry struct {
	claim claim
	// released is the value of a key that was released, as the state had it, or
	// nil if no state knew it. isReplaced says that it was released for the
	// object that replaces the one that had it, and for no other.
	released   json.RawMessage
	isReplaced bool
	// locked is set while a call sends requests about the entry, wanted counts
	// the creations that wait for it to be let go.
	locked bool
	wanted int
	// planned is set from the plan of a creation to its beginning.
	planned bool
	// reader is the object of the state in which a refresh has found the entry.
	reader *object
	// leaving is set if an object that has the entry, or some of its properties, is
	// planned to be deleted.
	leaving bool
	// pruned is set if an object plans to delete the entry, which no object was
	// seen to hold until then.
	pruned bool
	// properties and plannedProperties are what it knows of objects that have some
	// of its properties only.
	properties        claimedProperties
	plannedProperties plannedProperties
}

// object is an object of the state that was read.
type object struct{ _ byte } // not empty: each has an address of its own

// claim is the last that a run did to an entry.
type claim int

const (
	untouched claim = iota
	// written: created, adopted or updated.
	written
	// failed: not written, though some object wanted to.
	failed
	// released: let go and left in place, for a creation to take over.
	released
	// deleted: let go and deleted.
	deleted
)

// at returns what is known of an entry. The caller holds r.mu.
func (r *Run) at(bucket, key string) *entry {
	n := name{bucket, key}
	e := r.entries[n]
	if e == nil {
		e = &entry{}
		r.entries[n] = e
	}
	return e
}

// notify wakes all who wait for a change of the run. The caller holds r.mu.
func (r *Run) notify() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// setActive counts a call that begins, ends, or starts or stops to wait. The
// caller holds r.mu.
func (r *Run) setActive(difference int) {
	r.active += difference
	r.notify()
}

// lock waits until no other call sends requests about any of the entries, and
// keeps others from doing so until unlock, which is never nil, is called. All are
// locked at once, so no two calls can wait for each other.
func (r *Run) lock(ctx context.Context, bucket string, keys []string) (unlock func(), err error) {
	for {
		if err := ctx.Err(); err != nil {
			return func() {}, err
		}
		r.mu.Lock()
		isLocked := slices.ContainsFunc(keys, func(key string) bool { return r.at(bucket, key).locked })
		if !isLocked {
			for _, key := range keys {
				r.at(bucket, key).locked = true
			}
			r.mu.Unlock()
			return func() { r.unlock(bucket, keys) }, nil
		}
		changed := r.changed
		r.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

func (r *Run) unlock(bucket string, keys []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range keys {
		r.at(bucket, key).locked = false
	}
	r.notify()
}

// setDeleted notes that entries were deleted.
func (r *Run) setDeleted(bucket string, keys []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range keys {
		r.at(bucket, key).claim = deleted
	}
	r.notify()
}
