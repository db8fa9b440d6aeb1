package mockgateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// createBucketRequest is the body of POST /storage/kv. A field that is absent
// or null is nil here; the documents do not tell the two apart.
type createBucketRequest struct {
	Bucket       *string   `json:"bucket"`
	Description  *string   `json:"description"`
	Compression  *bool     `json:"compression"`
	History      *int      `json:"history"`
	MaxBytes     *int64    `json:"max_bytes"`
	MaxValueSize *int32    `json:"max_value_size"`
	Replicas     *int      `json:"replicas"`
	Storage      *string   `json:"storage"`
	Indexing     *Indexing `json:"indexing"`
}

// updateBucketRequest is the body of PUT /storage/kv/{bucket}: nothing else of a
// bucket can be changed.
type updateBucketRequest struct {
	Description  *string   `json:"description"`
	MaxBytes     *int64    `json:"max_bytes"`
	MaxValueSize *int32    `json:"max_value_size"`
	Indexing     *Indexing `json:"indexing"`
}

// bucketListItem is one bucket of GET /storage/kv.
type bucketListItem struct {
	Name        string    `json:"name"`
	Description string    `json:"description"`
	EntryTotal  int       `json:"entry_total"`
	Created     time.Time `json:"created"`
}

// listBuckets gives all buckets, by name: the documents know no limit here.
// entry_total is the number of keys; they do not say whether older revisions
// count.
func (g *Gateway) listBuckets(c call) (response, error) {
	items := []bucketListItem{}
	g.store.viewAll(func(b *bucket) {
		items = append(items, bucketListItem{
			Name:        b.config.Name,
			Description: b.config.Description,
			EntryTotal:  len(b.entries),
			Created:     b.created,
		})
	})
	return jsonResponse(http.StatusOK, []byte(jsonText(map[string]any{
		"body":     map[string]any{"results": items, "results_total": len(items)},
		"metadata": map[string]any{"duration": time.Since(c.start).String()},
	}))), nil
}

// createBucket refuses unknown fields. The documents do not forbid them, but to
// ignore a misspelt limit silently would not help any test.
func (g *Gateway) createBucket(c call) (response, error) {
	var request createBucketRequest
	if err := decodeRequest(c.body, &request); err != nil {
		return response{}, err
	}
	if request.Bucket == nil {
		return response{}, errors.New("bucket is required")
	}
	config := BucketConfig{Name: *request.Bucket, Indexing: request.Indexing}.withDefaults()
	set(&config.Description, request.Description)
	set(&config.Compression, request.Compression)
	set(&config.History, request.History)
	set(&config.Replicas, request.Replicas)
	set(&config.Storage, request.Storage)
	if err := setLimits(&config, request.MaxBytes, request.MaxValueSize); err != nil {
		return response{}, err
	}
	if err := checkBucketConfig(config); err != nil {
		return response{}, err
	}
	if err := g.store.create(config); err != nil {
		// The only refusal whose text the documents fix.
		return response{}, &statusError{http.StatusBadRequest, "Bucket already exists"}
	}
	return success(), nil
}

// updateBucket responds 404 for a bucket that does not exist: the description of
// the call speaks of creating it, but the listed responses have the 404, and the
// body has no field for most of what a new bucket needs.
//
// Limits below what the bucket already holds are accepted and refuse the writes
// to come. An index, once there, can be replaced and not removed.
func (g *Gateway) updateBucket(c call) (response, error) {
	if err := checkBucketName(c.bucket); err != nil {
		return response{}, err
	}
	var request updateBucketRequest
	if err := decodeRequest(c.body, &request); err != nil {
		return response{}, fmt.Errorf("%w (an update may contain description, max_bytes, max_value_size and indexing)", err)
	}
	err := g.store.change(c.bucket, func(b *bucket) error {
		config := b.config
		set(&config.Description, request.Description)
		if err := setLimits(&config, request.MaxBytes, request.MaxValueSize); err != nil {
			return err
		}
		if request.Indexing != nil {
			config.Indexing = request.Indexing
		}
		if err := checkBucketConfig(config); err != nil {
			return err
		}
		if request.Indexing != nil {
			b.indexVersion++
		}
		b.config = config
		return nil
	})
	if err != nil {
		return response{}, err
	}
	return success(), nil
}

func (g *Gateway) deleteBucket(c call) (response, error) {
	if err := checkBucketName(c.bucket); err != nil {
		return response{}, err
	}
	if err := g.store.remove(c.bucket); err != nil {
		return response{}, err
	}
	return success(), nil
}

func (g *Gateway) purgeBucket(c call) (response, error) {
	if err := checkBucketName(c.bucket); err != nil {
		return response{}, err
	}
	err := g.store.change(c.bucket, func(b *bucket) error {
		b.purge()
		return nil
	})
	if err != nil {
		return response{}, err
	}
	return success(), nil
}

// decodeRequest decodes a body that must be exactly one JSON object without
// fields that request does not have.
func decodeRequest(body []byte, request any) error {
	if !isObject(string(body)) {
		return errors.New("the body must be a JSON object")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(request); err != nil {
		return fmt.Errorf("invalid body: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("invalid body: more than one JSON value")
	}
	return nil
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// setLimits refuses the 0 that in a BucketConfig stands for no limit: in a
// request that is said by absence.
func setLimits(config *BucketConfig, maxBytes *int64, maxValueSize *int32) error {
	if maxBytes != nil && *maxBytes < 1 {
		return errors.New("max_bytes must be at least 1")
	}
	if maxValueSize != nil && *maxValueSize < 1 {
		return errors.New("max_value_size must be at least 1")
	}
	set(&config.MaxBytes, maxBytes)
	set(&config.MaxValueSize, maxValueSize)
	return nil
}
