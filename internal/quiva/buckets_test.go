package quiva

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
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

	if err := client.CreateBucket(t.Context(), BucketConfig{Bucket: "limits"}); err != nil {
		t.Fatal(err)
	}
	sent(http.MethodPost, "/storage/kv", `{"bucket":"limits"}`)
	shows(`{"Name":"limits","Description":"","History":1,"Replicas":1,"MaxBytes":-1,"MaxValueSize":-1,"Storage":"file","Compression":false,"IndexPartitions":null,"TTL":0,"Bytes":0,"EntryTotal":0,"Created":null}`)

	if err := client.CreateBucket(t.Context(), BucketConfig{Bucket: "limits"}); !errors.Is(err, ErrBucketExists) || errors.Is(err, ErrNotFound) {
		t.Errorf("creating it again gave %v", err)
	}
	gateway.ResetRequests()

	if _, err := client.UpdateBucket(t.Context(), "limits", BucketUpdate{
		Description:  pointer("a < b"),
		MaxBytes:     pointer(int64(1 << 40)),
		MaxValueSize: pointer(int64(100)),
		Indexing: &Indexing{
			Mappings:    []IndexMapping{{Field: "name", FieldType: "text"}},
			Partitions:  2,
			Replicas:    1,
			StorageType: "memory",
		},
	}); err != nil {
		t.Fatal(err)
	}
	sent(http.MethodPut, "/storage/kv/limits", `{"description":"a \u003c b","max_bytes":1099511627776,"max_value_size":100,"indexing":{"mappings":[{"field":"name","field_type":"text"}],"partitions":2,"replicas":1,"storage_type":"memory"}}`)
	gateway.PutEntry("limits", "k", `{}`)
	shows(`{"Name":"limits","Description":"a \u003c b","History":1,"Replicas":1,"MaxBytes":1099511627776,"MaxValueSize":100,"Storage":"file","Compression":false,"IndexPartitions":2,"TTL":0,"Bytes":3,"EntryTotal":1,"Created":null}`)

	if _, err := client.UpdateBucket(t.Context(), "limits", BucketUpdate{Description: pointer("")}); err != nil {
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
	_, updateErr := client.UpdateBucket(t.Context(), "limits", BucketUpdate{Description: pointer("x")})
	for _, err := range []error{
		getErr,
		updateErr,
		client.DeleteBucket(t.Context(), "limits"),
	} {
		if !errors.Is(err, ErrNotFound) || errors.Is(err, ErrBucketExists) {
			t.Errorf("a bucket that is gone gave %v", err)
		}
	}
}

// TestCreateBucketRecovers: a creation whose response is lost counts as made if
// the bucket is just as it was to be, and nobody else can have made it.
func TestCreateBucketRecovers(t *testing.T) {
	t.Parallel()
	asked := BucketConfig{Bucket: "limits", History: pointer(int64(5))}
	same := mockgateway.BucketConfig{Name: "limits", History: 5}
	// othersBucket stands for somebody else's, made at the same time.
	othersBucket := func(bucket mockgateway.BucketConfig, entries ...string) func(*mockgateway.Gateway) {
		return func(gateway *mockgateway.Gateway) {
			gateway.CreateBucketWith(bucket)
			for _, key := range entries {
				gateway.PutEntry("limits", key, `{}`)
			}
		}
	}
	tests := map[string]struct {
		effect mockgateway.Effect // on the first attempt
		// meanwhile happens before the second one.
		meanwhile func(*mockgateway.Gateway)
		retries   int
		want      error
	}{
		"lost, repeated":            {mockgateway.LoseResponse(), nil, 1, nil},
		"lost, not repeated":        {mockgateway.LoseResponse(), nil, 0, nil},
		"cut off, not repeated":     {mockgateway.Truncate(), nil, 0, nil},
		"lost by a proxy":           {mockgateway.Respond(502, nil, "<html>"), othersBucket(same), 1, nil},
		"another history":           {mockgateway.Drop(), othersBucket(mockgateway.BucketConfig{Name: "limits", History: 4}), 1, ErrBucketExists},
		"with a limit":              {mockgateway.Drop(), othersBucket(mockgateway.BucketConfig{Name: "limits", History: 5, MaxBytes: 1000}), 1, ErrBucketExists},
		"with an entry":             {mockgateway.Drop(), othersBucket(same, "a"), 1, ErrBucketExists},
		"ours was refused with 500": {mockgateway.Respond(500, nil, `{"error":"internal_error"}`), othersBucket(same), 1, ErrBucketExists},
		"ours was refused with 429": {mockgateway.Respond(429, http.Header{"Retry-After": {"0"}}, ""), othersBucket(same), 1, ErrBucketExists},
	}
	for name, test := range tests {
		withFlags(t, func(t *testing.T, gateway *mockgateway.Gateway) {
			gateway.SetRequestHook(func(request mockgateway.Request) {
				if request.Method == http.MethodPost && test.meanwhile != nil {
					gateway.SetRequestHook(nil)
					test.meanwhile(gateway)
				}
			})
			gateway.Inject(mockgateway.Fault{Method: http.MethodPost, Times: 1, Effect: test.effect})
			client := inMemory(gateway, func(c *Config) { c.MaxRetries = test.retries })
			if err := client.CreateBucket(t.Context(), asked); !errors.Is(err, test.want) {
				t.Errorf("%s: got %v, want %v", name, err, test.want)
			}
		})
	}
}

