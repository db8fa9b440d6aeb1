package quiva_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

func pointer[T any](value T) *T { return &value }

// TestBuckets: what is sent over a bucket's life, and what is read back.
func TestBuckets(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	client := newClient(t, gateway.URL, nil)
	sent := func(method, path, want string) {
		t.Helper()
		requests := gateway.RequestsTo(method, path)
		if len(requests) != 1 || string(requests[0].Body) != want {
			t.Fatalf("sent %+v, want one %s %s with %s", requests, method, path, want)
		}
		gateway.ResetRequests()
	}
	shows := func(want string) {
		t.Helper()
		bucket, err := client.GetBucket(t.Context(), "limits")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := time.Parse(time.RFC3339, *bucket.Created); err != nil {
			t.Error(err)
		}
		bucket.Created = nil
		if got, _ := json.Marshal(bucket); string(got) != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		gateway.ResetRequests()
	}

	if err := client.CreateBucket(t.Context(), quiva.BucketConfig{Bucket: "limits"}); err != nil {
		t.Fatal(err)
	}
	sent(http.MethodPost, "/storage/kv", `{"bucket":"limits"}`)
	shows(`{"Name":"limits","Description":"","History":1,"Replicas":1,"MaxBytes":-1,"MaxValueSize":-1,"Storage":"file","Compression":false,"IndexPartitions":null,"Bytes":0,"EntryTotal":0,"Created":null}`)

	if err := client.CreateBucket(t.Context(), quiva.BucketConfig{Bucket: "limits"}); !quiva.IsBucketTaken(err) || quiva.IsNotFound(err) {
		t.Errorf("creating it again gave %v", err)
	}
	gateway.ResetRequests()

	if err := client.UpdateBucket(t.Context(), "limits", quiva.BucketUpdate{
		Description:  pointer("a < b"),
		MaxBytes:     pointer(int64(1 << 40)),
		MaxValueSize: pointer(int64(100)),
		Indexing: &quiva.Indexing{
			Mappings:    []quiva.IndexMapping{{Field: "name", FieldType: "text"}},
			Partitions:  2,
			Replicas:    1,
			StorageType: "memory",
		},
	}); err != nil {
		t.Fatal(err)
	}
	sent(http.MethodPut, "/storage/kv/limits", `{"description":"a \u003c b","max_bytes":1099511627776,"max_value_size":100,"indexing":{"mappings":[{"field":"name","field_type":"text"}],"partitions":2,"replicas":1,"storage_type":"memory"}}`)
	gateway.PutEntry("limits", "k", `{}`)
	shows(`{"Name":"limits","Description":"a \u003c b","History":1,"Replicas":1,"MaxBytes":1099511627776,"MaxValueSize":100,"Storage":"file","Compression":false,"IndexPartitions":2,"Bytes":3,"EntryTotal":1,"Created":null}`)

	if err := client.UpdateBucket(t.Context(), "limits", quiva.BucketUpdate{Description: pointer("")}); err != nil {
		t.Fatal(err)
	}
	sent(http.MethodPut, "/storage/kv/limits", `{"description":""}`)

	buckets, err := client.ListBuckets(t.Context())
	if err != nil || len(buckets) != 2 || buckets[1].Name != "limits" || *buckets[1].EntryTotal != 1 || *buckets[1].Description != "" {
		t.Errorf("got %+v, %v", buckets, err)
	}
	sent(http.MethodGet, "/storage/kv", "")

	if err := client.DeleteBucket(t.Context(), "limits"); err != nil {
		t.Fatal(err)
	}
	sent(http.MethodDelete, "/storage/kv/limits", "")
	_, getErr := client.GetBucket(t.Context(), "limits")
	for _, err := range []error{
		getErr,
		client.UpdateBucket(t.Context(), "limits", quiva.BucketUpdate{Description: pointer("x")}),
		client.DeleteBucket(t.Context(), "limits"),
	} {
		if !quiva.IsNotFound(err) || quiva.IsBucketTaken(err) {
			t.Errorf("a bucket that is gone gave %v", err)
		}
	}
}

// TestCreateBucketAnswerLost: the repeated attempt finds what the first one
// made, and says so.
func TestCreateBucketAnswerLost(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.Inject(mockgateway.Fault{Method: http.MethodPost, Times: 1, Effect: mockgateway.LoseAnswer()})
	client := newClient(t, gateway.URL, func(c *quiva.Config) { c.MaxRetries = 1 })
	err := client.CreateBucket(t.Context(), quiva.BucketConfig{Bucket: "limits"})
	var failure *quiva.Error
	if !quiva.IsBucketTaken(err) || !errors.As(err, &failure) || failure.Attempts != 2 {
		t.Errorf("got %v", err)
	}
}

