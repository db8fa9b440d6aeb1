package mockgateway_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

func TestCreateBucket(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	do(t, s, "POST", "/storage/kv", `{"bucket":"plain"}`).expect(t, 200, success)
	do(t, s, "POST", "/storage/kv/", `{
		"bucket":"products","description":"Product catalog","compression":true,"history":5,
		"max_bytes":10737418240,"max_value_size":1048576,"replicas":3,"storage":"memory",
		"indexing":{"mappings":[{"field":"name","field_type":"text"}],"partitions":3,"replicas":2,"storage_type":"file"}
	}`).expect(t, 200, success)

	want := map[string]mockgateway.BucketConfig{
		"plain": {Name: "plain", History: 1, Replicas: 1, Storage: "file"},
		"products": {
			Name: "products", Description: "Product catalog", Compression: true, History: 5,
			MaxBytes: 10737418240, MaxValueSize: 1048576, Replicas: 3, Storage: "memory",
			Indexing: &mockgateway.Indexing{
				Mappings:   []mockgateway.IndexMapping{{Field: "name", FieldType: "text"}},
				Partitions: 3, Replicas: 2, StorageType: "file",
			},
		},
	}
	for name, config := range want {
		if got, ok := s.Bucket(name); !ok || !reflect.DeepEqual(got, config) {
			t.Errorf("bucket %s: got %+v, %t", name, got, ok)
		}
	}
}

func TestCreateBucketRefusals(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("taken")
	play(t, s, `
		POST  {"bucket":"taken"} => 400 {"error":"Bucket already exists"}
		POST  {} => 400 bucket is required
		POST  {"bucket":null} => 400 bucket is required
		POST  {"bucket":""} => 400 invalid bucket name
		POST  {"bucket":"a.b"} => 400 invalid bucket name
		POST => 400 must be a JSON object
		POST  { => 400 must be a JSON object
		POST  [] => 400 must be a JSON object
		POST  {"bucket":"b"} {} => 400 must be a JSON object
		POST  {"bucket":"b","ttl":1} => 400 unknown field \"ttl\"
		POST  {"bucket":"b","history":"5"} => 400 invalid body
		POST  {"bucket":"b","history":0} => 400 history must be between 1 and 64
		POST  {"bucket":"b","history":65} => 400 history must be between 1 and 64
		POST  {"bucket":"b","replicas":0} => 400 replicas must be between 1 and 5
		POST  {"bucket":"b","replicas":6} => 400 replicas must be between 1 and 5
		POST  {"bucket":"b","max_bytes":0} => 400 max_bytes must be at least 1
		POST  {"bucket":"b","max_bytes":-1} => 400 max_bytes must be at least 1
		POST  {"bucket":"b","max_value_size":0} => 400 max_value_size must be at least 1
		POST  {"bucket":"b","max_value_size":2147483648} => 400 max_value_size
		POST  {"bucket":"b","storage":"disk"} => 400 storage must be file or memory
		POST  {"bucket":"b","indexing":{"partitions":1,"replicas":1,"storage_type":"file"}} => 400 indexing.mappings is required
		POST  {"bucket":"b","indexing":{"mappings":[{"field_type":"text"}],"partitions":1}} => 400 mappings[0].field is required
		POST  {"bucket":"b","indexing":{"mappings":[{"field":"f","field_type":"int"}]}} => 400 field_type must be
		POST  {"bucket":"b","indexing":{"mappings":[],"replicas":1,"storage_type":"file"}} => 400 indexing.partitions
		POST  {"bucket":"b","indexing":{"mappings":[],"partitions":1,"storage_type":"file"}} => 400 indexing.replicas
		POST  {"bucket":"b","indexing":{"mappings":[],"partitions":1,"replicas":6}} => 400 indexing.replicas
		POST  {"bucket":"b","indexing":{"mappings":[],"partitions":1,"replicas":1}} => 400 indexing.storage_type`)
	if got := s.Buckets(); !slices.Equal(got, []string{"taken"}) {
		t.Errorf("buckets: %q", got)
	}
}

