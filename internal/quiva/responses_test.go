package quiva

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// serve returns a client of a gateway that responds as a function says, and how many
// requests came.
func serve(respond func(method, path string) (status int, text string)) (client *Client, requests *int) {
	requests = new(int)
	return inMemory(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*requests++ // one at a time
		status, text := respond(r.Method, strings.TrimPrefix(r.URL.EscapedPath(), "/storage/kv"))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	})), requests
}

// What a gateway says of a bucket "flags" with the entry "other".
const (
	details = `{"body":{"status":{"bucket":"flags"}}}`
	listed  = `{"body":{"results":[{"key":"other","value":{}}]}}`
	buckets = `{"body":{"results":[{"name":"flags"}]}}`
)

// outcome is what a call says: done, gone (proven), or a part of its error.
func outcome(err error) string {
	switch {
	case err == nil:
		return "done"
	case errors.Is(err, ErrNotFound):
		return "gone"
	case errors.Is(err, ErrNoRoute):
		return "no route"
	}
	return err.Error()
}

// TestResponses: what each call makes of each form of response, where everything else
// that is asked responds as documented. "gone" needs the proof, "unproven" lacks it.
func TestResponses(t *testing.T) {
	t.Parallel()
	const (
		empty    = "the response is empty"
		shape    = "unexpected shape"
		unproven = "but nothing confirms it"
		entry    = `{"body":{"key":"a","value":{"n":1}},"metadata":{"bucket":"flags","key":"a","new":true}}`
	)
	type want struct{ read, write, remove, list, bucket string }
	everywhere := func(text string) want { return want{text, text, text, text, text} }
	write := func(text string) want {
		return want{"lacks \"body\"", text, text, "lacks \"body.results\"", "lacks \"body\""}
	}
	// An entry that is missing is gone; the bucket, whose details say otherwise, is not.
	missing := want{read: "gone", write: unproven, remove: "gone", list: unproven, bucket: unproven}
	denied := func(status int) want { return everywhere(fmt.Sprint("returned ", status)) }
	tests := map[string]struct {
		status int
		body   string
		want   want
	}{
		"success":                {200, `{"message":"success"}`, write("done")},
		"no content":             {204, "", want{empty, "done", "done", empty, empty}},
		"nothing":                {200, "", want{empty, "done", "done", empty, empty}},
		"enveloped":              {200, `{"status_code":201,"body":{"message":"Key written successfully"}}`, want{"lacks \"body.value\"", "done", "done", "lacks \"body.results\"", "lacks \"body.status.bucket\""}},
		"an error in a success":  {200, `{"error":"locked"}`, everywhere("despite status 200: locked")},
		"an enveloped error":     {200, `{"status_code":403,"body":{"error":"locked"}}`, everywhere("returned 403 Forbidden: locked")},
		"an empty error":         {200, `{"message":"success","error":""}`, write("done")},
		"an error within":        {200, `{"message":"success","body":{"error":"locked"}}`, everywhere("despite status 200: locked")},
		"an error object":        {200, `{"message":"success","error":{"code":1}}`, everywhere("despite status 200: 1")},
		"a text":                 {200, `"success"`, everywhere(shape)},
		"null":                   {200, `null`, everywhere(shape)},
		"an entry":               {200, entry, want{"done", "done", "done", "lacks \"body.results\"", "done"}},
		"an entry, enveloped":    {200, `{"status_code":200,"body":` + entry + `}`, want{"done", "done", "done", "lacks \"body.results\"", "done"}},
		"an entry, as a string":  {200, `{"body":{"key":"a","value":"{\"n\":1}"}}`, want{"done", "done", "done", "lacks \"body.results\"", "lacks \"body.status.bucket\""}},
		"an entry without value": {200, `{"body":{"key":"a","value":null}}`, want{"gone", "done", "done", "lacks \"body.results\"", "lacks \"body.status.bucket\""}},
		"HTML":                   {200, "<html>", everywhere("not JSON")},
		"not_found":              {404, `{"error":"not_found"}`, missing},
		"enveloped not_found":    {404, `{"status_code":404,"body":{"error":"not_found"}}`, missing},
		"not_found in a success": {200, `{"status_code":404,"body":{"error":"Key not found"}}`, missing},
		"a message, with more":   {404, `{"message":"Resource Not Found.","code":4041,"trace":"x"}`, missing},
		"400, key not found":     {400, `{"error":"key not found"}`, missing},
		"500, not found":         {500, `{"error":"resource not found"}`, missing},
		"of another status":      {404, `{"status_code":502,"body":{"error":"not_found"}}`, denied(404)},
		"403, not found":         {403, `{"error":"not found"}`, denied(403)},
		"501, not found":         {501, `{"error":"not found"}`, denied(501)},
		"404, other words":       {404, `{"error":"not found here"}`, denied(404)},
		"404, HTML":              {404, "<html>", everywhere("not a response of the gateway's API")},
		"404, nothing":           {404, "", everywhere("not a response of the gateway's API")},
		"404, text":              {404, "404 page not found", everywhere("no route")},
		"405":                    {405, "", everywhere("no route")},
		"500, nothing":           {500, "", everywhere("no route")},
		"500, no responders":     {500, `{"error":"nats: no responders available for request"}`, everywhere("no route")},
		"401, nothing":           {401, "", everywhere("returned 401 Unauthorized")},
		"401, a reason":          {401, `{"error":"unauthorized","message":"no","details":{"reason":"expired"},"code":"E1"}`, everywhere("401 Unauthorized: unauthorized (no, expired, E1)")},
		"400, an object":         {400, `{"error":{"code":"E2","message":"bad key"}}`, everywhere("400 Bad Request: bad key (E2)")},
	}
	calls := map[string]struct {
		method, path string
		call         func(context.Context, *Client) error
		want         func(want) string
	}{
		"read": {http.MethodGet, "/flags/entries/a", func(ctx context.Context, c *Client) error { _, err := c.GetEntry(ctx, "flags", "a"); return err }, func(w want) string { return w.read }},
		"write": {http.MethodPut, "/flags/entries/a", func(ctx context.Context, c *Client) error {
			return c.PutEntry(ctx, "flags", "a", []byte(`{"n":1}`))
		}, func(w want) string { return w.write }},
		"remove": {http.MethodDelete, "/flags/entries/a", func(ctx context.Context, c *Client) error { return c.DeleteEntry(ctx, "flags", "a") }, func(w want) string { return w.remove }},
		"list": {http.MethodGet, "/flags/entries", func(ctx context.Context, c *Client) error {
			_, err := c.ListEntries(ctx, "flags", 10)
			return err
		}, func(w want) string { return w.list }},
		"bucket": {http.MethodGet, "/flags", func(ctx context.Context, c *Client) error { _, err := c.GetBucket(ctx, "flags"); return err }, func(w want) string { return w.bucket }},
	}
	for name, test := range tests {
		for call, c := range calls {
			t.Run(name+"/"+call, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					client, requests := serve(func(method, path string) (int, string) {
						if method == c.method && path == c.path {
							return test.status, test.body
						}
						return 200, map[string]string{"/flags/entries/a": entry, "/flags/entries": listed, "/flags": details, "": buckets}[path]
					})
					start := time.Now()
					err := c.call(t.Context(), client)
					if got := outcome(err); !strings.Contains(got, c.want(test.want)) {
						t.Errorf("got %q, want %q", got, c.want(test.want))
					}
					if errors.Is(err, ErrNoRoute) && (*requests > 3 || time.Since(start) > 3*time.Second) {
						t.Errorf("%d requests in %s for a route that is not there", *requests, time.Since(start))
					}
				})
			})
		}
	}
}

