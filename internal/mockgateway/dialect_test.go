package mockgateway_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestDialect: what a gateway with the bucket "b" responds to a request with each
// switch. The entry "k" is there, "gone" was deleted.
func TestDialect(t *testing.T) {
	t.Parallel()
	const (
		k, gone, never = "/storage/kv/b/entries/k", "/storage/kv/b/entries/gone", "/storage/kv/b/entries/never"
		create         = `POST /storage/kv {"bucket":"b"}`
	)
	put := func(body string) string { return "PUT " + k + " " + body }
	value := func(text string) string {
		return fmt.Sprintf(`{"body":{"key":"k","value":%s},"metadata":{"bucket":"b","key":"k"}}`, text)
	}
	hollow := func(text string) string {
		return fmt.Sprintf(`{"body":{"key":"gone","value":%s},"metadata":{"bucket":"b","key":"gone"}}`, text)
	}
	for _, test := range []struct{ dialect, request, want string }{
		{"success=201", put(`{}`), "201 " + success},
		{"success=201", "DELETE " + k, "200 " + success},
		{"success=204;success_body=text", put(`{}`), "204 "},
		{"success=202", put(`{}`), "202 " + success},
		{"success=202", "PUT /storage/kv/absent/entries/k {}", `404 {"error":"not_found"}`},
		{"success_body=text", put(`{}`), `200 {"message":"Key written successfully"}`},
		{"success_body=object", put(`{}`), `200 {"bucket":"b","key":"k","status":"created"}`},
		{"success_body=none", put(`{}`), "200 "},
		{"envelope=errors", "GET " + never, `404 {"status_code":404,"body":{"error":"not_found"}}`},
		{"envelope=errors", put(`{}`), "200 " + success},
		{"envelope=errors", "GET /nothing", "404 404 page not found\n"},
		{"envelope=all", put(`{}`), `200 {"status_code":200,"body":` + success + `}`},
		{"envelope=all", "GET /nothing", "404 404 page not found\n"},
		{"envelope=status-200", "GET " + never, `200 {"status_code":404,"body":{"error":"not_found"}}`},
		{"error=code", "GET " + never, `404 {"error":"not_found","code":"E404"}`},
		{"error=message", "GET " + never, `404 {"message":"request failed","details":{"reason":"not_found"}}`},
		{"missing_key_status=400;missing_key_text=Key 100% missing, really", "GET " + never, `400 {"error":"Key 100% missing, really"}`},
		{"missing_key_status=400", "GET /storage/kv/absent", `404 {"error":"not_found"}`},
		{"missing_bucket_status=500;missing_bucket_text=no", "DELETE /storage/kv/absent", `500 {"error":"no"}`},
		{"missing_bucket_status=500", "DELETE " + never, `404 {"error":"not_found"}`},
		{"missing_search", "GET /storage/kv/b/search-by-key?search=never", `404 {"error":"not_found"}`},
		{"", create, `400 {"error":"Bucket already exists"}`},
		{"existing_status=402;existing_text=taken", create, `402 {"error":"taken"}`},
		{"put=enveloped", put(`{"a":1}`), `400 {"error":"value is required"}`},
		{"put=enveloped", put(`[]`), `400 {"error":"invalid_request_body"}`},
		{"string_values", "GET " + k, "200 " + value(`"{\"a\": 1}"`)},
		{"string_values", "GET " + never, `404 {"error":"not_found"}`},
		{"string_values", "GET /storage/kv/b/entries", `200 {"body":{"results":[{"key":"k","value":{"a": 1}}],"results_total":1},"metadata":{"bucket":"b","limit":10}}`},
		{"string_lists", "GET /storage/kv/b/entries", `200 {"body":{"results":[{"key":"k","value":"{\"a\": 1}"}],"results_total":1},"metadata":{"bucket":"b","limit":10}}`},
		{"null_lists", "GET /storage/kv/b/search-by-key?search=x", `200 {"body":{"results":null,"results_total":0},"metadata":{"bucket":"b","search":"x","hits":0}}`},
		{"deleted=null;string_values", "GET " + gone, "200 " + hollow(`null`)},
		{"deleted=empty", "GET " + gone, "200 " + hollow(`""`)},
		{"deleted=empty", "GET " + never, `404 {"error":"not_found"}`},
		{"slash=refused", "PUT /storage/kv/b/entries/a%2Fb {}", `400 {"error":"invalid key \"a/b\""}`},
		{"slash=unrouted", "PUT /storage/kv/b/entries/a%2Fb {}", "404 404 page not found\n"},
		{"no_responders=*/search-by-key", "GET /storage/kv/b/search-by-key?search=x", `500 {"error":"nats: no responders available for request"}`},
		{"no_responders=*/search-by-key", "GET " + never, `404 {"error":"not_found"}`},
		{"wrong_host", "GET /storage/kv/b", "404 404 page not found\n"},
	} {
		t.Run(test.dialect+" "+test.request, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.CreateBucket("b")
			s.PutEntry("b", "gone", `{}`)
			s.DeleteEntry("b", "gone")
			s.PutEntry("b", "k", `{"a": 1}`)
			s.SetDialect(parse(t, test.dialect))
			method, rest, _ := strings.Cut(test.request, " ")
			path, body, _ := strings.Cut(rest, " ")
			got := do(t, s, method, path, body)
			if text := fmt.Sprint(got.status, " ", got.body); text != test.want {
				t.Errorf("got  %s\nwant %s", text, test.want)
			}
		})
	}
}