func TestListBuckets(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	list := func() string {
		t.Helper()
		r := do(t, s, "GET", "/storage/kv", "")
		if other := do(t, s, "GET", "/storage/kv/", ""); r.status != 200 || r.header.Get("Content-Type") != "application/json" || other.status != 200 {
			t.Fatalf("got %+v and, with a slash, %+v", r, other)
		}
		return regexp.MustCompile(`"duration":"[0-9.]+[nµm]?s"`).ReplaceAllString(r.body, `"duration":D`)
	}
	if got := list(); got != `{"body":{"results":[],"results_total":0},"metadata":{"duration":D}}` {
		t.Errorf("without buckets: %s", got)
	}
	s.CreateBucket("b")
	s.CreateBucketWith(mockgateway.BucketConfig{Name: "a", Description: "first", History: 4})
	s.PutEntry("a", "k", `{}`)
	s.PutEntry("a", "k", `{}`)
	created := regexp.MustCompile(`"created":"` + time.Now().UTC().Format("2006-01-") + `[^"]+Z"`)
	if got := created.ReplaceAllString(list(), `"created":C`); got != `{"body":{"results":[`+
		`{"created":C,"description":"first","entry_total":1,"name":"a"},{"created":C,"description":"","entry_total":0,"name":"b"}`+
		`],"results_total":2},"metadata":{"duration":D}}` {
		t.Errorf("got %s", got)
	}
}

// TestDeletedKeysAreCounted: a deleted key stays a subject, as in the store,
// until it is written again or the bucket is purged.
func TestDeletedKeysAreCounted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("flags")
	counted := func(want string) {
		t.Helper()
		if got := do(t, s, "GET", "/storage/kv/flags", "").body; !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	s.PutEntry("flags", "a", `{}`)
	s.PutEntry("flags", "b", `{}`)
	s.DeleteEntry("flags", "a")
	counted(`"state":{"bytes":3,"num_subjects":2}`)
	s.DeleteEntry("flags", "b")
	counted(`"num_subjects":2}`)
	s.PutEntry("flags", "a", `{}`)
	counted(`"num_subjects":2}`)
	do(t, s, "DELETE", "/storage/kv/flags/purge", "")
	counted(`"state":{"bytes":0,"num_subjects":0}`)
}

func TestGetBucket(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("plain")
	s.CreateBucketWith(mockgateway.BucketConfig{
		Name: "products", Description: "Product catalog", Compression: true, History: 2,
		MaxBytes: 1000, MaxValueSize: 100, Replicas: 3, Storage: "memory",
		Indexing: &mockgateway.Indexing{
			Mappings:   []mockgateway.IndexMapping{{Field: "name", FieldType: "text"}},
			Partitions: 4, Replicas: 1, StorageType: "file",
		},
	})
	for _, value := range []string{`{}`, `{"a":1}`, `{"a":2}`} {
		s.PutEntry("products", "k", value)
	}
	// What differs from one response to another.
	changing := regexp.MustCompile(`"created":"20[^"]+Z",|,"duration":"[0-9.]+[nµm]?s"`)
	for name, want := range map[string]string{
		"plain": `{"body":{"config":{"bucket":"plain","history":1,"max_bytes":-1,"max_value_size":-1,"num_replicas":1},` +
			`"status":{"bucket":"plain","bytes":0,"description":"","history":1,"is_compressed":false,"ttl":0},` +
			`"stream_info":{"config":{"compression":"none","max_bytes":-1,"max_msg_size":-1,` +
			`"max_msgs_per_subject":1,"name":"KV_plain","num_replicas":1,"storage":"file"},` +
			`"state":{"bytes":0,"num_subjects":0}}},"metadata":{"bucket":"plain"}}`,
		"products": `{"body":{"config":{"bucket":"products","history":2,"max_bytes":1000,"max_value_size":100,"num_replicas":3},` +
			`"status":{"bucket":"products","bytes":8,"description":"Product catalog","history":2,"is_compressed":true,"ttl":0},` +
			`"stream_info":{"config":{"compression":"s2","index_config":{"partitions":4},"max_bytes":1000,"max_msg_size":100,` +
			`"max_msgs_per_subject":2,"name":"KV_products","num_replicas":3,"storage":"memory"},` +
			`"state":{"bytes":8,"num_subjects":1}}},"metadata":{"bucket":"products"}}`,
	} {
		got := do(t, s, "GET", "/storage/kv/"+name, "")
		if n := len(changing.FindAllString(got.body, -1)); n != 2 {
			t.Errorf("%s: %d of created and duration", name, n)
		}
		got.body = changing.ReplaceAllString(got.body, "")
		got.expect(t, 200, want)
	}
}

