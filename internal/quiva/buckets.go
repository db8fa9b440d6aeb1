package quiva

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Bucket is what the gateway says of a bucket. What it left out of its answer
// is nil.
type Bucket struct {
	Name        string
	Description *string
	// History is how many revisions of an entry are kept, Replicas how many
	// copies of the bucket.
	History, Replicas *int64
	// MaxBytes limits the whole bucket and MaxValueSize one value, in bytes.
	// Below 1 is no limit.
	MaxBytes, MaxValueSize *int64
	// Storage is "file" or "memory".
	Storage     *string
	Compression *bool
	// IndexPartitions is all that the gateway shows of an index.
	IndexPartitions *int64
	// Bytes is the size of what the bucket holds, older revisions included.
	Bytes *int64
	// EntryTotal is the number of keys. The store behind the gateway may count
	// a deleted key for as long as it keeps the mark of the deletion.
	EntryTotal *int64
	// Created is a time in RFC 3339.
	Created *string
}

// BucketSummary is a bucket in the list of all. What the gateway left out of
// its answer is nil.
type BucketSummary struct {
	Name        string
	Description *string
	EntryTotal  *int64
	// Created is a time in RFC 3339.
	Created *string
}

// BucketConfig is how a bucket is made. Only Bucket is required; the gateway
// decides what is nil.
type BucketConfig struct {
	// Bucket is the name: letters, digits, "_" and "-".
	Bucket      string  `json:"bucket"`
	Description *string `json:"description,omitempty"`
	// History is how many revisions of an entry are kept, 1 to 64, Replicas how
	// many copies of the bucket, 1 to 5.
	History  *int64 `json:"history,omitempty"`
	Replicas *int64 `json:"replicas,omitempty"`
	// MaxBytes limits the whole bucket and MaxValueSize one value, in bytes.
	MaxBytes     *int64 `json:"max_bytes,omitempty"`
	MaxValueSize *int64 `json:"max_value_size,omitempty"`
	// Storage is "file" or "memory".
	Storage     *string   `json:"storage,omitempty"`
	Compression *bool     `json:"compression,omitempty"`
	Indexing    *Indexing `json:"indexing,omitempty"`
}

// BucketUpdate is what can be changed of a bucket. What is nil stays as it is:
// a limit or an index can be replaced and not removed.
type BucketUpdate struct {
	Description  *string   `json:"description,omitempty"`
	MaxBytes     *int64    `json:"max_bytes,omitempty"`
	MaxValueSize *int64    `json:"max_value_size,omitempty"`
	Indexing     *Indexing `json:"indexing,omitempty"`
}

// Indexing is how the fields of a bucket's values are indexed.
type Indexing struct {
	Mappings   []IndexMapping `json:"mappings"`
	Partitions int64          `json:"partitions"`
	Replicas   int64          `json:"replicas"`
	// StorageType is "file" or "memory".
	StorageType string `json:"storage_type"`
}

// IndexMapping is the type of one indexed field.
type IndexMapping struct {
	Field string `json:"field"`
	// FieldType is "text", "number", "date", "boolean" or "keyword".
	FieldType string `json:"field_type"`
}

// ListBuckets returns all buckets.
func (c *Client) ListBuckets(ctx context.Context) ([]BucketSummary, error) {
	var answer bucketsAnswer
	err := c.do(ctx, request{method: http.MethodGet, limit: listLimit}, &answer)
	if err != nil {
		return nil, err
	}
	buckets := make([]BucketSummary, len(*answer.Body.Results))
	for i, result := range *answer.Body.Results {
		buckets[i] = BucketSummary{
			Name:        *result.Name,
			Description: result.Description,
			EntryTotal:  result.EntryTotal,
			Created:     result.Created,
		}
	}
	return buckets, nil
}

// CreateBucket creates a bucket. The error satisfies [IsBucketTaken] if there
// is one of that name, which may be this very call's: an attempt that was
// repeated because its answer got lost.
func (c *Client) CreateBucket(ctx context.Context, config BucketConfig) error {
	body, err := json.Marshal(config)
	if err != nil {
		return err
	}
	return c.do(ctx, request{method: http.MethodPost, body: body, limit: entryLimit}, &success{})
}

// GetBucket reads how a bucket is configured. The error satisfies [IsNotFound]
// if there is none.
func (c *Client) GetBucket(ctx context.Context, bucket string) (Bucket, error) {
	answer := bucketAnswer{bucket: bucket}
	err := c.do(ctx, request{method: http.MethodGet, path: []string{bucket}, limit: entryLimit}, &answer)
	if err != nil {
		return Bucket{}, err
	}
	return answer.read(), nil
}

// UpdateBucket changes a bucket. The error satisfies [IsNotFound] if there is
// none.
func (c *Client) UpdateBucket(ctx context.Context, bucket string, update BucketUpdate) error {
	body, err := json.Marshal(update)
	if err != nil {
		return err
	}
	return c.do(ctx, request{method: http.MethodPut, path: []string{bucket}, body: body, limit: entryLimit}, &success{})
}

