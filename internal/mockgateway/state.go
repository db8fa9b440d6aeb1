package mockgateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// The methods in this file reach the store past the API: without credentials,
// faults or a record. Like httptest, they panic when they are misused, so that a
// test's preparations need no error handling.

// CreateBucket creates a bucket with the API's defaults. It panics if the name
// is illegal or taken.
func (g *Gateway) CreateBucket(name string) { g.CreateBucketWith(BucketConfig{Name: name}) }

// CreateBucketWith creates a bucket. It panics if the config breaks a rule of
// the API or the name is taken.
func (g *Gateway) CreateBucketWith(config BucketConfig) {
	config = config.withDefaults()
	err := checkBucketConfig(config)
	if err == nil {
		err = g.store.create(config)
	}
	if err != nil {
		panic(fmt.Sprintf("mockgateway: bucket %q: %v", config.Name, err))
	}
}

// DeleteBucket deletes a bucket with all its entries and reports whether it
// existed.
func (g *Gateway) DeleteBucket(name string) bool { return g.store.remove(name) == nil }

// Buckets returns the names of all buckets, sorted.
func (g *Gateway) Buckets() []string {
	var names []string
	g.store.viewAll(func(b *bucket) { names = append(names, b.config.Name) })
	return names
}

// Bucket returns how a bucket is configured, and whether it exists. The
// config's Indexing must not be changed.
func (g *Gateway) Bucket(name string) (BucketConfig, bool) {
	var config BucketConfig
	err := g.store.view(name, func(b *bucket) { config = b.config })
	return config, err == nil
}

// PutEntry writes a value, given as JSON text, and counts as a write. The value
// need not be an object, as a client's must be. It panics if the value is not JSON,
// or the bucket is missing or does not allow the write.
func (g *Gateway) PutEntry(bucketName, key, value string) {
	if err := g.put(bucketName, key, value); err != nil {
		panic(fmt.Sprintf("mockgateway: bucket %q, key %q: %v", bucketName, key, err))
	}
}

func (g *Gateway) put(bucketName, key, value string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if !json.Valid([]byte(value)) {
		return errors.New("the value is not valid JSON")
	}
	return g.store.change(bucketName, func(b *bucket) error { return b.put(key, value) })
}

// DeleteEntry deletes an entry and reports whether it existed.
func (g *Gateway) DeleteEntry(bucketName, key string) bool {
	err := g.store.change(bucketName, func(b *bucket) error { return b.delete(key) })
	return err == nil
}

// Entry returns the JSON text of an entry's value, exactly as it was written,
// and whether the entry exists.
func (g *Gateway) Entry(bucketName, key string) (string, bool) {
	var value string
	var missing error
	err := g.store.view(bucketName, func(b *bucket) { value, missing = b.value(key) })
	return value, err == nil && missing == nil
}

// Entries returns the JSON text of all values of a bucket by their keys. It is
// empty for a bucket that does not exist.
func (g *Gateway) Entries(bucketName string) map[string]string {
	values := map[string]string{}
	_ = g.store.view(bucketName, func(b *bucket) {
		for key, e := range b.entries {
			values[key] = e.value
		}
	})
	return values
}

// Revisions returns how often a key was written since its bucket was created,
// its deletions not counted and not resetting the count.
func (g *Gateway) Revisions(bucketName, key string) int {
	n := 0
	_ = g.store.view(bucketName, func(b *bucket) { n = b.writes[key] })
	return n
}

// Seed reads {"bucket": {"key": {…}}} and writes its entries in sorted order,
// creating the buckets that do not exist. Values must be JSON objects and keep their
// text. What was written before an error stays.
func (g *Gateway) Seed(text []byte) error {
	var seed map[string]map[string]json.RawMessage
	if err := json.Unmarshal(text, &seed); err != nil {
		return fmt.Errorf(`not of the form {"bucket": {"key": {…}}}: %w`, err)
	}
	for _, name := range slices.Sorted(maps.Keys(seed)) {
		if err := checkBucketName(name); err != nil {
			return err
		}
		_ = g.store.create(BucketConfig{Name: name}.withDefaults()) // it may exist
		for _, key := range slices.Sorted(maps.Keys(seed[name])) {
			value := string(seed[name][key])
			err := checkValue(value)
			if err == nil {
				err = g.put(name, key, value)
			}
			if err != nil {
				return fmt.Errorf("bucket %q, key %q: %w", name, key, err)
			}
		}
	}
	return nil
}
