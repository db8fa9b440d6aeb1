package mockgateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Seed reads {"bucket": {"key": {…}}} and writes its entries in sorted order,
// creating the buckets that do not exist. Values must be JSON objects and keep their
// text. What was written before an error stays.
func (g *Gateway) Seed(r io.Reader) error {
	var seed map[string]map[string]json.RawMessage
	decoder := json.NewDecoder(r)
	if err := decoder.Decode(&seed); err != nil {
		return fmt.Errorf(`not of the form {"bucket": {"key": {…}}}: %w`, err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	for _, name := range slices.Sorted(maps.Keys(seed)) {
		config := BucketConfig{Name: name}.withDefaults()
		if err := checkBucketConfig(config); err != nil {
			return err
		}
		_ = g.store.create(config) // it may exist
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