// TestAbsence: what is believed to be gone, by what else the gateway says.
func TestAbsence(t *testing.T) {
	t.Parallel()
	type response struct {
		status int
		text   string
	}
	var (
		notFound  = response{404, `{"error":"not_found"}`}
		forbidden = response{403, `{"error":"forbidden"}`}
		fails     = response{503, ""}
		html      = response{200, "<html>"}
		there     = response{200, details}
		others    = response{200, listed}
		none      = response{200, `{"body":{"results":null}}`}
		shown     = response{200, `{"body":{"results":[{"key":"a","value":{}}]}}`}
		full      = response{200, `{"body":{"results":[` + strings.Repeat(`{"key":"x","value":{}},`, 999) + `{"key":"y","value":{}}]}}`}
		has       = response{200, buckets}
		lacks     = response{200, `{"body":{"results":[{"name":"other"}]}}`}
	)
	tests := map[string]struct {
		entry, details, list, search, buckets response
		want                                  string
		requests                              int
	}{
		"proven by a list":              {notFound, there, others, fails, fails, "gone", 3},
		"proven by an empty list":       {notFound, there, none, fails, fails, "gone", 3},
		"proven by a search":            {notFound, there, full, none, fails, "gone", 4},
		"by a search that finds none":   {notFound, there, full, notFound, fails, "gone", 4},
		"a count above a list's limit":  {notFound, response{200, `{"body":{"status":{"bucket":"flags"},"stream_info":{"state":{"num_subjects":1000}}}}`}, fails, others, fails, "gone", 3},
		"details of another form":       {notFound, response{200, `{"body":{"info":{"stream":"KV_flags"}}}`}, others, fails, fails, "gone", 3},
		"the bucket is gone":            {notFound, notFound, fails, fails, lacks, "gone", 3},
		"a proxy":                       {notFound, notFound, notFound, notFound, notFound, "nothing confirms it: GET /storage/kv returned 404", 3},
		"a proxy that says it is gone":  {notFound, notFound, notFound, notFound, has, "the list of buckets has this bucket", 3},
		"the list shows it":             {notFound, there, shown, none, has, "the gateway lists this key", 3},
		"the search shows it":           {notFound, there, full, shown, has, "the gateway lists this key", 4},
		"the search is cut off":         {notFound, there, full, full, has, "the search for it finds too much", 4},
		"details of another bucket":     {notFound, response{200, `{"body":{"status":{"bucket":"x"}}}`}, others, none, has, `about the bucket "x"`, 2},
		"a login page":                  {notFound, html, html, html, html, "not JSON", 2},
		"neither list nor search":       {notFound, there, html, html, has, "not JSON", 4},
		"nothing below the bucket":      {notFound, there, notFound, notFound, has, "nothing confirms it: GET /storage/kv/flags/entries returned 404", 5},
		"nor below a large one":         {notFound, response{200, `{"body":{"status":{"bucket":"flags"},"stream_info":{"state":{"num_subjects":1000}}}}`}, notFound, notFound, has, "nothing confirms it", 5},
		"the search of a large bucket":  {notFound, response{200, `{"body":{"status":{"bucket":"flags"},"stream_info":{"state":{"num_subjects":1000}}}}`}, full, notFound, has, "gone", 4},
		"404, may not ask":              {notFound, forbidden, forbidden, forbidden, forbidden, "gone", 4},
		"400, may not ask":              {response{400, `{"error":"not found"}`}, forbidden, forbidden, forbidden, forbidden, "does not permit GET /storage/kv/flags", 4},
		"no value, may not ask":         {response{200, `{"body":{"key":"a","value":null}}`}, forbidden, forbidden, forbidden, forbidden, "does not permit", 4},
		"400, may list":                 {response{400, `{"error":"not found"}`}, forbidden, others, forbidden, forbidden, "gone", 3},
		"404, may not list the buckets": {notFound, notFound, notFound, notFound, forbidden, "gone", 5},
		"400, may not list the buckets": {notFound, response{400, `{"error":"not found"}`}, notFound, notFound, forbidden, "403", 3},
	}
	for name, test := range tests {
		client, requests := serve(func(_, path string) (int, string) {
			r := map[string]response{"/flags/entries/a": test.entry, "/flags": test.details, "/flags/entries": test.list, "/flags/search-by-key": test.search, "": test.buckets}[path]
			return r.status, r.text
		})
		_, err := client.GetEntry(t.Context(), "flags", "a")
		if got := outcome(err); !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
		if (test.want == "gone") == errors.Is(err, ErrUnproven) {
			t.Errorf("%s: unproven is %t", name, errors.Is(err, ErrUnproven))
		}
		if *requests != test.requests {
			t.Errorf("%s: %d requests, want %d", name, *requests, test.requests)
		}
	}
}
