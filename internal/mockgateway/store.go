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

// store is the JetStream behind the gateway. It knows sizes and what exists; names
// and values are checked before they come here. It keeps only the latest revision of
// an entry: no call of the API shows another.
type store struct {
	mu      sync.RWMutex
	buckets map[string]*bucket
}

// bucket is a stream: every write to any of its keys gets the next sequence
// number.
type bucket struct {
	config    BucketConfig
	created   time.Time
	sequence  int
	entries   map[string]entry
	deletions map[string]bool // the marks that deleted keys leave
	writes    map[string]int  // survives the deletion of the entry
}

// entry is a key with its latest value.
type entry struct {
	key, value string
	sequence   int
}

func (s *store) create(config BucketConfig) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[config.Name] != nil {
		return errBucketExists
	}
	s.buckets[config.Name] = &bucket{
		config: config, created: time.Now().UTC(),
		entries: map[string]entry{}, deletions: map[string]bool{}, writes: map[string]int{},
	}
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
	e, ok := b.entries[key]
	if !ok {
		return "", errNoKey
	}
	return e.value, nil
}

// bytes is the size of all entries.
func (b *bucket) bytes() (bytes int) {
	for _, e := range b.entries {
		bytes += len(e.key) + len(e.value)
	}
	return bytes
}

// put writes a key. A value over the bucket's limit changes nothing.
func (b *bucket) put(key, value string) error {
	if limit := b.config.MaxValueSize; limit > 0 && len(value) > int(limit) {
		return fmt.Errorf("the value's %d bytes exceed the bucket's max_value_size of %d", len(value), limit)
	}
	delete(b.deletions, key)
	b.sequence++
	b.entries[key] = entry{key, value, b.sequence}
	b.writes[key]++
	return nil
}

// delete removes an entry and leaves a mark, as a JetStream does, which counts the
// key of the mark as a subject until the bucket is purged.
func (b *bucket) delete(key string) error {
	if _, ok := b.entries[key]; !ok {
		return errNoKey
	}
	delete(b.entries, key)
	b.deletions[key] = true
	return nil
}

func (b *bucket) purge() {
	clear(b.entries)
	clear(b.deletions)
}

// latest returns the entries that match, the last written first, limit of them at most.
func (b *bucket) latest(matches func(entry) bool, limit int) []entry {
	var found []entry
	for _, e := range b.entries {
		if matches(e) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(x, y entry) int { return cmp.Compare(y.sequence, x.sequence) })
	return found[:min(limit, len(found))]
}
