package mockgateway

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// The limits of the JetStream behind the gateway.
const (
	maxHistory  = 64
	maxReplicas = 5
)

var (
	legalBucketName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	storages        = []string{"file", "memory"}
	fieldTypes      = []string{"text", "number", "date", "boolean", "keyword"}
)

// BucketConfig is how a bucket is made. Only Name is required.
type BucketConfig struct {
	Name         string    `json:"bucket"` // letters, digits, "_" and "-"
	Description  string    `json:"description"`
	Compression  bool      `json:"compression"`
	History      int       `json:"history"`        // revisions of an entry to keep, 1 to 64, by default 1
	MaxBytes     int64     `json:"max_bytes"`      // of all keys and values, 0 for no limit; writes over it succeed
	MaxValueSize int32     `json:"max_value_size"` // of the JSON text of one value, in bytes, 0 for no limit
	Replicas     int       `json:"replicas"`       // 1 to 5, by default 1
	Storage      string    `json:"storage"`        // file, the default, or memory
	Indexing     *Indexing `json:"indexing"`       // nil for none: then no search by field is possible
}

// Indexing is how the fields of a bucket's values are indexed.
type Indexing struct {
	Mappings    []IndexMapping `json:"mappings"`
	Partitions  int            `json:"partitions"`   // at least 1
	Replicas    int            `json:"replicas"`     // 1 to 5
	StorageType string         `json:"storage_type"` // file or memory
}

// IndexMapping is the type of one indexed field: text, number, date, boolean or
// keyword.
type IndexMapping struct {
	Field     string `json:"field"`
	FieldType string `json:"field_type"`
}

// withDefaults fills in what the API's documents give defaults for and, for the
// storage, for which they give none, what JetStream does.
func (c BucketConfig) withDefaults() BucketConfig {
	c.History, c.Replicas, c.Storage = cmp.Or(c.History, 1), cmp.Or(c.Replicas, 1), cmp.Or(c.Storage, "file")
	return c
}

func checkBucketName(name string) error {
	if !legalBucketName.MatchString(name) {
		return fmt.Errorf("invalid bucket name %q: only letters, digits, _ and - are allowed", name)
	}
	return nil
}

// checkBucketConfig takes a config that has its defaults.
func checkBucketConfig(c BucketConfig) error {
	if err := checkBucketName(c.Name); err != nil {
		return err
	}
	rules := []rule{
		{c.MaxBytes >= 0, "max_bytes must be at least 1"},
		{c.MaxValueSize >= 0, "max_value_size must be at least 1"},
		{c.History >= 1 && c.History <= maxHistory, fmt.Sprintf("history must be between 1 and %d", maxHistory)},
		replicasRule("replicas", c.Replicas),
		{slices.Contains(storages, c.Storage), "storage must be file or memory"},
	}
	if i := c.Indexing; i != nil {
		rules = append(rules, rule{i.Mappings != nil, "indexing.mappings is required"})
		for n, m := range i.Mappings {
			mapping := fmt.Sprintf("indexing.mappings[%d]", n)
			rules = append(rules, rule{m.Field != "", mapping + ".field is required"},
				rule{slices.Contains(fieldTypes, m.FieldType), mapping + ".field_type must be text, number, date, boolean or keyword"})
		}
		rules = append(rules, rule{i.Partitions >= 1, "indexing.partitions must be at least 1"},
			replicasRule("indexing.replicas", i.Replicas),
			rule{slices.Contains(storages, i.StorageType), "indexing.storage_type must be file or memory"})
	}
	return firstBroken(rules...)
}

type rule struct {
	holds   bool
	message string
}

func replicasRule(field string, n int) rule {
	return rule{n >= 1 && n <= maxReplicas, fmt.Sprintf("%s must be between 1 and %d", field, maxReplicas)}
}

func firstBroken(rules ...rule) error {
	for _, rule := range rules {
		if !rule.holds {
			return errors.New(rule.message)
		}
	}
	return nil
}
