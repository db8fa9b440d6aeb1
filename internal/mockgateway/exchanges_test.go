package mockgateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// send sends a request, with the default API key unless header has a credential.
func send(handler http.Handler, method, path, body string, header http.Header) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header.Set("X-Api-Key", mockgateway.DefaultAPIKey)
	if header != nil {
		request.Header = header
	}
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	return response
}

// changing is what differs from one response to another.
var changing = regexp.MustCompile(`"(created|duration)":("[^"]+s"|"20[^"]+Z"|[0-9]+)`)

// play sends requests, one on a line: METHOD PATH BODY => STATUS TEXT. The path goes on
// after /storage/kv. The text is the response's body or, if that is an error and the text
// no object, a part of it.
func play(t *testing.T, gateway *mockgateway.Gateway, script string) {
	t.Helper()
	for line := range strings.Lines(strings.TrimSpace(script)) {
		request, want, _ := strings.Cut(strings.TrimSpace(line), " =>")
		method, request, _ := strings.Cut(request, " ")
		path, body, _ := strings.Cut(request, " ")
		response := send(gateway, method, "/storage/kv"+path, body, nil)
		status, text, _ := strings.Cut(strings.TrimSpace(want), " ")
		got := changing.ReplaceAllString(strings.TrimSpace(response.Body.String()), `"$1":…`)
		isPart := response.Code >= 400 && !strings.HasPrefix(text, "{") && strings.Contains(got, text)
		if fmt.Sprint(response.Code) != status || got != text && !isPart {
			t.Errorf("%s\ngot  %d %s", line, response.Code, got)
		}
		if kind := response.Header().Get("Content-Type"); got != "" && strings.HasPrefix(got, "{") != (kind == "application/json") {
			t.Errorf("%s\nContent-Type %q", line, kind)
		}
	}
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	play(t, mockgateway.NewGateway(), `
		GET  => 200 {"body":{"results":[],"results_total":0},"metadata":{"duration":…}}
		POST / {"bucket":"plain","description":null} => 200 {"message":"success"}
		GET /plain => 200 {"body":{"config":{"bucket":"plain","history":1,"max_bytes":-1,"max_value_size":-1,"num_replicas":1},"status":{"bucket":"plain","bytes":0,"description":"","history":1,"is_compressed":false,"ttl":0},"stream_info":{"config":{"compression":"none","max_bytes":-1,"max_msg_size":-1,"max_msgs_per_subject":1,"name":"KV_plain","num_replicas":1,"storage":"file"},"created":…,"state":{"bytes":0,"num_subjects":0}}},"metadata":{"bucket":"plain","duration":…}}
		POST  {"bucket":"all","description":"All","compression":true,"history":5,"max_bytes":99,"max_value_size":9,"replicas":3,"storage":"memory","indexing":{"mappings":[{"field":"name","field_type":"text"}],"partitions":3,"replicas":2,"storage_type":"file"}} => 200 {"message":"success"}
		PUT /all/entries/a {"n":1} => 200 {"message":"success"}
		PUT /all/entries/a {"n":2} => 200 {"message":"success"}
		PUT /all/entries/b {} => 200 {"message":"success"}
		DELETE /all/entries/b => 200 {"message":"success"}
		PUT /all/entries/c {} => 200 {"message":"success"}
		DELETE /all/entries/c => 200 {"message":"success"}
		PUT /all/entries/c {} => 200 {"message":"success"}
		GET /all => 200 {"body":{"config":{"bucket":"all","history":5,"max_bytes":99,"max_value_size":9,"num_replicas":3},"status":{"bucket":"all","bytes":11,"description":"All","history":5,"is_compressed":true,"ttl":0},"stream_info":{"config":{"compression":"s2","index_config":{"partitions":3},"max_bytes":99,"max_msg_size":9,"max_msgs_per_subject":5,"name":"KV_all","num_replicas":3,"storage":"memory"},"created":…,"state":{"bytes":11,"num_subjects":3}}},"metadata":{"bucket":"all","duration":…}}
		GET / => 200 {"body":{"results":[{"created":…,"description":"All","entry_total":2,"name":"all"},{"created":…,"description":"","entry_total":0,"name":"plain"}],"results_total":2},"metadata":{"duration":…}}
		DELETE /all/purge => 200 {"message":"success"}
		GET /all/entries/a => 404 {"error":"not_found"}
		PUT /all/entries/a {} => 200 {"message":"success"}
		DELETE /all => 200 {"message":"success"}
		DELETE /all => 404 {"error":"not_found"}
		DELETE /all/purge => 404 {"error":"not_found"}
		GET /all => 404 {"error":"not_found"}
		POST  {"bucket":"all"} => 200 {"message":"success"}
		GET /all/entries/a => 404 {"error":"not_found"}`)
}

