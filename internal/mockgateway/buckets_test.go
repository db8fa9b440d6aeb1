package mockgateway_test

import (
	"net/http"
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
	indexing := func(fields string) string { return `{"bucket":"b","indexing":{` + fields + `}}` }
	for name, test := range map[string]struct{ body, message string }{
		"taken name":            {`{"bucket":"taken"}`, `{"error":"Bucket already exists"}`},
		"no name":               {`{}`, "bucket is required"},
		"null name":             {`{"bucket":null}`, "bucket is required"},
		"empty name":            {`{"bucket":""}`, "invalid bucket name"},
		"illegal name":          {`{"bucket":"a.b"}`, "invalid bucket name"},
		"no body":               {``, "must be a JSON object"},
		"not JSON":              {`{`, "must be a JSON object"},
		"an array":              {`[]`, "must be a JSON object"},
		"two values":            {`{"bucket":"b"} {}`, "must be a JSON object"},
		"unknown field":         {`{"bucket":"b","ttl":1}`, `unknown field \"ttl\"`},
		"wrong type":            {`{"bucket":"b","history":"5"}`, "invalid body"},
		"history 0":             {`{"bucket":"b","history":0}`, "history must be between 1 and 64"},
		"history 65":            {`{"bucket":"b","history":65}`, "history must be between 1 and 64"},
		"replicas 0":            {`{"bucket":"b","replicas":0}`, "replicas must be between 1 and 5"},
		"replicas 6":            {`{"bucket":"b","replicas":6}`, "replicas must be between 1 and 5"},
		"max_bytes 0":           {`{"bucket":"b","max_bytes":0}`, "max_bytes must be at least 1"},
		"max_bytes negative":    {`{"bucket":"b","max_bytes":-1}`, "max_bytes must be at least 1"},
		"max_value_size 0":      {`{"bucket":"b","max_value_size":0}`, "max_value_size must be at least 1"},
		"max_value_size int33":  {`{"bucket":"b","max_value_size":2147483648}`, "max_value_size"},
		"storage":               {`{"bucket":"b","storage":"disk"}`, "storage must be file or memory"},
		"storage empty":         {`{"bucket":"b","storage":""}`, "storage must be file or memory"},
		"index mappings":        {indexing(`"partitions":1,"replicas":1,"storage_type":"file"`), "indexing.mappings is required"},
		"index field":           {indexing(`"mappings":[{"field_type":"text"}],"partitions":1,"replicas":1,"storage_type":"file"`), "mappings[0].field is required"},
		"index field type":      {indexing(`"mappings":[{"field":"f","field_type":"int"}],"partitions":1,"replicas":1,"storage_type":"file"`), "field_type must be"},
		"index partitions":      {indexing(`"mappings":[],"replicas":1,"storage_type":"file"`), "indexing.partitions"},
		"index replicas absent": {indexing(`"mappings":[],"partitions":1,"storage_type":"file"`), "indexing.replicas"},
		"index replicas 6":      {indexing(`"mappings":[],"partitions":1,"replicas":6,"storage_type":"file"`), "indexing.replicas"},
		"index storage":         {indexing(`"mappings":[],"partitions":1,"replicas":1`), "indexing.storage_type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			do(t, s, "POST", "/storage/kv", test.body).expectError(t, 400, test.message)
			if got := s.Buckets(); !slices.Equal(got, []string{"taken"}) {
				t.Errorf("buckets: %q", got)
			}
		})
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

	for name, test := range map[string]struct {
		path, body string
		status     int
		message    string
	}{
		"absent bucket":  {"/storage/kv/absent", `{}`, 404, `{"error":"not_found"}`},
		"illegal name":   {"/storage/kv/a.b", `{}`, 400, "invalid bucket name"},
		"history":        {path, `{"history":4}`, 400, `unknown field \"history\" (an update may contain`},
		"storage":        {path, `{"storage":"memory"}`, 400, `unknown field \"storage\"`},
		"name":           {path, `{"bucket":"b"}`, 400, `unknown field \"bucket\"`},
		"max_bytes":      {path, `{"max_bytes":0}`, 400, "max_bytes must be at least 1"},
		"max_value_size": {path, `{"max_value_size":-5}`, 400, "max_value_size must be at least 1"},
		"indexing":       {path, `{"description":"x","indexing":{}}`, 400, "indexing.mappings is required"},
		"no body":        {path, ``, 400, "must be a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			do(t, s, "PUT", test.path, test.body).expectError(t, test.status, test.message)
			if got, _ := s.Bucket("b"); !reflect.DeepEqual(got, want) {
				t.Errorf("a refused update changed the bucket to %+v", got)
			}
		})
	}
}

func TestDeleteAndPurgeBucket(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("b")
	s.PutEntry("b", "k", `{}`)

	do(t, s, "DELETE", "/storage/kv/b/purge", "").expect(t, 200, success)
	if got := s.Entries("b"); len(got) != 0 {
		t.Errorf("after the purge: %v", got)
	}
	if _, ok := s.Bucket("b"); !ok {
		t.Error("the purge deleted the bucket")
	}
	s.PutEntry("b", "k", `{}`)
	do(t, s, "DELETE", "/storage/kv/b", "").expect(t, 200, success)
	if _, ok := s.Bucket("b"); ok {
		t.Error("the bucket is still there")
	}
	for _, path := range []string{"/storage/kv/b", "/storage/kv/b/purge"} {
		do(t, s, "DELETE", path, "").expect(t, 404, `{"error":"not_found"}`)
	}
	do(t, s, "GET", "/storage/kv/b", "").expect(t, 404, `{"error":"not_found"}`)
	s.CreateBucket("b")
	if got := s.Entries("b"); len(got) != 0 {
		t.Errorf("the new bucket has %v", got)
	}
	if got := s.Revisions("b", "k"); got != 0 {
		t.Errorf("the new bucket knows of %d writes", got)
	}
	for _, path := range []string{"/storage/kv/a.b", "/storage/kv/a.b/purge"} {
		do(t, s, http.MethodDelete, path, "").expectError(t, 400, "invalid bucket name")
	}
}
