package mockgateway

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// createBucketRequest is the body of POST /storage/kv. A field that is absent
// or null is nil here; the documents do not tell the two apart.
type createBucketRequest struct {
	updateBucketRequest
	Bucket      *string `json:"bucket"`
	Compression *bool   `json:"compression"`
	History     *int    `json:"history"`
	Replicas    *int    `json:"replicas"`
	Storage     *string `json:"storage"`
}

// updateBucketRequest is the body of PUT /storage/kv/{bucket}: nothing else of a
// bucket can be changed.
type updateBucketRequest struct {
	Description  *string   `json:"description"`
	MaxBytes     *int64    `json:"max_bytes"`
	MaxValueSize *int32    `json:"max_value_size"`
	Indexing     *Indexing `json:"indexing"`
}

// object is a JSON object.
type object map[string]any

// listBuckets gives all buckets, by name: the documents know no limit here.
// entry_total is the number of keys; they do not say whether older revisions
// count.
func (g *Gateway) listBuckets(c call) (response, error) {
	items := []object{}
	dialect := c.behaviour.dialect
	if dialect.NullLists {
		items = nil
	}
	g.store.viewAll(func(b *bucket) {
		var created any = b.created
		if dialect.NumericCreated {
			created = b.created.UnixMilli()
		}
		items = append(items, object{
			"name": b.config.Name, "description": b.config.Description, "entry_total": len(b.entries), "created": created,
		})
	})
	return jsonResponse(http.StatusOK, []byte(jsonText(object{
		"body":     object{"results": items, "results_total": len(items)},
		"metadata": object{"duration": time.Since(c.record.Start).String()},
	}))), nil
}

// createBucket refuses unknown fields. The documents do not forbid them, but to
// ignore a misspelt limit silently would not help any test.
func (g *Gateway) createBucket(c call) (response, error) {
	var request createBucketRequest
	if err := decodeRequest(c.record.Body, &request); err != nil {
		return response{}, err
	}
	if request.Bucket == nil {
		return response{}, errors.New("bucket is required")
	}
	config := BucketConfig{Name: *request.Bucket}.withDefaults()
	set(&config.Compression, request.Compression)
	set(&config.History, request.History)
	set(&config.Replicas, request.Replicas)
	set(&config.Storage, request.Storage)
	if err := request.apply(&config); err != nil {
		return response{}, err
	}
	if err := g.store.create(config); err != nil {
		return response{}, &statusError{
			cmp.Or(c.behaviour.dialect.ExistingStatus, http.StatusBadRequest),
			cmp.Or(c.behaviour.dialect.ExistingText, "Bucket already exists"),
		}
	}
	return c.success(), nil
}

// getBucket leaves out what describes the cluster, the age of messages and how
// the store discards them, and of an index all but the number of its partitions.
// Where a limit is absent the documents show nothing; -1 is what JetStream says.
func (g *Gateway) getBucket(c call) (response, error) {
	var details object
	err := g.store.view(c.bucket, func(b *bucket) { details = b.details() })
	return jsonResponse(http.StatusOK, []byte(jsonText(object{
		"body":     details,
		"metadata": object{"bucket": c.bucket, "duration": time.Since(c.record.Start).String()},
	}))), err
}

func (b *bucket) details() object {
	config, bytes := b.config, b.bytes()
	maxBytes, maxValueSize := cmp.Or(config.MaxBytes, -1), cmp.Or(config.MaxValueSize, -1)
	stream := object{
		"name":                 "KV_" + config.Name,
		"compression":          map[bool]string{true: "s2", false: "none"}[config.Compression],
		"max_bytes":            maxBytes,
		"max_msg_size":         maxValueSize,
		"max_msgs_per_subject": config.History,
		"num_replicas":         config.Replicas,
		"storage":              config.Storage,
	}
	if config.Indexing != nil {
		stream["index_config"] = object{"partitions": config.Indexing.Partitions}
	}
	return object{
		"status": object{
			"bucket":        config.Name,
			"description":   config.Description,
			"bytes":         bytes,
			"history":       config.History,
			"ttl":           0,
			"is_compressed": config.Compression,
		},
		"config": object{
			"bucket":         config.Name,
			"max_bytes":      maxBytes,
			"max_value_size": maxValueSize,
			"history":        config.History,
			"num_replicas":   config.Replicas,
		},
		"stream_info": object{
			"config":  stream,
			"created": b.created,
			"state":   object{"bytes": bytes, "num_subjects": len(b.entries) + len(b.deletions)},
		},
	}
}

// updateBucket responds 404 for a bucket that does not exist, as the listed responses
// have it, though the call's description speaks of creating it. Limits below what the
// bucket holds refuse the writes to come. An index can be replaced and not removed.
func (g *Gateway) updateBucket(c call) (response, error) {
	var request updateBucketRequest
	if err := decodeRequest(c.record.Body, &request); err != nil {
		return response{}, fmt.Errorf("%w (an update may contain description, max_bytes, max_value_size and indexing)", err)
	}
	return c.success(), g.store.change(c.bucket, func(b *bucket) error {
		config := b.config
		if err := request.apply(&config); err != nil {
			return err
		}
		b.config = config
		return nil
	})
}

func (g *Gateway) deleteBucket(c call) (response, error) {
	return c.success(), g.store.remove(c.bucket)
}

func (g *Gateway) purgeBucket(c call) (response, error) {
	return c.success(), g.store.change(c.bucket, func(b *bucket) error {
		b.purge()
		return nil
	})
}

// decodeRequest decodes a body that must be exactly one JSON object without
// fields that request does not have.
func decodeRequest(body []byte, request any) error {
	if !isObject(string(body)) || !json.Valid(body) {
		return errors.New("the body must be a JSON object")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(request); err != nil {
		return fmt.Errorf("invalid body: %w", err)
	}
	return nil
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// apply refuses the 0 that in a BucketConfig stands for no limit: in a request
// that is said by absence.
func (r updateBucketRequest) apply(config *BucketConfig) error {
	if err := firstBroken(
		rule{r.MaxBytes == nil || *r.MaxBytes > 0, "max_bytes must be at least 1"},
		rule{r.MaxValueSize == nil || *r.MaxValueSize > 0, "max_value_size must be at least 1"},
	); err != nil {
		return err
	}
	set(&config.Description, r.Description)
	set(&config.MaxBytes, r.MaxBytes)
	set(&config.MaxValueSize, r.MaxValueSize)
	if r.Indexing != nil {
		config.Indexing = r.Indexing
	}
	return checkBucketConfig(*config)
}