func TestUpdateBucket(t *testing.T) {
	t.Parallel()
	gateway := mockgateway.NewGateway()
	indexing := &mockgateway.Indexing{Mappings: []mockgateway.IndexMapping{}, Partitions: 2, Replicas: 1, StorageType: "memory"}
	want := mockgateway.BucketConfig{Name: "b", Description: "old", MaxBytes: 10, MaxValueSize: 20, History: 3, Replicas: 1, Storage: "file", Indexing: indexing}
	gateway.CreateBucketWith(want)
	play(t, gateway, `
		PUT /b {} => 200 {"message":"success"}
		PUT /b {"description":"","max_bytes":30,"indexing":null} => 200 {"message":"success"}
		PUT /b {"max_value_size":40,"indexing":{"mappings":[],"partitions":3,"replicas":1,"storage_type":"memory"}} => 200 {"message":"success"}
		PUT /absent {} => 404 {"error":"not_found"}
		PUT /b {"history":4} => 400 unknown field \"history\"
		PUT /b {"max_bytes":0} => 400 max_bytes must be at least 1
		PUT /b {"max_value_size":-5} => 400 max_value_size must be at least 1
		PUT /b {"description":"x","indexing":{"partitions":9}} => 400 indexing.mappings is required
		PUT /b => 400 must be a JSON object`)
	want.Description, want.MaxBytes, want.MaxValueSize = "", 30, 40
	got, _ := gateway.Bucket("b")
	if got.Indexing.Partitions != 3 || indexing.Partitions != 2 {
		t.Errorf("indexing %+v in place of %+v", got.Indexing, indexing)
	}
	if got.Indexing = indexing; got != want {
		t.Errorf("updated to %+v", got)
	}
}

func TestBucketRefusals(t *testing.T) {
	t.Parallel()
	gateway := mockgateway.NewGateway()
	gateway.CreateBucket("taken")
	play(t, gateway, `
		POST  {"bucket":"taken"} => 400 {"error":"Bucket already exists"}
		POST  {} => 400 invalid bucket name
		POST  {"bucket":"a.b"} => 400 invalid bucket name
		POST  [] => 400 must be a JSON object
		POST  null => 400 must be a JSON object
		POST  {"bucket":"b"} {} => 400 must be a JSON object
		POST  {"bucket":"b","ttl":1} => 400 unknown field \"ttl\"
		POST  {"bucket":"b","history":"5"} => 400 invalid body
		POST  {"bucket":"b","history":0} => 400 history must be between 1 and 64
		POST  {"bucket":"b","history":65} => 400 history must be between 1 and 64
		POST  {"bucket":"b","replicas":6} => 400 replicas must be between 1 and 5
		POST  {"bucket":"b","max_bytes":-1} => 400 max_bytes must be at least 1
		POST  {"bucket":"b","max_value_size":0} => 400 max_value_size must be at least 1
		POST  {"bucket":"b","storage":"disk"} => 400 storage must be file or memory
		POST  {"bucket":"b","indexing":{"mappings":[{"field_type":"text"}],"partitions":1}} => 400 mappings[0].field is required
		POST  {"bucket":"b","indexing":{"mappings":[{"field":"f","field_type":"int"}]}} => 400 field_type must be
		POST  {"bucket":"b","indexing":{"mappings":[],"replicas":1,"storage_type":"file"}} => 400 indexing.partitions
		POST  {"bucket":"b","indexing":{"mappings":[],"partitions":1,"replicas":6}} => 400 indexing.replicas
		POST  {"bucket":"b","indexing":{"mappings":[],"partitions":1,"replicas":1}} => 400 indexing.storage_type`)
	if got := gateway.Buckets(); !slices.Equal(got, []string{"taken"}) {
		t.Errorf("buckets: %q", got)
	}
}

