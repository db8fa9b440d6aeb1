package quiva

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What the gateway's documents give as the defaults of a new bucket; of the
// storage they say nothing, it is what the store behind the gateway takes.
const (
	DefaultHistory  = 1
	DefaultReplicas = 1
	DefaultStorage  = "file"
)

// Bucket is what the gateway says of a bucket. What it left out of its response
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
	// TTL is after how long entries vanish by themselves. Below 1 is never.
	TTL time.Duration
	// Bytes is the size of what the bucket holds, older revisions included.
	Bytes *int64
	// EntryTotal is the number of keys. The store behind the gateway may count
	// a deleted key for as long as it keeps the mark of the deletion.
	EntryTotal *int64
	// Created is a time in RFC 3339.
	Created *string
}

// BucketSummary is a bucket in the list of all. What the gateway left out of
// its response is nil.
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
	var response bucketsResponse
	err := c.do(ctx, request{method: http.MethodGet, limit: listLimit}, &response)
	if err != nil {
		return nil, err
	}
	buckets := make([]BucketSummary, len(response.results))
	for i, result := range response.results {
		buckets[i] = BucketSummary{
			Name:        *result.Name,
			Description: result.Description,
			EntryTotal:  result.EntryTotal,
			Created:     (*string)(result.Created),
		}
	}
	return buckets, nil
}

// CreateBucket creates a bucket. It fails with [ErrBucketExists] if there is one
// of that name that this very call has not made.
//
// The gateway cannot be asked who made a bucket. Where the response to the
// creation is lost, also by the end of the context, a bucket that was not there
// before and is now just as config says, without any entry, counts as made.
func (c *Client) CreateBucket(ctx context.Context, config BucketConfig) error {
	body, err := json.Marshal(config)
	if err != nil {
		return err
	}
	switch _, err := c.GetBucket(ctx, config.Bucket); {
	case err == nil:
		return ErrBucketExists
	case !errors.Is(err, ErrNotFound):
		return err
	}
	c.absences.forgetBucket(config.Bucket)
	defer c.absences.forgetBucket(config.Bucket)
	err = c.do(ctx, request{method: http.MethodPost, body: body, limit: entryLimit, isDone: func(ctx context.Context) bool {
		bucket, err := c.GetBucket(ctx, config.Bucket)
		return err == nil && config.describes(bucket)
	}}, &writeResponse{})
	var failure *Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &failure) || failure.lost:
		return c.recoverCreation(ctx, config, err)
	case failure.saysBucketExists() || failure.isConflict() && c.hasBucket(ctx, config.Bucket):
		return ErrBucketExists
	}
	return explainBucketRejection(err)
}

func (c *Client) hasBucket(ctx context.Context, bucket string) bool {
	_, err := c.GetBucket(ctx, bucket)
	return err == nil
}

// recoveryTime is how long the client may still check a creation that was
// cancelled.
const recoveryTime = 2 * time.Second

// recoverCreation returns nil if a bucket was made although its creation failed.
func (c *Client) recoverCreation(ctx context.Context, config BucketConfig, creation error) error {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(withoutRetries(context.WithoutCancel(ctx)), recoveryTime)
		defer cancel()
	}
	bucket, err := c.GetBucket(ctx, config.Bucket)
	switch {
	case err != nil:
		return creation
	case !config.describes(bucket):
		return ErrBucketExists
	}
	return nil
}

// describes reports whether a bucket is as a new one that is made of the config:
// wherever the gateway shows something, it is that or, where the config leaves
// it out, the default.
func (b BucketConfig) describes(bucket Bucket) bool {
	limited := func(limit *int64) *int64 { // below 1 is no limit
		if limit != nil && *limit < 1 {
			return nil
		}
		return limit
	}
	var partitions *int64
	if b.Indexing != nil {
		partitions = &b.Indexing.Partitions
	}
	return shows(bucket.Description, b.Description, "") &&
		shows(bucket.History, b.History, DefaultHistory) &&
		shows(bucket.Replicas, b.Replicas, DefaultReplicas) &&
		shows(bucket.Storage, b.Storage, DefaultStorage) &&
		shows(bucket.Compression, b.Compression, false) &&
		shows(limited(bucket.MaxBytes), b.MaxBytes, 0) &&
		shows(limited(bucket.MaxValueSize), b.MaxValueSize, 0) &&
		shows(bucket.IndexPartitions, partitions, 0) &&
		shows(bucket.EntryTotal, nil, 0) &&
		shows(bucket.Bytes, nil, 0)
}

