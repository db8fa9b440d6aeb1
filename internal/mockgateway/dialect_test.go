package mockgateway_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestDialect: what a gateway with the bucket "b" responds with each switch, whose
// settings ";" separates. The entry "k" is there, "gone" was deleted.
func TestDialect(t *testing.T) {
	t.Parallel()
	for settings, script := range map[string]string{
		"success=201":                            `PUT /b/entries/k {} => 201 {"message":"success"}` + "\n" + `DELETE /b/entries/k => 200 {"message":"success"}`,
		"success=204;success_body=text":          `PUT /b/entries/k {} => 204`,
		"success_body=text":                      `PUT /b/entries/k {} => 200 {"message":"Key written successfully"}`,
		"success_body=object":                    `PUT /b/entries/k {} => 200 {"bucket":"b","key":"k","status":"created"}`,
		"success_body=none":                      `PUT /b/entries/k {} => 200`,
		"error=code":                             `GET /b/entries/never => 404 {"error":"not_found","code":"E404"}`,
		"error=message":                          `GET /b/entries/never => 404 {"message":"request failed","details":{"reason":"not_found"}}`,
		"missing_search":                         `GET /b/search-by-key?search=never => 404 {"error":"not_found"}`,
		"existing_status=402;existing_text=gone": `POST  {"bucket":"b"} => 402 {"error":"gone"}`,
		"slash=refused":                          `PUT /b/entries/a%2Fb {} => 400 {"error":"invalid key \"a/b\""}`,
		"slash=unrouted":                         `PUT /b/entries/a%2Fb {} => 404 404 page not found`,
		"wrong_host":                             `GET /b => 404 404 page not found`,
		"put=wrapper": `
			PUT /b/entries/k {"a": 2} => 200 {"message":"success"}
			GET /b/entries/k => 200 {"body":{"key":"k","value":{"value":{"a": 2}}},"metadata":{"bucket":"b","key":"k"}}`,
		"envelope=errors": `
			GET /b/entries/never => 404 {"status_code":404,"body":{"error":"not_found"}}
			PUT /b/entries/k {} => 200 {"message":"success"}
			GET x => 404 404 page not found`,
		"envelope=all":        `PUT /b/entries/k {} => 200 {"status_code":200,"body":{"message":"success"}}` + "\n" + `GET x => 404 404 page not found`,
		"envelope=status-200": `GET /b/entries/never => 200 {"status_code":404,"body":{"error":"not_found"}}`,
		"missing_key_status=400;missing_key_text=Key 100% missing, really": `
			GET /b/entries/never => 400 {"error":"Key 100% missing, really"}
			GET /absent => 404 {"error":"not_found"}`,
		"missing_bucket_status=500;missing_bucket_text=no": `
			DELETE /absent => 500 {"error":"no"}
			DELETE /b/entries/never => 404 {"error":"not_found"}`,
		"put=enveloped": `
			PUT /b/entries/k {"a":1} => 400 {"error":"value is required"}
			PUT /b/entries/k [] => 400 {"error":"invalid_request_body"}
			PUT /b/entries/a {"value":7,"old_key":"k"} => 200 {"message":"success"}
			GET /b/entries => 200 {"body":{"results":[{"key":"a","value":7},{"key":"k","value":{"a": 1}}],"results_total":2},"metadata":{"bucket":"b","limit":10}}`,
		"put=enveloped-silent": `
			PUT /b/entries/k {"a":2} => 200 {"message":"success"}
			GET /b/entries/k => 200 {"body":{"key":"k","value":{"a": 1}},"metadata":{"bucket":"b","key":"k"}}
			PUT /b/entries/k {"value":null} => 200 {"message":"success"}
			GET /b/entries/k => 200 {"body":{"key":"k","value":null},"metadata":{"bucket":"b","key":"k"}}`,
		"put=enveloped-null": `
			PUT /b/entries/k {"a":2} => 200 {"message":"success"}
			GET /b/entries/k => 200 {"body":{"key":"k","value":null},"metadata":{"bucket":"b","key":"k"}}`,
		"put=typed": `
			PUT /b/entries/a {"value":"x","type":"string","old_key":"k"} => 200 {"message":"success"}
			GET /b/entries => 200 {"body":{"results":[{"key":"a","value":"x"}],"results_total":1},"metadata":{"bucket":"b","limit":10}}`,
		"string_values": `
			GET /b/entries/k => 200 {"body":{"key":"k","value":"{\"a\": 1}"},"metadata":{"bucket":"b","key":"k"}}
			GET /b/entries/never => 404 {"error":"not_found"}
			GET /b/entries => 200 {"body":{"results":[{"key":"k","value":{"a": 1}}],"results_total":1},"metadata":{"bucket":"b","limit":10}}`,
		"string_lists": `GET /b/entries => 200 {"body":{"results":[{"key":"k","value":"{\"a\": 1}"}],"results_total":1},"metadata":{"bucket":"b","limit":10}}`,
		"null_lists": `
			GET /b/search-by-key?search=x => 200 {"body":{"results":null,"results_total":0},"metadata":{"bucket":"b","search":"x","hits":0}}
			DELETE /b => 200 {"message":"success"}
			GET  => 200 {"body":{"results":null,"results_total":0},"metadata":{"duration":…}}`,
		"deleted=null;string_values": `GET /b/entries/gone => 200 {"body":{"key":"gone","value":null},"metadata":{"bucket":"b","key":"gone"}}`,
		"deleted=empty": `
			GET /b/entries/gone => 200 {"body":{"key":"gone","value":""},"metadata":{"bucket":"b","key":"gone"}}
			GET /b/entries/never => 404 {"error":"not_found"}`,
		"slash=renamed": `
			PUT /b/entries/a%2Fb {} => 200 {"message":"success"}
			GET /b/search-by-key?search=a* => 200 {"body":{"results":[{"key":"a%2Fb","value":{}}],"results_total":1},"metadata":{"bucket":"b","search":"a*","hits":1}}`,
		"no_responders=*/search-by-key": `
			GET /b/search-by-key?search=x => 500 {"error":"nats: no responders available for request"}
			GET /b/entries/never => 404 {"error":"not_found"}`,
		"success=202": `
			PUT /b/entries/gone {} => 202 {"message":"success"}
			GET /b/entries/gone => 404 {"error":"not_found"}
			PUT /absent/entries/k {} => 404 {"error":"not_found"}`,
	} {
		gateway := mockgateway.NewGateway()
		gateway.CreateBucket("b")
		gateway.PutEntry("b", "gone", `{}`)
		gateway.DeleteEntry("b", "gone")
		gateway.PutEntry("b", "k", `{"a": 1}`)
		dialect, err := mockgateway.ParseDialect(strings.Split(settings, ";")...)
		if err != nil {
			t.Fatal(err)
		}
		gateway.SetDialect(dialect)
		play(t, gateway, script)
	}
}