// TestBucketParts: each field is found in whichever part of the answer has it.
func TestBucketParts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ body, want string }{
		"status": {
			`{"status":{"bucket":"b","description":"d","bytes":7,"history":5,"is_compressed":true}}`,
			`{"Name":"b","Description":"d","History":5,"Replicas":null,"MaxBytes":null,"MaxValueSize":null,"Storage":null,"Compression":true,"IndexPartitions":null,"Bytes":7,"EntryTotal":null,"Created":null}`,
		},
		"config": {
			`{"status":null,"config":{"bucket":"b","max_bytes":9,"max_value_size":8,"history":5,"num_replicas":3}}`,
			`{"Name":"b","Description":null,"History":5,"Replicas":3,"MaxBytes":9,"MaxValueSize":8,"Storage":null,"Compression":null,"IndexPartitions":null,"Bytes":null,"EntryTotal":null,"Created":null}`,
		},
		"stream": {
			`{"stream_info":{"config":{"name":"KV_b","compression":"s2","max_bytes":9,"max_msg_size":8,"max_msgs_per_subject":5,"num_replicas":3,"storage":"memory","index_config":{"partitions":4}},"created":"2025-05-08T12:49:45.029Z","state":{"bytes":7,"num_subjects":6}}}`,
			`{"Name":"b","Description":null,"History":5,"Replicas":3,"MaxBytes":9,"MaxValueSize":8,"Storage":"memory","Compression":true,"IndexPartitions":4,"Bytes":7,"EntryTotal":6,"Created":"2025-05-08T12:49:45.029Z"}`,
		},
		"not compressed": {
			`{"config":{"bucket":"b"},"stream_info":{"config":{"compression":"none"}}}`,
			`{"Name":"b","Description":null,"History":null,"Replicas":null,"MaxBytes":null,"MaxValueSize":null,"Storage":null,"Compression":false,"IndexPartitions":null,"Bytes":null,"EntryTotal":null,"Created":null}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.Inject(mockgateway.Fault{Effect: mockgateway.Respond(http.StatusOK, nil, `{"body":`+test.body+`}`)})
			bucket, err := newClient(t, gateway.URL, nil).GetBucket(t.Context(), "b")
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := json.Marshal(bucket); string(got) != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestBucketAnswers: what the calls cannot do without.
func TestBucketAnswers(t *testing.T) {
	t.Parallel()
	list := func(t *testing.T, c *quiva.Client) error { _, err := c.ListBuckets(t.Context()); return err }
	get := func(t *testing.T, c *quiva.Client) error { _, err := c.GetBucket(t.Context(), "b"); return err }
	create := func(t *testing.T, c *quiva.Client) error {
		return c.CreateBucket(t.Context(), quiva.BucketConfig{Bucket: "b"})
	}
	update := func(t *testing.T, c *quiva.Client) error {
		return c.UpdateBucket(t.Context(), "b", quiva.BucketUpdate{})
	}
	remove := func(t *testing.T, c *quiva.Client) error { return c.DeleteBucket(t.Context(), "b") }
	tests := map[string]struct {
		call         func(*testing.T, *quiva.Client) error
		answer, want string
	}{
		"list, no body":     {list, `{}`, `lacks "body.results"`},
		"list, no results":  {list, `{"body":{"results":null}}`, `lacks "body.results"`},
		"list, no name":     {list, `{"body":{"results":[{"entry_total":1}]}}`, `a result of the answer lacks its "name"`},
		"list, wrong type":  {list, `{"body":{"results":[{"name":1}]}}`, "JSON of an unexpected shape"},
		"get, no body":      {get, `{"metadata":{}}`, `lacks "body"`},
		"get, no name":      {get, `{"body":{"status":{},"config":{},"stream_info":{}}}`, `lacks "body.status.bucket"`},
		"get, other bucket": {get, `{"body":{"status":{"bucket":"c"}}}`, `about the bucket "c"`},
		"get, other stream": {get, `{"body":{"stream_info":{"config":{"name":"KV_c"}}}}`, `about the bucket "c"`},
		"get, wrong type":   {get, `{"body":{"status":{"bucket":"b","history":"5"}}}`, "JSON of an unexpected shape"},
		"get, an error":     {get, `{"error":"not_found"}`, "an error in spite of its status: not_found"},
		"create":            {create, `{}`, `lacks "message"`},
		"update":            {update, `{"body":{}}`, `lacks "message"`},
		"delete":            {remove, `null`, `lacks "message"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.Inject(mockgateway.Fault{Effect: mockgateway.Respond(http.StatusOK, nil, test.answer)})
			err := test.call(t, newClient(t, gateway.URL, nil))
			if err == nil || !strings.Contains(err.Error(), test.want) || quiva.IsNotFound(err) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}