// shows reports whether the gateway shows what was asked for or, if nothing was,
// the fallback. It may show nothing.
func shows[T comparable](remote, asked *T, fallback T) bool {
	if asked == nil {
		asked = &fallback
	}
	return remote == nil || *remote == *asked
}

// GetBucket reads how a bucket is configured. It fails with [ErrNotFound] if there is
// none.
func (c *Client) GetBucket(ctx context.Context, bucket string) (Bucket, error) {
	response := bucketResponse{bucket: bucket}
	err := c.do(ctx, detailsOf(bucket), &response)
	if err != nil {
		return Bucket{}, err
	}
	return response.read(), nil
}

func detailsOf(bucket string) request {
	return request{method: http.MethodGet, path: []string{bucket}, limit: entryLimit}
}

// UpdateBucket changes a bucket and returns what the gateway reports of it then,
// which may be what it was before: a gateway can accept an update and ignore it. It
// fails with [ErrNotFound] if there is no such bucket, and checks that first, since
// the gateway's call may create one.
func (c *Client) UpdateBucket(ctx context.Context, bucket string, update BucketUpdate) (Bucket, error) {
	body, err := json.Marshal(update)
	if err != nil {
		return Bucket{}, err
	}
	if _, err := c.GetBucket(ctx, bucket); err != nil {
		return Bucket{}, err
	}
	updated := Bucket{Name: bucket} // the update has succeeded even if it cannot be read
	var unread error
	isDone := func(ctx context.Context) bool {
		remote, err := c.GetBucket(ctx, bucket)
		if unread = err; err == nil {
			updated = remote
		}
		return err == nil && update.isIn(remote)
	}
	err = c.do(ctx, request{method: http.MethodPut, path: []string{bucket}, body: body, limit: entryLimit, isDone: isDone}, &writeResponse{})
	if err != nil {
		return Bucket{}, explainBucketRejection(err)
	}
	poll(ctx, func(ctx context.Context) bool { return isDone(ctx) || unread != nil })
	if unread != nil {
		c.log(ctx, "Updated bucket could not be read", map[string]any{"bucket": bucket, "error": unread.Error()})
	}
	return updated, nil
}

// isIn reports whether a bucket has nothing that the update was to change.
func (u BucketUpdate) isIn(bucket Bucket) bool {
	return (u.Description == nil || shows(bucket.Description, u.Description, "")) &&
		(u.MaxBytes == nil || shows(bucket.MaxBytes, u.MaxBytes, 0)) &&
		(u.MaxValueSize == nil || shows(bucket.MaxValueSize, u.MaxValueSize, 0)) &&
		(u.Indexing == nil || shows(bucket.IndexPartitions, &u.Indexing.Partitions, 0))
}

// DeleteBucket deletes a bucket with all its entries. It fails with
// [ErrNotFound] if there is none.
func (c *Client) DeleteBucket(ctx context.Context, bucket string) error {
	c.snapshots.forgetBucket(bucket)
	defer c.snapshots.forgetBucket(bucket)
	err := c.do(ctx, request{method: http.MethodDelete, path: []string{bucket}, limit: entryLimit, isDone: func(ctx context.Context) bool {
		_, err := c.GetBucket(ctx, bucket)
		return errors.Is(err, ErrNotFound)
	}}, &writeResponse{})
	c.absences.forgetBucket(bucket)
	if err == nil {
		c.absences.deleted(bucket, "")
	}
	return err
}

// PurgeBucket deletes all entries of a bucket, however many, and keeps the bucket.
// It fails with [ErrNotFound] if there is none.
func (c *Client) PurgeBucket(ctx context.Context, bucket string) error {
	c.snapshots.forgetBucket(bucket)
	defer c.snapshots.forgetBucket(bucket)
	return c.do(ctx, request{method: http.MethodDelete, path: []string{bucket, "purge"}, limit: entryLimit, isDone: func(ctx context.Context) bool {
		entries, err := c.ListEntries(ctx, bucket, 1)
		return err == nil && len(entries) == 0
	}}, &writeResponse{})
}