func TestEntries(t *testing.T) {
	t.Parallel()
	gateway := mockgateway.NewGateway()
	gateway.CreateBucketWith(mockgateway.BucketConfig{Name: "b", MaxValueSize: 60})
	play(t, gateway, `
		GET /b/entries/k => 404 {"error":"not_found"}
		DELETE /b/entries/k => 404 {"error":"not_found"}
		PUT /b/entries/k { "é": [1.0,1e3,-0,"日本 <&> \u003c"] } => 200 {"message":"success"}
		GET /b/entries/k => 200 {"body":{"key":"k","value":{ "é": [1.0,1e3,-0,"日本 <&> \u003c"] }},"metadata":{"bucket":"b","key":"k"}}
		PUT /b/entries/k {"a":2} => 200 {"message":"success"}
		GET /b/entries/k => 200 {"body":{"key":"k","value":{"a":2}},"metadata":{"bucket":"b","key":"k"}}
		PUT /b/entries/k => 400 not valid JSON
		PUT /b/entries/k {} {} => 400 not valid JSON
		PUT /b/entries/k [1] => 400 must be a JSON object
		PUT /b/entries/k {"a":"5678901234567890123456789012345678901234567890123456789"} => 400 63 bytes exceed the bucket's max_value_size of 60
		DELETE /b/entries/k => 200 {"message":"success"}
		GET /b/entries/k => 404 {"error":"not_found"}
		GET /absent/entries/k => 404 {"error":"not_found"}
		PUT /absent/entries/k {} => 404 {"error":"not_found"}
		DELETE /absent/entries/k => 404 {"error":"not_found"}
		PUT /b/entries/A-Z_0=9.x {} => 200 {"message":"success"}
		PUT /b/entries/%2Fa%2fb {} => 200 {"message":"success"}
		PUT /b/entries/purge {} => 200 {"message":"success"}
		PUT /b/entries/%2E {} => 400 start or end with a dot
		GET /b/entries/a%20b => 400 invalid key
		DELETE /b/entries/a%252Fb => 400 invalid key
		PUT /a%20b/entries/k {} => 400 invalid bucket name`)
	for _, key := range []string{"A-Z_0=9.x", "/a/b", "purge"} {
		if _, ok := gateway.Entry("b", key); !ok {
			t.Errorf("the key %q is absent", key)
		}
	}
	if got := send(gateway, http.MethodPut, "/storage/kv/b/entries/k", strings.Repeat("x", 10<<20+1), nil).Code; got != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d for more than 10 MiB", got)
	}
}

// TestLists: lists and searches by key give the latest entries first, without a second page.
func TestLists(t *testing.T) {
	t.Parallel()
	gateway := mockgateway.NewGateway()
	gateway.CreateBucket("empty")
	gateway.CreateBucket("many")
	gateway.CreateBucket("b")
	for n := range 1005 {
		gateway.PutEntry("many", fmt.Sprint("k", n), `{}`)
	}
	gateway.PutEntry("many", "k0", `{}`)
	for path, want := range map[string]int{"entries": 10, "entries?limit=1000": 1000, "search-by-key?search=k*&limit=7": 7} {
		got := send(gateway, http.MethodGet, "/storage/kv/many/"+path, "", nil).Body.String()
		if n := strings.Count(got, `"value"`); n != want || !strings.HasPrefix(got, `{"body":{"results":[{"key":"k0","value":{}},{"key":"k1004",`) {
			t.Errorf("%s: %d entries, %.100s", path, n, got)
		}
	}
	for _, key := range []string{"user1", "user/2", "team.user", "u"} {
		gateway.PutEntry("b", key, `1.0`)
	}
	for pattern, want := range map[string]string{
		"user*": "[user/2 user1]", "*user": "[team.user]", "*user*": "[team.user user/2 user1]", "u*r*": "[user/2 user1]",
		"user%2F2": "[user/2]", "user": "[]", "u*u": "[]", "**&limit=2": "[u team.user]", "t*m.*r": "[team.user]", "team%3Fuse": "[]",
	} {
		if got := fmt.Sprint(keysOf(gateway, "b/search-by-key?search="+pattern)); got != want {
			t.Errorf("%s: found %s, want %s", pattern, got, want)
		}
	}
	play(t, gateway, `
		GET /empty/entries => 200 {"body":{"results":[],"results_total":0},"metadata":{"bucket":"empty","limit":10}}
		GET /b/entries?limit=1 => 200 {"body":{"results":[{"key":"u","value":1.0}],"results_total":1},"metadata":{"bucket":"b","limit":1}}
		GET /b/search-by-key?search=u*1 => 200 {"body":{"results":[{"key":"user1","value":1.0}],"results_total":1},"metadata":{"bucket":"b","search":"u*1","hits":1}}
		GET /b/entries?limit=0 => 400 limit must be
		GET /b/entries?limit= => 400 limit must be
		GET /b/search-by-key?search=a&limit=1001 => 400 limit must be
		GET /b/search-by-key => 400 search is required
		GET /absent/entries => 404 {"error":"not_found"}
		GET /absent/search-by-key?search=a => 404 {"error":"not_found"}`)
}

