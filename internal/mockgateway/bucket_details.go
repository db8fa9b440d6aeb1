package mockgateway

import (
	"cmp"
	"fmt"
	"net/http"
	"time"
)

// The response to GET /storage/kv/{bucket}. Its schema has fields for neither an
// index's mappings, replicas and storage nor for the indexing as requested, so
// none of that can be read back; of the index it shows index_config, where the
// names of the engine and of the ID field are not documented and left out here.
//
// Where a limit is absent the documents show nothing; -1 is what JetStream says.
type bucketDetails struct {
	Status     bucketStatus   `json:"status"`
	Config     bucketSettings `json:"config"`
	StreamInfo streamInfo     `json:"stream_info"`
}

type bucketStatus struct {
	BackingStore string `json:"backing_store"`
	Bucket       string `json:"bucket"`
	Description  string `json:"description"`
	Bytes        uint64 `json:"bytes"`
	History      int64  `json:"history"`
	TTL          int64  `json:"ttl"`
	IsCompressed bool   `json:"is_compressed"`
}

type bucketSettings struct {
	Bucket       string `json:"bucket"`
	MaxBytes     int64  `json:"max_bytes"`
	MaxValueSize int32  `json:"max_value_size"`
	History      int64  `json:"history"`
	NumReplicas  int    `json:"num_replicas"`
}

type streamInfo struct {
	Cluster streamCluster `json:"cluster"`
	Config  streamConfig  `json:"config"`
	Created time.Time     `json:"created"`
	State   streamState   `json:"state"`
}

type streamCluster struct {
	Leader   string          `json:"leader"`
	Name     string          `json:"name"`
	Replicas []streamReplica `json:"replicas"`
}

type streamReplica struct {
	Active  uint64 `json:"active"`
	Current bool   `json:"current"`
	Name    string `json:"name"`
}

type streamConfig struct {
	AllowDirect       bool              `json:"allow_direct"`
	AllowRollupHdrs   bool              `json:"allow_rollup_hdrs"`
	Compression       string            `json:"compression"`
	ConsumerLimits    struct{}          `json:"consumer_limits"`
	DenyDelete        bool              `json:"deny_delete"`
	Discard           string            `json:"discard"`
	DuplicateWindow   int64             `json:"duplicate_window"`
	IndexConfig       *indexConfig      `json:"index_config,omitempty"`
	MaxAge            int64             `json:"max_age"`
	MaxBytes          int64             `json:"max_bytes"`
	MaxConsumers      int               `json:"max_consumers"`
	MaxMsgSize        int32             `json:"max_msg_size"`
	MaxMsgs           int64             `json:"max_msgs"`
	MaxMsgsPerSubject int64             `json:"max_msgs_per_subject"`
	MirrorDirect      bool              `json:"mirror_direct"`
	Name              string            `json:"name"`
	NumReplicas       int               `json:"num_replicas"`
	Retention         string            `json:"retention"`
	Storage           string            `json:"storage"`
	Subjects          []string          `json:"subjects"`
	Metadata          map[string]string `json:"metadata"`
}

type indexConfig struct {
	Partitions int `json:"partitions"`
	Version    int `json:"version"`
}

type streamState struct {
	Messages      uint64    `json:"messages"`
	Bytes         uint64    `json:"bytes"`
	FirstSeq      uint64    `json:"first_seq"`
	FirstTS       time.Time `json:"first_ts"`
	LastSeq       uint64    `json:"last_seq"`
	LastTS        time.Time `json:"last_ts"`
	NumDeleted    int       `json:"num_deleted"`
	NumSubjects   uint64    `json:"num_subjects"`
	ConsumerCount int       `json:"consumer_count"`
}

func (g *Gateway) getBucket(c call) (response, error) {
	if err := checkBucketName(c.bucket); err != nil {
		return response{}, err
	}
	var details bucketDetails
	if err := g.store.view(c.bucket, func(b *bucket) { details = b.details() }); err != nil {
		return response{}, err
	}
	return jsonResponse(http.StatusOK, []byte(jsonText(map[string]any{
		"body": details,
		"metadata": map[string]any{
			"bucket":   c.bucket,
			"duration": time.Since(c.start).String(),
		},
	}))), nil
}

func (b *bucket) details() bucketDetails {
	maxBytes := cmp.Or(b.config.MaxBytes, -1)
	maxValueSize := cmp.Or(b.config.MaxValueSize, -1)
	return bucketDetails{
		Status: bucketStatus{
			BackingStore: "JetStream",
			Bucket:       b.config.Name,
			Description:  b.config.Description,
			Bytes:        uint64(b.bytes),
			History:      int64(b.config.History),
			IsCompressed: b.config.Compression,
		},
		Config: bucketSettings{
			Bucket:       b.config.Name,
			MaxBytes:     maxBytes,
			MaxValueSize: maxValueSize,
			History:      int64(b.config.History),
			NumReplicas:  b.config.Replicas,
		},
		StreamInfo: streamInfo{
			Cluster: b.cluster(),
			Config: streamConfig{
				AllowDirect:     true,
				AllowRollupHdrs: true,
				Compression:     b.compression(),
				DenyDelete:      true,
				// A full bucket refuses writes; "old" would drop entries instead.
				Discard:           "new",
				DuplicateWindow:   int64(2 * time.Minute),
				IndexConfig:       b.indexConfig(),
				MaxBytes:          maxBytes,
				MaxConsumers:      -1,
				MaxMsgSize:        maxValueSize,
				MaxMsgs:           -1,
				MaxMsgsPerSubject: int64(b.config.History),
				Name:              "KV_" + b.config.Name,
				NumReplicas:       b.config.Replicas,
				Retention:         "Limits",
				Storage:           b.config.Storage,
				Subjects:          []string{"$KV." + b.config.Name + ".>"},
				Metadata:          map[string]string{},
			},
			Created: b.created,
			State:   b.state(),
		},
	}
}

func (b *bucket) compression() string {
	if b.config.Compression {
		return "s2"
	}
	return "none"
}

func (b *bucket) indexConfig() *indexConfig {
	if b.config.Indexing == nil {
		return nil
	}
	return &indexConfig{Partitions: b.config.Indexing.Partitions, Version: b.indexVersion}
}

// cluster has the leader and, as in the documents' example, the other replicas.
func (b *bucket) cluster() streamCluster {
	replicas := []streamReplica{}
	for n := 2; n <= b.config.Replicas; n++ {
		replicas = append(replicas, streamReplica{Current: true, Name: fmt.Sprintf("node-%d", n)})
	}
	return streamCluster{Leader: "node-1", Name: "mock-gateway", Replicas: replicas}
}

func (b *bucket) state() streamState {
	first := b.first()
	if first.sequence == 0 {
		first.sequence = b.sequence + 1
	}
	messages := b.revisionsKept + len(b.deletions)
	return streamState{
		Messages:    uint64(messages),
		Bytes:       uint64(b.bytes),
		FirstSeq:    first.sequence,
		FirstTS:     first.time,
		LastSeq:     b.sequence,
		LastTS:      b.lastWrite,
		NumDeleted:  int(b.sequence+1-first.sequence) - messages,
		NumSubjects: uint64(len(b.entries) + len(b.deletions)),
	}
}
