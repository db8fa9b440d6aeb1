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
		"a":             "a",
		"A-Z_0=9.x":     "A-Z_0=9.x",
		"a%2Fb":         "a/b",
		"%2Fa%2F":       "/a/",
		"a%2fb%2Fc":     "a/b/c",
		"%61%2E%62":     "a.b",
		"purge":         "purge",
		"entries":       "entries",
		"search-by-key": "search-by-key",
	} {
		t.Run(escaped, func(t *testing.T) {
			t.Parallel()
			value := fmt.Sprintf(`{"escaped":%q}`, escaped)
			do(t, s, "PUT", "/storage/kv/b/entries/"+escaped, value).expect(t, 200, success)
			if got, ok := s.Entry("b", key); !ok || got != value {
				t.Errorf("key %q holds %q", key, got)
			}
		})
	}
	for escaped, message := range map[string]string{
		".a":      "start or end with a dot",
		"a.":      "start or end with a dot",
		"%2E":     "start or end with a dot",
		"a%20b":   "invalid key",
		"a%2Ab":   "invalid key",
		"%C3%A9":  "invalid key",
		"a%252Fb": "invalid key",
		"a%00":    "invalid key",
		"a:b":     "invalid key",
	} {
		t.Run(escaped, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{"PUT", "GET", "DELETE"} {
				do(t, s, method, "/storage/kv/b/entries/"+escaped, `{}`).expectError(t, 400, message)
			}
		})
	}
	for _, method := range []string{"PUT", "GET", "DELETE"} {
		do(t, s, method, "/storage/kv/a%20b/entries/k", `{}`).expectError(t, 400, "invalid bucket name")
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucketWith(mockgateway.BucketConfig{Name: "b", History: 3})
	for n := range 5 {
		do(t, s, "PUT", "/storage/kv/b/entries/k", fmt.Sprintf(`{"n":%d}`, n)).expect(t, 200, success)
	}
	if got := do(t, s, "GET", "/storage/kv/b", "").body; !strings.Contains(got, `"messages":3,`) {
		t.Errorf("got %s", got)
	}
	if got := s.Revisions("b", "k"); got != 5 {
		t.Errorf("%d writes counted", got)
	}
}

func TestMaxBytes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	// Room for two entries of one byte of key and seven of value, or for two
	// revisions of one.
	s.CreateBucketWith(mockgateway.BucketConfig{Name: "b", History: 2, MaxBytes: 16})
	put := func(key, value string) reply {
		return do(t, s, "PUT", "/storage/kv/b/entries/"+key, value)
	}
	put("a", `{"n":1}`).expect(t, 200, success)
	put("a", `{"n":2}`).expect(t, 200, success)
	put("a", `{"n":3}`).expect(t, 200, success) // displaces the first
	put("b", `{"n":4}`).expectError(t, 400, "would make the bucket 24 bytes, over its max_bytes of 16")
	put("a", `{"n":44}`).expectError(t, 400, "17 bytes")
	if got := s.Revisions("b", "a"); got != 3 {
		t.Errorf("%d writes counted", got)
	}
	s.DeleteEntry("b", "a")
	put("b", `{"n":4}`).expect(t, 200, success)
	put("c", `{"n":5}`).expect(t, 200, success)
	do(t, s, "DELETE", "/storage/kv/b/purge", "").expect(t, 200, success)
	put("d", `{"n":6}`).expect(t, 200, success)
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
	if !s.DeleteEntry("b", "null") || s.DeleteEntry("b", "null") {
		t.Error("DeleteEntry does not say whether the entry existed")
	}
	if !s.DeleteBucket("b") || s.DeleteBucket("b") {
		t.Error("DeleteBucket does not say whether the bucket existed")
	}
	if _, ok := s.Entry("b", "string"); ok || len(s.Entries("b")) != 0 {
		t.Error("entries outlive their bucket")
	}
	for name, misuse := range map[string]func(){
		"absent bucket": func() { s.PutEntry("absent", "k", `{}`) },
		"illegal key":   func() { s.PutEntry("c", ".k", `{}`) },
		"not JSON":      func() { s.PutEntry("c", "k", `{`) },
		"illegal name":  func() { s.CreateBucket("a b") },
		"taken name":    func() { s.CreateBucket("c"); s.CreateBucket("c") },
		"config":        func() { s.CreateBucketWith(mockgateway.BucketConfig{Name: "d", MaxBytes: -1}) },
		"value size":    func() { s.CreateBucketWith(mockgateway.BucketConfig{Name: "d", MaxValueSize: -1}) },
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
