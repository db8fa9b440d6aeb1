package mockgateway

import "cmp"

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
