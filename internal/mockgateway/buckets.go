package mockgateway

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The fields of the bodies of PUT /storage/kv/{bucket}, since nothing else of a bucket
// can be changed, and of POST /storage/kv.
var (
	updatableFields = []string{"description", "max_bytes", "max_value_size", "indexing"}
	bucketFields    = append([]string{"bucket", "compression", "history", "replicas", "storage"}, updatableFields...)
)

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
	config := BucketConfig{}.withDefaults()
	if err := config.decode(c.record.Body, bucketFields); err != nil {
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
	return c.success(), g.store.change(c.bucket, func(b *bucket) error {
		config := b.config
		err := config.decode(c.record.Body, updatableFields)
		if err == nil {
			b.config = config
		}
		return err
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

// decode takes what a body has of some fields; one that is absent or null stays as it
// is. It refuses the 0 that in a BucketConfig stands for no limit: a request says that
// by absence.
func (c *BucketConfig) decode(body []byte, fields []string) error {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil || members == nil {
		return errors.New("the body must be a JSON object")
	}
	for name, value := range members {
		switch {
		case !slices.Contains(fields, name):
			return fmt.Errorf("unknown field %q (allowed are %s)", name, strings.Join(fields, ", "))
		case strings.HasPrefix(name, "max_") && string(value) == "0":
			return fmt.Errorf("%s must be at least 1", name)
		}
	}
	indexing := c.Indexing
	c.Indexing = nil // else what it points to would be changed
	if err := json.Unmarshal(body, c); err != nil {
		return fmt.Errorf("invalid body: %w", err)
	}
	c.Indexing = cmp.Or(c.Indexing, indexing)
	return checkBucketConfig(*c)
}
