package mockgateway_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

func TestEntry(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucketWith(mockgateway.BucketConfig{Name: "b", MaxValueSize: 20})
	play(t, s, `
		GET /b/entries/k => 404 {"error":"not_found"}
		DELETE /b/entries/k => 404 {"error":"not_found"}
		PUT /b/entries/k {"a":1} => 200 {"message":"success"}
		GET /b/entries/k => 200 {"body":{"key":"k","value":{"a":1}},"metadata":{"bucket":"b","key":"k"}}
		PUT /b/entries/k {"a":2} => 200 {"message":"success"}
		GET /b/entries/k => 200 {"body":{"key":"k","value":{"a":2}},"metadata":{"bucket":"b","key":"k"}}
		PUT /b/entries/k => 400 not valid JSON
		PUT /b/entries/k {"a":1 => 400 not valid JSON
		PUT /b/entries/k {} {} => 400 not valid JSON
		PUT /b/entries/k [1] => 400 must be a JSON object
		PUT /b/entries/k "{}" => 400 must be a JSON object
		PUT /b/entries/k 1 => 400 must be a JSON object
		PUT /b/entries/k null => 400 must be a JSON object
		PUT /b/entries/k {"a":"345678901234567"} => 400 23 bytes exceed the bucket's max_value_size of 20
		DELETE /b/entries/k => 200 {"message":"success"}
		GET /b/entries/k => 404 {"error":"not_found"}
		PUT /b/entries/k {} => 200 {"message":"success"}
		GET /absent/entries/k => 404 {"error":"not_found"}
		PUT /absent/entries/k {} => 404 {"error":"not_found"}
		DELETE /absent/entries/k => 404 {"error":"not_found"}`)
	if got := s.Revisions("b", "k"); got != 3 {
		t.Errorf("%d writes counted", got)
	}
}

func TestValuesKeepTheirText(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("b")
	for name, value := range map[string]string{
		"numbers":     `{"n":[1.0,1e3,12345678901234567890.123456789,-0]}`,
		"white space": "\n{ \"b\" : 1,\n\t\"a\" : null }\n",
		"unicode":     `{"é":"日本 😀 <&> \u003c \ud83d\ude00"}`,
		"empty":       `{}`,
		"deep":        strings.Repeat(`{"a":`, 500) + `[]` + strings.Repeat(`}`, 500),
		"large":       `{"a":"` + strings.Repeat("x", 1<<20) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := strings.ReplaceAll(name, " ", "-")
			do(t, s, "PUT", "/storage/kv/b/entries/"+key, value).expect(t, 200, success)
			if got, ok := s.Entry("b", key); !ok || got != value {
				t.Errorf("stored %q", got)
			}
			do(t, s, "GET", "/storage/kv/b/entries/"+key, "").expect(t, 200, fmt.Sprintf(
				`{"body":{"key":%q,"value":%s},"metadata":{"bucket":"b","key":%[1]q}}`, key, value))
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("b")
	for escaped, key := range map[string]string{
		"A-Z_0=9.x": "A-Z_0=9.x", "a%2Fb": "a/b", "%2Fa%2F": "/a/", "a%2fb%2Fc": "a/b/c", "%61%2E%62": "a.b",
		"purge": "purge", "entries": "entries", "search-by-key": "search-by-key",
	} {
		value := fmt.Sprintf(`{"escaped":%q}`, escaped)
		do(t, s, "PUT", "/storage/kv/b/entries/"+escaped, value).expect(t, 200, success)
		if got, ok := s.Entry("b", key); !ok || got != value {
			t.Errorf("key %q holds %q", key, got)
		}
	}
	for path, message := range map[string]string{
		"b/entries/.a": "start or end with a dot", "b/entries/a.": "start or end with a dot", "b/entries/%2E": "start or end with a dot",
		"b/entries/a%20b": "invalid key", "b/entries/a%2Ab": "invalid key", "b/entries/%C3%A9": "invalid key",
		"b/entries/a%252Fb": "invalid key", "b/entries/a%00": "invalid key", "b/entries/a:b": "invalid key",
		"a%20b/entries/k": "invalid bucket name",
	} {
		for _, method := range []string{"PUT", "GET", "DELETE"} {
			play(t, s, method+" /"+path+" {} => 400 "+message)
		}
	}
}

// TestMaxBytes: there is room for two entries of one byte of key and seven of value.
func TestMaxBytes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucketWith(mockgateway.BucketConfig{Name: "b", MaxBytes: 16})
	play(t, s, `
		PUT /b/entries/a {"n":1} => 200 {"message":"success"}
		PUT /b/entries/b {"n":2} => 200 {"message":"success"}
		PUT /b/entries/b {"n":3} => 200 {"message":"success"}
		PUT /b/entries/c {"n":4} => 400 would make the bucket 24 bytes, over its max_bytes of 16
		PUT /b/entries/a {"n":44} => 400 17 bytes
		DELETE /b/entries/a => 200 {"message":"success"}
		PUT /b/entries/c {"n":4} => 200 {"message":"success"}`)
	if got := s.Revisions("b", "a"); got != 1 {
		t.Errorf("%d writes counted", got)
	}
}

func TestWriteTransform(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("b")
	s.SetWriteTransform(func(bucket, key, value string) string {
		return fmt.Sprintf(`{"bucket":%q,"key":%q,"was":%s}`, bucket, key, value)
	})
	do(t, s, "PUT", "/storage/kv/b/entries/k", `{"a":1}`).expect(t, 200, success)
	if got, _ := s.Entry("b", "k"); got != `{"bucket":"b","key":"k","was":{"a":1}}` {
		t.Errorf("stored %s", got)
	}
	s.PutEntry("b", "k", `{}`)
	if got, _ := s.Entry("b", "k"); got != `{}` {
		t.Errorf("stored %s", got)
	}
}

// TestDirectState: tests can put what no client may, and see what is left.
func TestDirectState(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("b")
	for key, value := range map[string]string{"string": `"text"`, "number": `1.50`, "null": `null`, "array": `[]`} {
		s.PutEntry("b", key, value)
		do(t, s, "GET", "/storage/kv/b/entries/"+key, "").expect(t, 200, fmt.Sprintf(
			`{"body":{"key":%q,"value":%s},"metadata":{"bucket":"b","key":%[1]q}}`, key, value))
	}
	if got := s.Entries("b"); len(got) != 4 || got["number"] != "1.50" {
		t.Errorf("entries: %v", got)
	}
	if !s.DeleteEntry("b", "null") || s.DeleteEntry("b", "null") || !s.DeleteBucket("b") || s.DeleteBucket("b") {
		t.Error("a deletion does not say whether there was something")
	}
	if _, ok := s.Entry("b", "string"); ok || len(s.Entries("b")) != 0 {
		t.Error("entries outlive their bucket")
	}
	for name, misuse := range map[string]func(){
		"absent bucket": func() { s.PutEntry("absent", "k", `{}`) },
		"illegal name":  func() { s.CreateBucket("a b") },
		"taken name":    func() { s.CreateBucket("c"); s.CreateBucket("c") },
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "mockgateway: bucket ") {
					t.Errorf("%s: recovered %q", name, text)
				}
			}()
			misuse()
		}()
	}
}