// TestCreateBucketUnreached: a creation that certainly did not arrive is not
// looked after, so that it cannot claim somebody else's bucket.
func TestCreateBucketUnreached(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.SetRequestHook(func(request mockgateway.Request) {
		if request.Method == http.MethodGet {
			go gateway.Close() // waits for this very request
		}
	})
	client := newClient(t, gateway.URL, func(c *Config) { c.MaxRetries = 0 })
	if err := client.CreateBucket(t.Context(), BucketConfig{Bucket: "limits"}); err == nil || errors.Is(err, ErrBucketExists) {
		t.Errorf("got %v", err)
	}
}

// TestCreateBucketCancelled: a creation that Ctrl-C cuts off is looked after at
// once, so that a bucket that was made is not forgotten.
func TestCreateBucketCancelled(t *testing.T) {
	t.Parallel()
	for effect, isMade := range map[*mockgateway.Effect]bool{pointer(mockgateway.HoldResponse()): true, pointer(mockgateway.Hang()): false} {
		withFlags(t, func(t *testing.T, gateway *mockgateway.Gateway) {
			gateway.Inject(mockgateway.Fault{Method: http.MethodPost, Effect: *effect})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := inMemory(gateway).CreateBucket(ctx, BucketConfig{Bucket: "limits"})
			if isMade && err != nil || !isMade && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("made: %t, got %v", isMade, err)
			}
		})
	}
}

