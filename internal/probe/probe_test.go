package probe_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/probe"
)

// canary is in what belongs to others, and must appear nowhere.
const canary = "canary-7d1f"

const apiKey = "ms-" + canary

func newServer(t *testing.T, settings ...string) *mockgateway.Server {
	t.Helper()
	s := mockgateway.NewServer()
	t.Cleanup(s.Close)
	s.AllowAPIKey(apiKey)
	s.CreateBucketWith(mockgateway.BucketConfig{Name: canary, Description: canary})
	s.PutEntry(canary, canary, `{"`+canary+`":"`+canary+`"}`)
	s.SetLimit(mockgateway.FixedWindow{Requests: 100_000, Window: 24 * time.Hour})
	dialect, err := mockgateway.ParseDialect(settings...)
	if err != nil {
		t.Fatal(err)
	}
	s.SetDialect(dialect)
	return s
}

// result is what a run came to.
type result struct {
	err      error
	dialect  mockgateway.Dialect // by the transcript
	table    string
	disagree []string // questions
}

// run checks what holds for every run: nothing is left but what was there, and no
// secret appears.
func run(ctx context.Context, t *testing.T, s *mockgateway.Server) result {
	t.Helper()
	var printed strings.Builder
	report, err := probe.Run(ctx, probe.Config{Endpoint: s.URL + "/", APIKey: apiKey, Progress: &printed})
	report.WriteTable(&printed)
	got := result{err: err, table: printed.String()}
	transcript, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{canary, "written by quiva-probe"} {
		if err := got.err; err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%q in the error: %v", secret, err)
		}
		if strings.Contains(got.table, secret) || strings.Contains(string(transcript), secret) {
			t.Errorf("%q in the table or the transcript:\n%s\n%s", secret, got.table, transcript)
		}
	}
	for line := range strings.Lines(got.table) {
		line = strings.TrimSuffix(line, "\n")
		if n := len([]rune(line)); n > 120 {
			t.Errorf("a line of %d characters: %s", n, line)
		}
		if strings.HasSuffix(line, "  NO") {
			got.disagree = append(got.disagree, strings.TrimSpace(line[:32]))
		}
	}
	if got.dialect, err = mockgateway.ParseDialect(report.Dialect...); err != nil {
		t.Error(err)
	}
	for _, bucket := range s.Buckets() {
		if bucket != canary && s.Entries(bucket)[canary] == "" {
			t.Errorf("the bucket %s is left", bucket)
		}
	}
	for _, request := range s.Requests() {
		ofBucket := strings.HasPrefix(request.Path, "/storage/kv/tf-probe-")
		if request.Method == "DELETE" && (!ofBucket || strings.HasSuffix(request.Path, "/entries")) || request.Method == "PUT" && !ofBucket {
			t.Errorf("sent %s %s", request.Method, request.Path)
		}
	}
	return got
}

// TestDialects: a run tells each dialect, its transcript serves the same, and the
// table has what the provider does not assume of it.
func TestDialects(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ settings, disagree []string }{
		"typed, no slash": {
			[]string{"put=typed", "envelope=errors", "slash=refused", "success=204"},
			[]string{"Key a/b, which is unproven", "Key a/b in the list", "It finds a/b"},
		},
		"wrapper, slash not routed": {
			[]string{"put=wrapper", "slash=unrouted", "missing_bucket_status=500", "limit_headers=unix"},
			[]string{
				"PUT of a value", "PUT in an envelope", "Key a.b", "Key a=b", "Key of 300 characters", "Key a/b, which is unproven", "Key a/b in the list",
				"Another key", "It finds a/b", "Writes that are read at once",
			},
		},
		"null, other texts": {
			[]string{"put=enveloped-null", "envelope=status-200", "slash=renamed", "existing_status=402", "missing_bucket_text=no", "limit_headers=seconds"},
			[]string{"Details of an absent bucket", "Delete an entry of it", "List its entries", "Key a/b in the list", "It finds a/b"},
		},
		"no search": {
			[]string{"no_responders=*/search-by-key"},
			[]string{"Search for a*", "It finds a.b", "It finds a/b", "Search for a.b", "Search for an absent key"},
		},
		"silent": {disagree: []string{"Writes that are read at once"}},
	}
	for name := range mockgateway.Dialects() {
		test := tests[name]
		test.settings = []string{name}
		tests[name] = test
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, test.settings...)
			tooMany := http.Header{"Retry-After": {"1"}, "Content-Type": {"text/plain"}}
			s.Inject(mockgateway.Fault{Method: "POST", Times: 1, Effect: mockgateway.Respond(429, tooMany, "Too Many Requests")})
			buckets := `{"body":{"results":[{"name":"` + canary + `","message":"` + canary + `","metadata":{"` + canary + `":1}}]}}`
			s.Inject(mockgateway.Fault{Method: "GET", Path: "/storage/kv", After: 1, Times: 1, Effect: mockgateway.Respond(200, nil, buckets)})
			want, _ := mockgateway.ParseDialect(test.settings...)
			want.RestrictedStatus = 0 // only a restricted key could tell
			got := run(t.Context(), t, s)
			if got.err != nil || got.dialect != want {
				t.Errorf("%v\ngot  %+v\nwant %+v", got.err, got.dialect, want)
			}
			if !slices.Equal(got.disagree, test.disagree) {
				t.Errorf("disagreements %q, want %q\n%s", got.disagree, test.disagree, got.table)
			}
		})
	}
}

