package mockgateway

import "cmp"

// BucketConfig is how a bucket is made. Only Name is required.
type BucketConfig struct {
	// Name consists of ASCII letters, digits, "_" and "-".
	Name        string
	Description string
	Compression bool
	// History is how many revisions of an entry are kept, 1 to 64, by default 1.
	History int
	// MaxBytes limits the sum of the sizes of all kept revisions, key and value
	// each, in bytes. 0 is no limit.
	MaxBytes int64
	// MaxValueSize limits the JSON text of one value, in bytes. 0 is no limit.
	MaxValueSize int32
	// Replicas is 1 to 5, by default 1.
	Replicas int
	// Storage is "file", the default, or "memory".
	Storage string
	// Indexing is nil for a bucket without an index, which cannot be searched by
	// field.
	Indexing *Indexing
}

// Indexing is how the fields of a bucket's values are indexed.
type Indexing struct {
	Mappings []IndexMapping `json:"mappings"`
	// Partitions is at least 1.
	Partitions int `json:"partitions"`
	// Replicas is 1 to 5.
	Replicas int `json:"replicas"`
	// StorageType is "file" or "memory".
	StorageType string `json:"storage_type"`
	Stream      string `json:"stream,omitempty"`
}

// IndexMapping is the type of one indexed field.
type IndexMapping struct {
	Field string `json:"field"`
	// FieldType is "text", "number", "date", "boolean" or "keyword".
	FieldType string `json:"field_type"`
}

// withDefaults fills in what the API's documents give defaults for and, for the
// storage, for which they give none, what JetStream does.
func (c BucketConfig) withDefaults() BucketConfig {
	c.History, c.Replicas, c.Storage = cmp.Or(c.History, 1), cmp.Or(c.Replicas, 1), cmp.Or(c.Storage, "file")
	return c
}
