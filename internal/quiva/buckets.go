package quiva

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Defaults of a new bucket, as the gateway's documents give them. They do not mention the
// storage: that is the default of the store behind the gateway.
const (
	DefaultHistory  = 1
	DefaultReplicas = 1
	DefaultStorage  = "file"
)

// Bucket is what the gateway says of a bucket. What it left out of its response is nil.
type Bucket struct {
	Name        string
	Description *string
	// History is how many revisions of an entry are kept, Replicas how many copies of the
	// bucket.
	History, Replicas *int64
	// MaxBytes limits the whole bucket and MaxValueSize one value, in bytes. Below 1 is no
	// limit.
	MaxBytes, MaxValueSize *int64
	Storage                *string // "file" or "memory"
	Compression            *bool
	IndexPartitions        *int64        // all that the gateway shows of an index
	TTL                    time.Duration // after how long entries vanish by themselves; below 1 is never
	// Bytes is the size of what the bucket holds, older revisions included.
	Bytes *int64
	// EntryTotal is the number of keys. The store behind the gateway may count a deleted key
	// for as long as it keeps the mark of the deletion.
	EntryTotal *int64
	Created    *string // in RFC 3339
}

// BucketConfig is how a bucket is made, in the units of [Bucket]. Only Bucket is required; the
// gateway decides what is nil.
type BucketConfig struct {
	Bucket       string    `json:"bucket"` // letters, digits, "_" and "-"
	Description  *string   `json:"description,omitempty"`
	History      *int64    `json:"history,omitempty"`  // 1 to 64
	Replicas     *int64    `json:"replicas,omitempty"` // 1 to 5
	MaxBytes     *int64    `json:"max_bytes,omitempty"`
	MaxValueSize *int64    `json:"max_value_size,omitempty"`
	Storage      *string   `json:"storage,omitempty"`
	Compression  *bool     `json:"compression,omitempty"`
	Indexing     *Indexing `json:"indexing,omitempty"`
}

// BucketUpdate has what can be changed of a bucket. A field that is nil stays as it is: a limit
// or an index can be replaced and not removed.
type BucketUpdate struct {
	Description  *string   `json:"description,omitempty"`
	MaxBytes     *int64    `json:"max_bytes,omitempty"`
	MaxValueSize *int64    `json:"max_value_size,omitempty"`
	Indexing     *Indexing `json:"indexing,omitempty"`
}

// Indexing is how the fields of a bucket's values are indexed.
type Indexing struct {
	Mappings    []IndexMapping `json:"mappings"`
	Partitions  int64          `json:"partitions"`
	Replicas    int64          `json:"replicas"`
	StorageType string         `json:"storage_type"` // "file" or "memory"
}

// IndexMapping is the type of one indexed field.
type IndexMapping struct {
	Field string `json:"field"`
	// FieldType is "text", "number", "date", "boolean" or "keyword".
	FieldType string `json:"field_type"`
}

// ListBuckets returns the name, description, creation and number of entries of all buckets.
func (c *Client) ListBuckets(ctx context.Context) ([]Bucket, error) {
	var response bucketsResponse
	if err := c.do(ctx, request{method: http.MethodGet, limit: listLimit}, &response); err != nil {
		return nil, err
	}
	buckets := make([]Bucket, len(response.results))
	for i, result := range response.results {
		buckets[i] = Bucket{Name: *result.Name, Description: result.Description, EntryTotal: result.EntryTotal, Created: (*string)(result.Created)}
	}
	return buckets, nil
}

