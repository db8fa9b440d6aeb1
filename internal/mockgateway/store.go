package mockgateway

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

var (
	// By default the two read alike: the documented gateway does not say which is
	// missing.
	errNoBucket     = errors.New("not_found")
	errNoKey        = errors.New("not_found")
	errBucketExists = errors.New("bucket already exists")
)

// store is the JetStream behind the gateway. It knows sizes, revisions and what
// exists; names and values are checked before they come here.
type store struct {
	mu      sync.RWMutex
	buckets map[string]*bucket
}

// bucket is a stream: every write to any of its keys gets the next sequence
// number.
type bucket struct {
	config        BucketConfig
	indexVersion  int
	created       time.Time
	sequence      uint64
	bytes         int64
	revisionsKept int
	entries       map[string][]revision // oldest first, never empty
	deletions     map[string]bool       // the marks that deleted keys leave
	writes        map[string]int        // survives the deletion of the entry
}

// revision is one write to a key that is still kept.
type revision struct {
	sequence uint64
	value    string
}

// entry is a key with its latest value.
type entry struct {
	key      string
	value    string
	sequence uint64
}

func newStore() *store {
	return &store{buckets: map[string]*bucket{}}
}

func (s *store) create(config BucketConfig) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[config.Name] != nil {
		return errBucketExists
	}
	b := &bucket{
		config: config, created: time.Now().UTC(),
		entries: map[string][]revision{}, deletions: map[string]bool{}, writes: map[string]int{},
	}
	if config.Indexing != nil {
		b.indexVersion = 1
	}
	s.buckets[config.Name] = b
	return nil
}

// view runs read on a bucket that must exist.
func (s *store) view(name string, read func(*bucket)) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.buckets[name] == nil {
		return errNoBucket
	}
	read(s.buckets[name])
	return nil
}

// change runs write on a bucket that must exist.
func (s *store) change(name string, write func(*bucket) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[name] == nil {
		return errNoBucket
	}
	return write(s.buckets[name])
}

func (s *store) remove(name string) error {
	return s.change(name, func(*bucket) error {
		delete(s.buckets, name)
		return nil
	})
}

// viewAll runs read on every bucket, in the order of their names.
func (s *store) viewAll(read func(*bucket)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, name := range slices.Sorted(maps.Keys(s.buckets)) {
		read(s.buckets[name])
	}
}

func (b *bucket) value(key string) (string, error) {
	revisions := b.entries[key]
	if len(revisions) == 0 {
		return "", errNoKey
	}
	return revisions[len(revisions)-1].value, nil
}

// put keeps a new revision of key. A write that the bucket's limits forbid
// changes nothing.
func (b *bucket) put(key, value string) error {
	if limit := b.config.MaxValueSize; limit > 0 && len(value) > int(limit) {
		return fmt.Errorf("the value's %d bytes exceed the bucket's max_value_size of %d", len(value), limit)
	}
	revisions := b.entries[key]
	var displaced []revision
	if n := len(revisions); n == b.config.History {
		displaced = revisions[:1]
	}
	bytes := b.bytes - size(key, displaced) + int64(len(key)+len(value))
	if limit := b.config.MaxBytes; limit > 0 && bytes > limit {
		return fmt.Errorf("the write would make the bucket %d bytes, over its max_bytes of %d", bytes, limit)
	}
	b.sequence++
	b.bytes = bytes
	b.revisionsKept += 1 - len(displaced)
	delete(b.deletions, key)
	b.entries[key] = append(slices.Clone(revisions[len(displaced):]),
		revision{sequence: b.sequence, value: value})
	b.writes[key]++
	return nil
}

// delete removes an entry with all of its revisions and leaves a mark, as a
// JetStream does, which counts the mark as a message and its key as a subject
// until the bucket is purged. It would keep the entry's history, too; no call of
// the API shows that.
func (b *bucket) delete(key string) error {
	revisions := b.entries[key]
	if len(revisions) == 0 {
		return errNoKey
	}
	b.sequence++
	b.bytes -= size(key, revisions)
	b.revisionsKept -= len(revisions)
	delete(b.entries, key)
	b.deletions[key] = true
	return nil
}

func (b *bucket) purge() {
	b.bytes, b.revisionsKept = 0, 0
	clear(b.entries)
	clear(b.deletions)
}

// latest returns the entries whose keys match pattern, the last written first,
// limit of them at most.
func (b *bucket) latest(pattern string, limit int) []entry {
	var found []entry
	for key, revisions := range b.entries {
		if matchPattern(pattern, key) {
			last := revisions[len(revisions)-1]
			found = append(found, entry{key: key, value: last.value, sequence: last.sequence})
		}
	}
	slices.SortFunc(found, func(x, y entry) int { return cmp.Compare(y.sequence, x.sequence) })
	return found[:min(limit, len(found))]
}

func size(key string, revisions []revision) int64 {
	var n int64
	for _, r := range revisions {
		n += int64(len(key) + len(r.value))
	}
	return n
}