func parse(t *testing.T, text string) mockgateway.Dialect {
	t.Helper()
	dialect, err := mockgateway.ParseDialect(slices.DeleteFunc(strings.Split(text, ";"), func(setting string) bool { return setting == "" })...)
	if err != nil {
		t.Fatal(err)
	}
	return dialect
}

// TestDialectStores: what a PUT of the key "a/b" leaves in the bucket.
func TestDialectStores(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ dialect, body, key, want string }{
		{"", `{"value":{"a": 1}}`, "a/b", `{"value":{"a": 1}}`},
		{"put=enveloped", `{"value":{"a": 1}}`, "a/b", `{"a": 1}`},
		{"put=enveloped", `{"value":7,"old_key":"old"}`, "old", `{}`},
		{"put=enveloped-silent", `{"a":1}`, "a/b", ``},
		{"put=enveloped-silent", `{"value":null}`, "a/b", `null`},
		{"put=enveloped-null", `{"a":1}`, "a/b", `null`},
		{"put=typed", `{"value":"x","type":"string","old_key":"old"}`, "a/b", `"x"`},
		{"put=typed", `{"value":"x","type":"string","old_key":"old"}`, "old", ``},
		{"put=typed", `{"value":"x","type":"text"}`, "a/b", ``},
		{"put=wrapper", `{"a": 1}`, "a/b", `{"value":{"a": 1}}`},
		{"slash=renamed", `{"a":1}`, "a%2Fb", `{"a":1}`},
	} {
		t.Run(test.dialect+" "+test.body, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.CreateBucket("b")
			s.PutEntry("b", "old", `{}`)
			s.SetDialect(parse(t, test.dialect))
			got := do(t, s, "PUT", "/storage/kv/b/entries/a%2Fb", test.body)
			if stored := s.Entries("b")[test.key]; stored != test.want {
				t.Errorf("%q holds %q, want %q; the response was %+v", test.key, stored, test.want, got)
			}
		})
	}
}

// TestDialectAccepted: a 202 is done a moment later.
func TestDialectAccepted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.CreateBucket("b")
	s.SetDialect(mockgateway.Dialect{Success: 202})
	do(t, s, "PUT", "/storage/kv/b/entries/k", `{}`).expect(t, 202, success)
	eventually(t, "the entry is written", func() bool { return len(s.Entries("b")) == 1 })
	do(t, s, "DELETE", "/storage/kv/b/entries/k", "").expect(t, 202, success)
	eventually(t, "the entry is deleted", func() bool { return len(s.Entries("b")) == 0 })
}