// TestDialectOfTime: a 202 is done a moment later, and times can be numbers.
func TestDialectOfTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gateway := mockgateway.NewGateway()
		gateway.CreateBucket("b")
		gateway.SetDialect(mockgateway.Dialect{Success: 202, NumericCreated: true, RestrictedStatus: 401})
		play(t, gateway, `PUT /b/entries/k {} => 202 {"message":"success"}`)
		time.Sleep(time.Second) // by the bubble's clock, which begins with the year 2000
		play(t, gateway, `DELETE /b/entries/k => 202 {"message":"success"}`)
		if got := send(gateway, "GET", "/storage/kv", "", nil).Body.String(); !strings.Contains(got, `"created":946684800000,`) {
			t.Errorf("got %s", got)
		}
		gateway.AllowRestrictedKey(mockgateway.DefaultAPIKey)
		play(t, gateway, `GET  => 401 {"error":"forbidden"}`)
		time.Sleep(time.Second)
		if held := gateway.Entries("b"); len(held) > 0 {
			t.Errorf("holds %v", held)
		}
	})
}

// TestParseDialect: names and switches are combined, and the later one wins.
func TestParseDialect(t *testing.T) {
	t.Parallel()
	got, err := mockgateway.ParseDialect("openapi-2025-05", "branch", "null_lists", "success=204", "null_lists=false")
	if want := (mockgateway.Dialect{Success: 204, Put: "typed", StringLists: true}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for setting, want := range map[string]string{
		"nothing": `no dialect or switch has the name "nothing"`,
		"success": `success must be one of 200|201|202|204, not ""`,
	} {
		if _, err := mockgateway.ParseDialect(setting); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", setting, err, want)
		}
	}
	for name := range mockgateway.Dialects() {
		if got, err := mockgateway.ParseDialect(name); err != nil || (got == mockgateway.Dialect{}) != (name == "documented") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestLimitHeaders: what responses tell of a limit, and a 429 in its Retry-After.
func TestLimitHeaders(t *testing.T) {
	t.Parallel()
	minute := mockgateway.FixedWindow{Requests: 2, Window: time.Minute, RetryAfter: mockgateway.Seconds}
	for _, test := range []struct {
		form  string
		limit mockgateway.Limit
		want  []string
	}{
		{"none", mockgateway.FixedWindow{Requests: 1, Window: time.Minute}, []string{"200 [] [] [] []", "429 [] [] [] []"}},
		{"seconds", minute, []string{"200 [2] [1] [50] []", "200 [2] [0] [50] []", "429 [2] [0] [50] [50]"}},
		{"unix", minute, []string{"200 [2] [1] [946684860] []"}},
		{
			"seconds", mockgateway.SlidingWindow{Requests: 1, Window: time.Minute, RetryAfter: mockgateway.Date},
			[]string{"200 [1] [0] [60] []", "429 [1] [0] [60] [Sat, 01 Jan 2000 00:01:10 GMT]"},
		},
		{
			"seconds", mockgateway.TokenBucket{Rate: 0.4, Burst: 1, RetryAfter: mockgateway.Seconds},
			[]string{"200 [1] [0] [3] []", "429 [1] [0] [3] [3]"},
		},
		{"seconds", mockgateway.TokenBucket{Rate: 0.5, Burst: 3}, []string{"200 [3] [2] [2] []", "200 [3] [1] [4] []"}},
		{"none", mockgateway.TokenBucket{Rate: 0.5, Burst: 1, RetryAfter: "7"}, []string{"200 [] [] [] []", "429 [] [] [] [7]"}},
		{"seconds", mockgateway.Concurrency{Requests: 5}, []string{"200 [5] [4] [1] []", "200 [5] [4] [1] []"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(10 * time.Second) // by the bubble's clock, which begins at midnight
			gateway := mockgateway.NewGateway()
			gateway.SetLimit(test.limit)
			gateway.SetDialect(mockgateway.Dialect{LimitHeaders: test.form})
			for _, want := range test.want {
				response := send(gateway, "GET", "/storage/kv", "", nil)
				header := response.Header()
				got := fmt.Sprint(response.Code, " ", header["X-Ratelimit-Limit"], " ", header["X-Ratelimit-Remaining"], " ", header["X-Ratelimit-Reset"], " ", header["Retry-After"])
				if got != want {
					t.Errorf("%s, %+v: got %s, want %s", test.form, test.limit, got, want)
				}
			}
		})
	}
}
