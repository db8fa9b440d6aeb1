package mockgateway

import (
	"cmp"
	"net/http"
	"time"
)

// object is a JSON object.
type object map[string]any

// getBucket leaves out what describes the cluster and the age of messages, and of an
// index all but index_config: the schema has fields for nothing else. Where a limit is
// absent the documents show nothing; -1 is what JetStream says.
func (g *Gateway) getBucket(c call) (response, error) {
	var details object
	err := g.store.view(c.bucket, func(b *bucket) { details = b.details() })
	return jsonResponse(http.StatusOK, []byte(jsonText(object{
		"body":     details,
		"metadata": object{"bucket": c.bucket, "duration": time.Since(c.start).String()},
	}))), err
}

func (b *bucket) details() object {
	config := b.config
	maxBytes, maxValueSize := cmp.Or(config.MaxBytes, -1), cmp.Or(config.MaxValueSize, -1)
	return object{
		"status": object{
			"backing_store": "JetStream",
			"bucket":        config.Name,
			"description":   config.Description,
			"bytes":         b.bytes,
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
			"config":  b.streamConfig(maxBytes, maxValueSize),
			"created": b.created,
			"state":   b.state(),
		},
	}
}

func (b *bucket) streamConfig(maxBytes int64, maxValueSize int32) object {
	config := object{
		"compression": "none",
		// A full bucket refuses writes; "old" would drop entries instead.
		"discard":              "new",
		"max_age":              0,
		"max_bytes":            maxBytes,
		"max_msg_size":         maxValueSize,
		"max_msgs":             -1,
		"max_msgs_per_subject": b.config.History,
		"name":                 "KV_" + b.config.Name,
		"num_replicas":         b.config.Replicas,
		"retention":            "Limits",
		"storage":              b.config.Storage,
		"subjects":             []string{"$KV." + b.config.Name + ".>"},
	}
	if b.config.Compression {
		config["compression"] = "s2"
	}
	if b.config.Indexing != nil {
		config["index_config"] = object{"partitions": b.config.Indexing.Partitions, "version": b.indexVersion}
	}
	return config
}

func (b *bucket) state() object {
	return object{
		"messages":       b.revisionsKept + len(b.deletions),
		"bytes":          b.bytes,
		"last_seq":       b.sequence,
		"num_subjects":   len(b.entries) + len(b.deletions),
		"consumer_count": 0,
	}
}