func TestDialectBuckets(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.SetDialect(mockgateway.Dialect{NullLists: true, NumericCreated: true})
	if got := do(t, s, "GET", "/storage/kv", ""); !strings.Contains(got.body, `"results":null,"results_total":0`) {
		t.Errorf("got %+v", got)
	}
	s.CreateBucket("b")
	if got := do(t, s, "GET", "/storage/kv", ""); !strings.Contains(got.body, fmt.Sprintf(`"created":%d`, time.Now().Unix()/1000)) {
		t.Errorf("got %+v", got)
	}
	s.SetDialect(mockgateway.Dialect{RestrictedStatus: 401})
	s.AllowRestrictedKey(mockgateway.DefaultAPIKey)
	do(t, s, "GET", "/storage/kv", "").expect(t, 401, `{"error":"forbidden"}`)
}

// TestLimitHeaders: each limit says how many requests are left.
func TestLimitHeaders(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		form  string
		limit mockgateway.Limit
		want  []string
	}{
		{"none", mockgateway.FixedWindow{Requests: 2, Window: time.Minute}, []string{"200 [] [] []"}},
		{"seconds", mockgateway.FixedWindow{Requests: 2, Window: time.Minute}, []string{"200 [2] [1] [50]", "200 [2] [0] [50]", "429 [2] [0] [50]"}},
		{"unix", mockgateway.FixedWindow{Requests: 2, Window: time.Minute}, []string{"200 [2] [1] [946684860]"}},
		{"seconds", mockgateway.SlidingWindow{Requests: 1, Window: time.Minute}, []string{"200 [1] [0] [60]", "429 [1] [0] [60]"}},
		{"seconds", mockgateway.TokenBucket{Rate: 0.5, Burst: 3}, []string{"200 [3] [2] [2]", "200 [3] [1] [4]"}},
		{"seconds", mockgateway.Concurrency{Requests: 5}, []string{"200 [5] [4] [1]", "200 [5] [4] [1]"}},
	} {
		t.Run(fmt.Sprintf("%s %+v", test.form, test.limit), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(10 * time.Second) // by the bubble's clock, which begins at midnight
				gateway := mockgateway.NewGateway()
				gateway.SetLimit(test.limit)
				gateway.SetDialect(mockgateway.Dialect{LimitHeaders: test.form})
				for _, want := range test.want {
					response := ask(gateway)
					header := response.Header()
					got := fmt.Sprintf("%d %s %s %s", response.Code, header["X-Ratelimit-Limit"], header["X-Ratelimit-Remaining"], header["X-Ratelimit-Reset"])
					if got != want {
						t.Errorf("got %s, want %s", got, want)
					}
				}
			})
		})
	}
}

// TestParseDialect: names and switches are combined, and the later one wins.
func TestParseDialect(t *testing.T) {
	t.Parallel()
	got, err := mockgateway.ParseDialect("openapi-2025-05", "branch", "null_lists", "success=204", "null_lists=false")
	if want := (mockgateway.Dialect{Success: 204, Put: "typed", StringLists: true}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for setting, want := range map[string]string{
		"nothing":          `no dialect or switch has the name "nothing"`,
		"put=raw":          `put must be one of bare|enveloped|enveloped-silent|enveloped-null|typed|wrapper, not "raw"`,
		"success":          `success must be one of 200|201|202|204, not ""`,
		"null_lists=maybe": `null_lists must be one of false|true, not "maybe"`,
	} {
		if _, err := mockgateway.ParseDialect(setting); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", setting, err, want)
		}
	}
	for name, dialect := range mockgateway.Dialects() {
		if got, err := mockgateway.ParseDialect(name); err != nil || got != dialect || (got == mockgateway.Dialect{}) != (name == "documented") {
			t.Errorf("%s: %+v, %v", name, dialect, err)
		}
	}
}