// TestBucketParts: each field is found in whichever part of the response has it.
func TestBucketParts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ body, want string }{
		"status": {
			`{"status":{"bucket":"b","description":"d","bytes":7,"history":5,"is_compressed":true}}`,
			`{"Name":"b","Description":"d","History":5,"Replicas":null,"MaxBytes":null,"MaxValueSize":null,"Storage":null,"Compression":true,"IndexPartitions":null,"TTL":0,"Bytes":7,"EntryTotal":null,"Created":null}`,
		},
		"config": {
			`{"status":null,"config":{"bucket":"b","max_bytes":9,"max_value_size":8,"history":5,"num_replicas":3}}`,
			`{"Name":"b","Description":null,"History":5,"Replicas":3,"MaxBytes":9,"MaxValueSize":8,"Storage":null,"Compression":null,"IndexPartitions":null,"TTL":0,"Bytes":null,"EntryTotal":null,"Created":null}`,
		},
		"stream": {
			`{"stream_info":{"config":{"name":"KV_b","compression":"s2","max_bytes":9,"max_msg_size":8,"max_msgs_per_subject":5,"num_replicas":3,"storage":"memory","index_config":{"partitions":4}},"created":"2025-05-08T12:49:45.029Z","state":{"bytes":7,"num_subjects":6}}}`,
			`{"Name":"b","Description":null,"History":5,"Replicas":3,"MaxBytes":9,"MaxValueSize":8,"Storage":"memory","Compression":true,"IndexPartitions":4,"TTL":0,"Bytes":7,"EntryTotal":6,"Created":"2025-05-08T12:49:45.029Z"}`,
		},
		"not compressed": {
			`{"config":{"bucket":"b"},"stream_info":{"config":{"compression":"none"}}}`,
			`{"Name":"b","Description":null,"History":null,"Replicas":null,"MaxBytes":null,"MaxValueSize":null,"Storage":null,"Compression":false,"IndexPartitions":null,"TTL":0,"Bytes":null,"EntryTotal":null,"Created":null}`,
		},
	}
	for name, test := range tests {
		client, _ := serve(func(string, string) (int, string) { return http.StatusOK, `{"body":` + test.body + `}` })
		bucket, err := client.GetBucket(t.Context(), "b")
		if got, _ := json.Marshal(bucket); string(got) != test.want || err != nil {
			t.Errorf("%s: got  %s, %v\nwant %s", name, got, err, test.want)
		}
	}
}

// TestBucketResponses: what the calls cannot do without.
func TestBucketResponses(t *testing.T) {
	t.Parallel()
	list := func(ctx context.Context, c *Client) error { _, err := c.ListBuckets(ctx); return err }
	get := func(ctx context.Context, c *Client) error { _, err := c.GetBucket(ctx, "b"); return err }
	remove := func(ctx context.Context, c *Client) error { return c.DeleteBucket(ctx, "b") }
	purge := func(ctx context.Context, c *Client) error { return c.PurgeBucket(ctx, "b") }
	tests := map[string]struct {
		call       func(context.Context, *Client) error
		body, want string
	}{
		"list, no results":  {list, `{"body":{}}`, `lacks "body.results"`},
		"list, no name":     {list, `{"body":{"results":[{"entry_total":1}]}}`, `a result of the response lacks its "name"`},
		"list, wrong type":  {list, `{"body":{"results":[{"name":1}]}}`, "JSON of an unexpected shape"},
		"get, no name":      {get, `{"body":{"status":{},"config":{},"stream_info":{}}}`, `lacks "body.status.bucket"`},
		"get, other bucket": {get, `{"body":{"status":{"bucket":"c"}}}`, `about the bucket "c"`},
		"get, other stream": {get, `{"body":{"stream_info":{"config":{"name":"KV_c"}}}}`, `about the bucket "c"`},
		"get, wrong type":   {get, `{"body":{"status":{"bucket":"b","history":"5"}}}`, "JSON of an unexpected shape"},
		"delete":            {remove, `null`, "of an unexpected shape"},
		"purge":             {purge, `{"error":"locked"}`, "an error despite status 200: locked"},
	}
	for name, test := range tests {
		client, _ := serve(func(string, string) (int, string) { return http.StatusOK, test.body })
		err := test.call(t.Context(), client)
		if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, ErrNotFound) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}

// TestUpdateBucketIgnored: a gateway may accept an update and keep what it had. The
// client reads the bucket for two seconds, since reads may lag behind writes.
func TestUpdateBucketIgnored(t *testing.T) {
	t.Parallel()
	withFlags(t, func(t *testing.T, gateway *mockgateway.Gateway) {
		gateway.CreateBucketWith(mockgateway.BucketConfig{Name: "limits", Description: "old"})
		gateway.Inject(mockgateway.Fault{Method: http.MethodPut, Effect: mockgateway.Respond(http.StatusOK, nil, `{"message":"success"}`)})
		start := time.Now()
		updated, err := inMemory(gateway).UpdateBucket(t.Context(), "limits", BucketUpdate{Description: pointer("")})
		if err != nil || *updated.Description != "old" || time.Since(start) != 2*time.Second {
			t.Errorf("got %+v, %v after %s", updated, err, time.Since(start))
		}
	})
}