var resultKey = regexp.MustCompile(`"key":"([^"]+)"`)

// keysOf returns the keys that a list or a search gives.
func keysOf(gateway *mockgateway.Gateway, path string) (keys []string) {
	got := send(gateway, http.MethodGet, "/storage/kv/"+path, "", nil).Body.String()
	for _, match := range resultKey.FindAllStringSubmatch(got, -1) {
		keys = append(keys, match[1])
	}
	return keys
}

func TestSearchByField(t *testing.T) {
	t.Parallel()
	gateway := mockgateway.NewGateway()
	gateway.CreateBucket("plain")
	gateway.CreateBucketWith(mockgateway.BucketConfig{Name: "b", Indexing: &mockgateway.Indexing{
		Mappings: []mockgateway.IndexMapping{
			{Field: "name", FieldType: "text"}, {Field: "city", FieldType: "keyword"}, {Field: "age", FieldType: "number"}, {Field: "admin", FieldType: "boolean"},
		},
		Partitions: 1, Replicas: 1, StorageType: "memory",
	}})
	gateway.PutEntry("b", "john", `{"name":"John Doe","city":"New York","age":30,"admin":true}`)
	gateway.PutEntry("b", "jane", `{"name":"Jane  DOE","city":["York","Bath"],"age":30.5,"admin":false}`)
	gateway.PutEntry("b", "none", `{"name":null,"age":"young"}`)
	gateway.PutEntry("b", "list", `["John"]`)
	for query, want := range map[string]string{
		"field=name&search=doe":                                    "[jane john]",
		"field=name&search=doe&limit=1":                            "[jane]",
		"field=name&search=Doe%20jane":                             "[jane]",
		"field=name&search=jo":                                     "[]",
		"field=name&search=jo&search_type=prefix":                  "[john]",
		"field=name&search=jhn&search_type=fuzzy":                  "[john]",
		"field=name&search=jonh&search_type=fuzzy":                 "[]",
		"field=city&search=York&search_type=exact":                 "[jane]",
		"field=city&search=york":                                   "[]",
		"field=city&search=New&search_type=prefix":                 "[john]",
		"field=age&search=range&search_type=range&min=30&max=30.5": "[jane john]",
		"field=age&search=range&search_type=range&min=30.1":        "[jane]",
		"field=age&search=range&search_type=range&max=3e1":         "[john]",
		"field=admin&search=false":                                 "[jane]",
	} {
		if got := fmt.Sprint(keysOf(gateway, "b/search?"+query)); got != want {
			t.Errorf("%s: found %s, want %s", query, got, want)
		}
	}
	play(t, gateway, `
		GET /b/search?field=admin&search=x => 200 {"body":{"results":[],"results_total":0},"metadata":{"bucket":"b","field":"admin","search":"x","index_duration":"0ms","index_hits":0}}
		GET /b/search?field=age&search_type=range&min=1 => 400 field and search are required
		GET /b/search?field=name&search=a&limit=0 => 400 limit must be
		GET /b/search?field=name&search=a&search_type=wild => 400 cannot be used with the field
		GET /b/search?field=name&search=range&search_type=range&min=1 => 400 cannot be used with the field
		GET /b/search?field=age&search=3&search_type=prefix => 400 cannot be used with the field
		GET /b/search?field=age&search=range&search_type=range => 400 cannot be used with the field
		GET /b/search?field=other&search=a => 400 is not indexed
		GET /plain/search?field=name&search=a => 400 has no index
		GET /absent/search?field=name&search=a => 404 {"error":"not_found"}`)
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	gateway := mockgateway.NewGateway()
	gateway.CreateBucket("b")
	gateway.PutEntry("b", "a/b", `{}`)
	play(t, gateway, `
		GET x => 404 404 page not found
		PUT /b/ {} => 404 404 page not found
		GET /b/nothing => 404 404 page not found
		DELETE /b/entries/ => 404 404 page not found
		GET /b/entries/a/b => 404 404 page not found
		GET /b/entries//a => 404 404 page not found
		GET /b/%65ntries => 404 404 page not found`)
	for path, allow := range map[string]string{
		"": "GET, POST", "/": "GET, POST", "/b": "DELETE, GET, PUT", "/b/purge": "DELETE", "/b/entries": "GET",
		"/b/entries/k": "DELETE, GET, PUT", "/b/search-by-key": "GET", "/b/search": "GET",
	} {
		got := send(gateway, http.MethodPatch, "/storage/kv"+path, "", nil)
		if got.Code != http.StatusMethodNotAllowed || got.Header().Get("Allow") != allow {
			t.Errorf("%s: got %d, Allow is %q, want %q", path, got.Code, got.Header().Get("Allow"), allow)
		}
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	gateway := mockgateway.NewGateway()
	gateway.AllowToken("other")
	key := func(key string) http.Header { return http.Header{"X-Api-Key": {key}} }
	both := key(mockgateway.DefaultAPIKey)
	both.Set("Authorization", "Bearer wrong")
	for name, test := range map[string]struct {
		header http.Header
		status int
	}{
		"none":                {http.Header{}, 401},
		"default key":         {key(mockgateway.DefaultAPIKey), 200},
		"default token":       {http.Header{"Authorization": {"Bearer " + mockgateway.DefaultToken}}, 200},
		"other token":         {http.Header{"Authorization": {"bearer other"}}, 200},
		"token as a key":      {key("other"), 401},
		"key as a token":      {http.Header{"Authorization": {"Bearer " + mockgateway.DefaultAPIKey}}, 401},
		"not bearer":          {http.Header{"Authorization": {"Basic other"}}, 401},
		"good key, bad token": {both, 200},
		"bad key, good token": {http.Header{"X-Api-Key": {"wrong"}, "Authorization": {"Bearer other"}}, 401},
	} {
		got := send(gateway, http.MethodGet, "/storage/kv", "", test.header)
		if got.Code != test.status || test.status == 401 && got.Body.String() != `{"error":"unauthorized"}` {
			t.Errorf("%s: got %d %s, want %d", name, got.Code, got.Body, test.status)
		}
	}
	gateway.CreateBucket("flags")
	gateway.RevokeCredentials()
	play(t, gateway, `GET /flags => 401 {"error":"unauthorized"}`)
	gateway.AllowRestrictedKey(mockgateway.DefaultAPIKey,
		mockgateway.Permission{Method: "GET", Path: "/storage/kv/flags/entries/*"},
		mockgateway.Permission{Method: "PUT", Path: "/storage/kv/*/entries/team%2F*"})
	play(t, gateway, `
		PUT /flags/entries/team%2Fa {} => 200 {"message":"success"}
		GET /flags/entries/team%2Fa => 200 {"body":{"key":"team/a","value":{}},"metadata":{"bucket":"flags","key":"team/a"}}
		PUT /flags/entries/a {} => 403 {"error":"forbidden"}
		GET /flags/entries => 403 {"error":"forbidden"}`)
}