// DeleteBucket deletes a bucket with all its entries. The error satisfies
// [IsNotFound] if there is none.
func (c *Client) DeleteBucket(ctx context.Context, bucket string) error {
	return c.do(ctx, request{method: http.MethodDelete, path: []string{bucket}, limit: entryLimit}, &success{})
}

// IsBucketTaken reports whether a bucket could not be created because there is
// one of its name.
func IsBucketTaken(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.StatusCode == http.StatusBadRequest &&
		strings.Contains(strings.ToLower(e.Message), "already exists")
}

// bucketsAnswer is what the list of all buckets promises.
type bucketsAnswer struct {
	Body *struct {
		Results *[]struct {
			Name        *string `json:"name"`
			Description *string `json:"description"`
			EntryTotal  *int64  `json:"entry_total"`
			Created     *string `json:"created"`
		} `json:"results"`
	} `json:"body"`
}

func (a *bucketsAnswer) check() error {
	if a.Body == nil || a.Body.Results == nil {
		return errors.New("the answer lacks \"body.results\"")
	}
	for _, result := range *a.Body.Results {
		if result.Name == nil {
			return errors.New("a result of the answer lacks its \"name\"")
		}
	}
	return nil
}

// bucketAnswer is what a GET of a bucket promises. Most fields come in more
// than one of its three parts, and the documented example leaves some out of
// each; so a field is taken from wherever it is, and only the bucket's name is
// required.
type bucketAnswer struct {
	bucket string // the one that was asked for
	Body   *struct {
		Status struct {
			Bucket       *string `json:"bucket"`
			Description  *string `json:"description"`
			Bytes        *int64  `json:"bytes"`
			History      *int64  `json:"history"`
			IsCompressed *bool   `json:"is_compressed"`
		} `json:"status"`
		Config struct {
			Bucket       *string `json:"bucket"`
			MaxBytes     *int64  `json:"max_bytes"`
			MaxValueSize *int64  `json:"max_value_size"`
			History      *int64  `json:"history"`
			NumReplicas  *int64  `json:"num_replicas"`
		} `json:"config"`
		StreamInfo struct {
			Config struct {
				Name        *string `json:"name"`
				Compression *string `json:"compression"`
				IndexConfig struct {
					Partitions *int64 `json:"partitions"`
				} `json:"index_config"`
				MaxBytes          *int64  `json:"max_bytes"`
				MaxMsgSize        *int64  `json:"max_msg_size"`
				MaxMsgsPerSubject *int64  `json:"max_msgs_per_subject"`
				NumReplicas       *int64  `json:"num_replicas"`
				Storage           *string `json:"storage"`
			} `json:"config"`
			Created *string `json:"created"`
			State   struct {
				Bytes       *int64 `json:"bytes"`
				NumSubjects *int64 `json:"num_subjects"`
			} `json:"state"`
		} `json:"stream_info"`
	} `json:"body"`
}

// streamPrefix is what the name of a bucket's stream has before the bucket's.
const streamPrefix = "KV_"

func (a *bucketAnswer) check() error {
	if a.Body == nil {
		return errors.New("the answer lacks \"body\"")
	}
	name := first(a.Body.Status.Bucket, a.Body.Config.Bucket)
	if stream := a.Body.StreamInfo.Config.Name; name == nil && stream != nil {
		bucket := strings.TrimPrefix(*stream, streamPrefix)
		name = &bucket
	}
	switch {
	case name == nil:
		return errors.New("the answer lacks \"body.status.bucket\"")
	case *name != a.bucket:
		// A cache or proxy mixed up two answers.
		return fmt.Errorf("the answer is about the bucket %q", *name)
	}
	return nil
}

func (a *bucketAnswer) read() Bucket {
	status, config, info := a.Body.Status, a.Body.Config, a.Body.StreamInfo
	bucket := Bucket{
		Name:            a.bucket,
		Description:     status.Description,
		History:         first(status.History, config.History, info.Config.MaxMsgsPerSubject),
		Replicas:        first(config.NumReplicas, info.Config.NumReplicas),
		MaxBytes:        first(config.MaxBytes, info.Config.MaxBytes),
		MaxValueSize:    first(config.MaxValueSize, info.Config.MaxMsgSize),
		Storage:         info.Config.Storage,
		Compression:     status.IsCompressed,
		IndexPartitions: info.Config.IndexConfig.Partitions,
		Bytes:           first(status.Bytes, info.State.Bytes),
		EntryTotal:      info.State.NumSubjects,
		Created:         info.Created,
	}
	if algorithm := info.Config.Compression; bucket.Compression == nil && algorithm != nil {
		compressed := *algorithm != "" && *algorithm != "none"
		bucket.Compression = &compressed
	}
	return bucket
}

// first returns the first of several places of one field that is there.
func first[T any](places ...*T) *T {
	for _, place := range places {
		if place != nil {
			return place
		}
	}
	return nil
}
