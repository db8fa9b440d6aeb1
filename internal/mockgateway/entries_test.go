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
	s.CreateBucket("b")
	const path = "/storage/kv/b/entries/my-key"
	notFound := `{"error":"not_found"}`

	do(t, s, "GET", path, "").expect(t, 404, notFound)
	do(t, s, "DELETE", path, "").expect(t, 404, notFound)
	do(t, s, "PUT", path, `{"a":1}`).expect(t, 200, success)
	do(t, s, "GET", path, "").expect(t, 200, `{"body":{"key":"my-key","value":{"a":1}},"metadata":{"bucket":"b","key":"my-key"}}`)
	do(t, s, "PUT", path, `{"a":2}`).expect(t, 200, success)
	do(t, s, "GET", path, "").expect(t, 200, `{"body":{"key":"my-key","value":{"a":2}},"metadata":{"bucket":"b","key":"my-key"}}`)
	do(t, s, "DELETE", path, "").expect(t, 200, success)
	do(t, s, "GET", path, "").expect(t, 404, notFound)
	do(t, s, "PUT", path, `{}`).expect(t, 200, success)
	if got := s.Revisions("b", "my-key"); got != 3 {
		t.Errorf("%d writes counted", got)
	}
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		do(t, s, method, "/storage/kv/absent/entries/k", `{}`).expect(t, 404, notFound)
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

func TestPutEntryRefusals(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucketWith(mockgateway.BucketConfig{Name: "b", MaxValueSize: 20})
	for name, test := range map[string]struct{ value, message string }{
		"nothing":     {``, "not valid JSON"},
		"not JSON":    {`{"a":1`, "not valid JSON"},
		"two values":  {`{} {}`, "not valid JSON"},
		"an array":    {`[1]`, "must be a JSON object"},
		"a string":    {`"{}"`, "must be a JSON object"},
		"a number":    {`1`, "must be a JSON object"},
		"null":        {`null`, "must be a JSON object"},
		"over a size": {`{"a":"345678901234567"}`, "23 bytes exceed the bucket's max_value_size of 20"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			do(t, s, "PUT", "/storage/kv/b/entries/k", test.value).expectError(t, 400, test.message)
			if _, ok := s.Entry("b", "k"); ok {
				t.Error("the value was stored")
			}
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
			do(t, s, method, "/storage/kv/"+path, `{}`).expectError(t, 400, message)
		}
	}
}

func TestMaxBytes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	// Room for two entries of one byte of key and seven of value.
	s.CreateBucketWith(mockgateway.BucketConfig{Name: "b", MaxBytes: 16})
	put := func(key, value string) reply { return do(t, s, "PUT", "/storage/kv/b/entries/"+key, value) }
	put("a", `{"n":1}`).expect(t, 200, success)
	put("b", `{"n":2}`).expect(t, 200, success)
	put("b", `{"n":3}`).expect(t, 200, success)
	put("c", `{"n":4}`).expectError(t, 400, "would make the bucket 24 bytes, over its max_bytes of 16")
	put("a", `{"n":44}`).expectError(t, 400, "17 bytes")
	if got := s.Revisions("b", "a"); got != 1 {
		t.Errorf("%d writes counted", got)
	}
	s.DeleteEntry("b", "a")
	put("c", `{"n":4}`).expect(t, 200, success)
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