func TestUpdateBucket(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucketWith(mockgateway.BucketConfig{Name: "b", Description: "old", MaxBytes: 10, MaxValueSize: 20, History: 3})
	const path = "/storage/kv/b"

	want := mockgateway.BucketConfig{
		Name: "b", Description: "old", MaxBytes: 10, MaxValueSize: 20,
		History: 3, Replicas: 1, Storage: "file",
	}
	for _, update := range []struct {
		body  string
		apply func()
	}{
		{`{}`, func() {}},
		{`{"description":"","max_bytes":30}`, func() { want.Description, want.MaxBytes = "", 30 }},
		{`{"max_value_size":40,"indexing":{"mappings":[],"partitions":2,"replicas":1,"storage_type":"memory"}}`, func() {
			want.MaxValueSize = 40
			want.Indexing = &mockgateway.Indexing{Mappings: []mockgateway.IndexMapping{}, Partitions: 2, Replicas: 1, StorageType: "memory"}
		}},
	} {
		do(t, s, "PUT", path, update.body).expect(t, 200, success)
		update.apply()
		if got, _ := s.Bucket("b"); !reflect.DeepEqual(got, want) {
			t.Errorf("%s changed the bucket to %+v", update.body, got)
		}
	}

	play(t, s, `
		PUT /absent {} => 404 {"error":"not_found"}
		PUT /a.b {} => 400 invalid bucket name
		PUT /b {"history":4} => 400 unknown field \"history\" (an update may contain
		PUT /b {"storage":"memory"} => 400 unknown field \"storage\"
		PUT /b {"bucket":"b"} => 400 unknown field \"bucket\"
		PUT /b {"max_bytes":0} => 400 max_bytes must be at least 1
		PUT /b {"max_value_size":-5} => 400 max_value_size must be at least 1
		PUT /b {"description":"x","indexing":{}} => 400 indexing.mappings is required
		PUT /b => 400 must be a JSON object`)
	if got, _ := s.Bucket("b"); !reflect.DeepEqual(got, want) {
		t.Errorf("refused updates changed the bucket to %+v", got)
	}
}

func TestDeleteAndPurgeBucket(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("b")
	play(t, s, `
		PUT /b/entries/k {} => 200 {"message":"success"}
		DELETE /b/purge => 200 {"message":"success"}
		GET /b/entries/k => 404 {"error":"not_found"}
		PUT /b/entries/k {} => 200 {"message":"success"}
		DELETE /b => 200 {"message":"success"}
		DELETE /b => 404 {"error":"not_found"}
		DELETE /b/purge => 404 {"error":"not_found"}
		GET /b => 404 {"error":"not_found"}
		POST  {"bucket":"b"} => 200 {"message":"success"}
		GET /b/entries/k => 404 {"error":"not_found"}
		DELETE /a.b => 400 invalid bucket name
		DELETE /a.b/purge => 400 invalid bucket name`)
	if got := s.Revisions("b", "k"); got != 0 {
		t.Errorf("the new bucket knows of %d writes", got)
	}
}