// CreateBucket creates a bucket. It fails with [ErrBucketExists] if there is one of that name
// that this very call has not made.
//
// The gateway cannot be asked who made a bucket. Where the response is lost, also by the end of
// the context, a bucket that was not there before, is just as config says and has no entries is
// taken as created by this call.
func (c *Client) CreateBucket(ctx context.Context, config BucketConfig) error {
	body, _ := json.Marshal(config) // which has nothing that does not encode
	switch _, err := c.GetBucket(ctx, config.Bucket); {
	case err == nil:
		return ErrBucketExists
	case !errors.Is(err, ErrNotFound):
		return err
	}
	c.absences.forgetBucket(config.Bucket)
	defer c.absences.forgetBucket(config.Bucket)
	err := c.do(ctx, request{method: http.MethodPost, body: body, isDone: func(ctx context.Context) bool {
		bucket, err := c.GetBucket(ctx, config.Bucket)
		return err == nil && config.describes(bucket)
	}}, &writeResponse{})
	switch failure, ok := errors.AsType[*Error](err); {
	case err == nil:
		return nil
	case !ok || failure.lost:
		return c.recoverCreation(ctx, config, err)
	case slices.Contains([]int{http.StatusBadRequest, http.StatusPaymentRequired, http.StatusConflict}, failure.StatusCode):
		if _, err := c.GetBucket(ctx, config.Bucket); err == nil {
			return ErrBucketExists
		}
	}
	return explainBucketRejection(err)
}

// recoveryTime is how long the client may still check a creation that was cancelled.
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