// saysBucketExists reports whether a bucket could not be created because one with
// that name exists.
func (e *Error) saysBucketExists() bool {
	return (e.StatusCode == http.StatusBadRequest || e.isConflict()) && strings.Contains(strings.ToLower(e.Message), "exist")
}

// isConflict reports whether a creation failed with a status that often means that
// the thing exists.
func (e *Error) isConflict() bool {
	return e.StatusCode == http.StatusPaymentRequired || e.StatusCode == http.StatusConflict
}

// bucketsResponse is what the list of all buckets promises.
type bucketsResponse struct {
	Error noError `json:"error"`
	Body  struct {
		Error   noError         `json:"error"`
		Results json.RawMessage `json:"results"` // null stands for none
	} `json:"body"`

	results []bucketResult
}

// bucketResult is one bucket of the list of all.
type bucketResult struct {
	Name        *string       `json:"name"`
	Description *string       `json:"description"`
	EntryTotal  *int64        `json:"entry_total"`
	Created     *creationTime `json:"created"`
}

func (a *bucketsResponse) check() error {
	if a.Body.Results == nil {
		return errors.New("the response lacks \"body.results\"")
	}
	if err := json.Unmarshal(a.Body.Results, &a.results); err != nil {
		return describeJSONError(a.Body.Results, err)
	}
	for _, result := range a.results {
		if result.Name == nil {
			return errors.New("a result of the response lacks its \"name\"")
		}
	}
	return nil
}

// creationTime is a time in RFC 3339, which some builds give in milliseconds.
type creationTime string

func (c *creationTime) UnmarshalJSON(text []byte) error {
	*c = creationTime(scalar(text))
	if milliseconds, err := strconv.ParseInt(string(*c), 10, 64); err == nil {
		*c = creationTime(time.UnixMilli(milliseconds).UTC().Format(time.RFC3339))
	}
	return nil
}

// bucketResponse is what a GET of a bucket promises. Most fields come in more
// than one of its three parts, and the documented example leaves some out of
// each; so a field is taken from wherever it is, and only the bucket's name is
// required.
type bucketResponse struct {
	bucket  string  // the one that was asked for
	isNamed bool    // whether its name is anywhere in the response
	Error   noError `json:"error"`
	Body    *struct {
		Error  noError `json:"error"`
		Status struct {
			Bucket       *string       `json:"bucket"`
			Description  *string       `json:"description"`
			Bytes        *int64        `json:"bytes"`
			History      *int64        `json:"history"`
			IsCompressed *bool         `json:"is_compressed"`
			TTL          time.Duration `json:"ttl"` // in nanoseconds
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
			Created *creationTime `json:"created"`
			State   struct {
				Bytes       *int64 `json:"bytes"`
				NumSubjects *int64 `json:"num_subjects"`
			} `json:"state"`
		} `json:"stream_info"`
	} `json:"body"`
}

// streamPrefix is what the name of a bucket's stream has before the bucket's.
const streamPrefix = "KV_"

func (a *bucketResponse) UnmarshalJSON(text []byte) error {
	type promised bucketResponse
	a.isNamed = bytes.Contains(text, []byte(`"`+a.bucket+`"`)) || bytes.Contains(text, []byte(`"`+streamPrefix+a.bucket+`"`))
	return json.Unmarshal(text, (*promised)(a))
}

func (a *bucketResponse) check() error {
	if a.Body == nil {
		return errors.New("the response lacks \"body\"")
	}
	name := first(a.Body.Status.Bucket, a.Body.Config.Bucket)
	if stream := a.Body.StreamInfo.Config.Name; name == nil && stream != nil {
		bucket := strings.TrimPrefix(*stream, streamPrefix)
		name = &bucket
	}
	switch {
	case name == nil && !a.isNamed:
		return errors.New("the response lacks \"body.status.bucket\"")
	case name != nil && *name != a.bucket:
		// A cache or proxy mixed up two responses.
		return fmt.Errorf("the response is about the bucket %q", *name)
	}
	return nil
}

func (a *bucketResponse) read() Bucket {
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
		TTL:             status.TTL,
		Bytes:           first(status.Bytes, info.State.Bytes),
		EntryTotal:      info.State.NumSubjects,
		Created:         (*string)(info.Created),
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