// TestStops: what cannot go on says why.
func TestStops(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare  func(s *mockgateway.Server, cancel func())
		want     string
		requests int // at most
	}{
		"wrong host": {func(s *mockgateway.Server, _ func()) { s.SetDialect(mockgateway.Dialect{WrongHost: true}) }, "this host has no such routes", 4},
		"bad key": {func(s *mockgateway.Server, _ func()) {
			s.Inject(mockgateway.Fault{After: 3, Effect: mockgateway.Respond(401, nil, `{"error":"unknown key `+apiKey+`"}`)})
		}, "the gateway refuses the API key: 401 unknown key [API key]", 4},
		"existing bucket": {func(s *mockgateway.Server, _ func()) {
			s.SetRequestHook(func(r mockgateway.Request) {
				if bucket, ok := strings.CutPrefix(r.Path, "/storage/kv/tf-probe-"); ok && r.Method == "GET" && !strings.Contains(bucket, "/") {
					s.SetRequestHook(nil)
					s.CreateBucket("tf-probe-" + bucket)
					s.PutEntry("tf-probe-"+bucket, canary, `{}`)
				}
			})
		}, "the gateway creates no bucket: 400 Bucket already exists", 8},
		"interrupted": {func(s *mockgateway.Server, cancel func()) {
			s.SetRequestHook(func(r mockgateway.Request) {
				if r.Method == "PUT" {
					cancel()
				}
			})
		}, context.Canceled.Error(), 20},
		"lost creation": {func(s *mockgateway.Server, _ func()) {
			s.Inject(mockgateway.Fault{Method: "POST", Effect: mockgateway.LoseResponse()})
		}, "EOF", 20},
		"interrupted creation": {func(s *mockgateway.Server, cancel func()) {
			creation := s.Inject(mockgateway.Fault{Method: "POST", Delay: 100 * time.Millisecond})
			go func() { <-creation.Reached(1); cancel() }()
			s.SetRequestHook(func(r mockgateway.Request) {
				if r.Method == "POST" && r.Status == 0 {
					s.CreateBucket("cut-off") // as a gateway may, a moment later
				}
			})
		}, context.Canceled.Error(), 20},
		"forbidden deletion": {func(s *mockgateway.Server, _ func()) {
			s.AllowRestrictedKey(apiKey, mockgateway.Permission{Path: "/storage/kv"})
			s.SetRequestHook(func(r mockgateway.Request) {
				if r.Method == "POST" {
					s.SetRequestHook(nil)
					s.PutEntry(s.Buckets()[1], canary, `{}`) // it is known to be left
				}
			})
			s.Inject(mockgateway.Fault{Method: "PUT", Effect: mockgateway.Drop()})
		}, "may be left: delete it", 50},
		"broken deletion": {func(s *mockgateway.Server, _ func()) {
			s.Inject(mockgateway.Fault{Method: "PUT", Effect: mockgateway.Drop()})
			s.Inject(mockgateway.Fault{Method: "DELETE", Path: "/storage/kv/*", After: 2, Times: 3, Effect: mockgateway.Drop()})
		}, "EOF", 25},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			test.prepare(s, cancel)
			got := run(ctx, t, s)
			if got.err == nil || !strings.Contains(got.err.Error(), test.want) {
				t.Errorf("got %v, want %s", got.err, test.want)
			}
			if n := len(s.Requests()); n > test.requests {
				t.Errorf("%d requests", n)
			}
		})
	}
}