// describes reports whether a bucket is as a new one that is made of the config: wherever the
// gateway shows something, it is that or, where the config leaves it out, the default.
func (b BucketConfig) describes(bucket Bucket) bool {
	for _, limit := range []**int64{&bucket.MaxBytes, &bucket.MaxValueSize} {
		if *limit != nil && **limit < 1 { // no limit
			*limit = nil
		}
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
		shows(bucket.MaxBytes, b.MaxBytes, 0) &&
		shows(bucket.MaxValueSize, b.MaxValueSize, 0) &&
		shows(bucket.IndexPartitions, partitions, 0) &&
		shows(bucket.EntryTotal, nil, 0) &&
		shows(bucket.Bytes, nil, 0)
}

// shows reports whether the gateway shows what was asked for or, if nothing was, the fallback.
// It may show nothing.
func shows[T comparable](remote, asked *T, fallback T) bool {
	if asked == nil {
		asked = &fallback
	}
	return remote == nil || *remote == *asked
}

// GetBucket reads how a bucket is configured. It fails with [ErrNotFound] if there is none.
func (c *Client) GetBucket(ctx context.Context, bucket string) (Bucket, error) {
	response := bucketResponse{asked: bucket}
	err := c.do(ctx, detailsOf(bucket), &response)
	return response.bucket, err
}

func detailsOf(bucket string) request {
	return request{method: http.MethodGet, path: []string{bucket}}
}

// UpdateBucket changes a bucket and returns what the gateway reports of it then, which may be
// what it was before: a gateway can accept an update and ignore it. It fails with [ErrNotFound]
// if there is no such bucket, and checks that first, since the gateway's call may create one.
func (c *Client) UpdateBucket(ctx context.Context, bucket string, update BucketUpdate) (Bucket, error) {
	body, _ := json.Marshal(update) // which has nothing that does not encode
	if _, err := c.GetBucket(ctx, bucket); err != nil {
		return Bucket{}, err
	}
	updated := Bucket{Name: bucket} // the update has succeeded even if it cannot be read
	var unread error
	isDone := func(ctx context.Context) bool {
		var remote Bucket
		if remote, unread = c.GetBucket(ctx, bucket); unread == nil {
			updated = remote
		}
		return unread == nil && update.isIn(remote)
	}
	err := c.do(ctx, request{method: http.MethodPut, path: []string{bucket}, body: body, isDone: isDone}, &writeResponse{})
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

// DeleteBucket deletes a bucket with all its entries. It fails with [ErrNotFound] if there is
// none.
func (c *Client) DeleteBucket(ctx context.Context, bucket string) error {
	c.snapshots.forgetBucket(bucket)
	defer c.snapshots.forgetBucket(bucket)
	err := c.do(ctx, request{method: http.MethodDelete, path: []string{bucket}, isDone: func(ctx context.Context) bool {
		_, err := c.GetBucket(ctx, bucket)
		return errors.Is(err, ErrNotFound)
	}}, &writeResponse{})
	c.absences.forgetBucket(bucket)
	if err == nil {
		c.absences.note(bucket, "", deleted)
	}
	return err
}

// PurgeBucket deletes all entries of a bucket, however many, and keeps the bucket. It fails
// with [ErrNotFound] if there is none.
func (c *Client) PurgeBucket(ctx context.Context, bucket string) error {
	c.snapshots.forgetBucket(bucket)
	defer c.snapshots.forgetBucket(bucket)
	return c.do(ctx, request{method: http.MethodDelete, path: []string{bucket, "purge"}, isDone: func(ctx context.Context) bool {
		entries, err := c.ListEntries(ctx, bucket, 1)
		return err == nil && len(entries) == 0
	}}, &writeResponse{})
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

// streamPrefix is what the name of a bucket's stream has before the bucket's.
const streamPrefix = "KV_"

// bucketResponse is what a GET of a bucket promises. Most fields come in more than one of its
// three parts, and the documented example leaves some out of each; so a field is taken from
// wherever it is, and only the bucket's name is required.
type bucketResponse struct {
	asked  string // the bucket that was asked for
	text   []byte
	bucket Bucket
}

func (a *bucketResponse) UnmarshalJSON(text []byte) error {
	a.text = bytes.Clone(text)
	var promised struct {
		Error noError                 `json:"error"`
		Body  struct{ Error noError } `json:"body"`
	}
	return json.Unmarshal(text, &promised)
}

func (a *bucketResponse) check() error {
	body := members(a.text)["body"]
	if members(body) == nil {
		return errors.New("the response lacks \"body\"")
	}
	var (
		b               = Bucket{Name: a.asked}
		name, algorithm *string
		created         *creationTime
	)
	for _, field := range []struct {
		into   any
		places string
	}{
		{&name, "status.bucket config.bucket stream_info.config.name"},
		{&b.Description, "status.description"},
		{&b.History, "status.history config.history stream_info.config.max_msgs_per_subject"},
		{&b.Replicas, "config.num_replicas stream_info.config.num_replicas"},
		{&b.MaxBytes, "config.max_bytes stream_info.config.max_bytes"},
		{&b.MaxValueSize, "config.max_value_size stream_info.config.max_msg_size"},
		{&b.Storage, "stream_info.config.storage"},
		{&b.Compression, "status.is_compressed"},
		{&algorithm, "stream_info.config.compression"},
		{&b.IndexPartitions, "stream_info.config.index_config.partitions"},
		{&b.TTL, "status.ttl"}, // in nanoseconds
		{&b.Bytes, "status.bytes stream_info.state.bytes"},
		{&b.EntryTotal, "stream_info.state.num_subjects"},
		{&created, "stream_info.created"},
	} {
		if text := memberAt(body, field.places); text != nil && json.Unmarshal(text, field.into) != nil {
			return errUnexpectedShape
		}
	}
	b.Created = (*string)(created)
	if b.Compression == nil && algorithm != nil {
		compressed := *algorithm != "" && *algorithm != "none"
		b.Compression = &compressed
	}
	names := []string{a.asked, streamPrefix + a.asked}
	isMentioned := func(name string) bool { return bytes.Contains(a.text, []byte(`"`+name+`"`)) }
	switch {
	case name != nil && !slices.Contains(names, *name): // a cache or proxy mixed up two responses
		return fmt.Errorf("the response is about the bucket %q", strings.TrimPrefix(*name, streamPrefix))
	case name == nil && !slices.ContainsFunc(names, isMentioned):
		return errors.New("the response lacks \"body.status.bucket\"")
	}
	a.bucket = b
	return nil
}

// memberAt returns the first member at some places that exists and is not null.
func memberAt(object json.RawMessage, places string) json.RawMessage {
	for place := range strings.FieldsSeq(places) {
		member := object
		for name := range strings.SplitSeq(place, ".") {
			member = members(member)[name]
		}
		if member != nil && string(member) != "null" {
			return member
		}
	}
	return nil
}
