package provider_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// listing is a list block as Terraform asks for its results.
type listing struct {
	of      string
	config  map[string]any // strings, and lists of them
	include bool
	limit   int64
}

func (l listing) results(t *testing.T, server tfprotov6.ProviderServer) []tfprotov6.ListResourceResult {
	t.Helper()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	config := map[string]tftypes.Value{}
	for name, value := range l.config {
		switch value := value.(type) {
		case []string:
			var elements []tftypes.Value
			for _, element := range value {
				elements = append(elements, tftypes.NewValue(tftypes.String, element))
			}
			config[name] = tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, elements)
		default:
			config[name] = tftypes.NewValue(tftypes.String, value)
		}
	}
	lister, ok := server.(tfprotov6.ListResourceServer)
	if !ok {
		t.Fatalf("a server of type %T lists nothing", server)
	}
	packed := objectOf(t, schemas.ListResourceSchemas[l.of], config)
	validated, err := lister.ValidateListResourceConfig(t.Context(), &tfprotov6.ValidateListResourceConfigRequest{TypeName: l.of, Config: packed})
	if err != nil {
		t.Fatal(err)
	}
	if len(validated.Diagnostics) > 0 {
		return []tfprotov6.ListResourceResult{{Diagnostics: validated.Diagnostics}}
	}
	stream, err := lister.ListResource(t.Context(), &tfprotov6.ListResourceRequest{TypeName: l.of, Config: packed, IncludeResource: l.include, Limit: l.limit})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(stream.Results)
}

// summarize writes results in a line each: the name and, if it is included, what
// the resource holds, or the diagnostics.
func summarize(t *testing.T, server tfprotov6.ProviderServer, of string, results []tfprotov6.ListResourceResult) (lines []string) {
	t.Helper()
	for _, result := range results {
		line := result.DisplayName
		if len(result.Diagnostics) > 0 {
			line = result.Diagnostics[0].Severity.String() + ": " + describe(result.Diagnostics)
		} else if result.Identity == nil {
			t.Errorf("%s has no identity", line)
		}
		if result.Resource != nil {
			attributes := attributesOf(t, server, of, result.Resource)
			for _, name := range []string{"value", "entries", "history"} {
				if value, ok := attributes[name]; ok {
					line += " " + name + "=" + plain(value)
				}
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// plain writes a value without its types.
func plain(value tftypes.Value) string {
	var members map[string]tftypes.Value
	if value.Type().Is(tftypes.Object{}) && value.As(&members) == nil {
		var text []string
		for name, member := range members {
			text = append(text, name+":"+plain(member))
		}
		slices.Sort(text)
		return "{" + strings.Join(text, " ") + "}"
	}
	text := value.String()
	return text[strings.Index(text, "<")+1 : len(text)-1]
}

// TestListResources: what each list gives, at the level of Terraform's protocol,
// so that it is known where there is no Terraform that has queries.
func TestListResources(t *testing.T) {
	t.Parallel()
	const entry, entries, bucket = "quiva_kv_entry", "quiva_kv_entries", "quiva_kv_bucket"
	forbidden := mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`)
	forbiddenSearch := mockgateway.Fault{Path: "*/search-by-key", Effect: forbidden}
	tests := map[string]struct {
		listing
		many    bool // 40 folders of 30 entries, else three entries
		deleted string
		fault   mockgateway.Fault
		gone    string   // a bucket that somebody else deletes once the buckets are listed
		want    []string // one for each result: the texts that it has, with "…" for any between
		queries []string // those of lists and searches, if that matters
	}{
		"entries":                  {listing: listing{entry, map[string]any{"bucket": "flags"}, false, 100}, want: []string{"flags/a", "flags/tea", "flags/team/b"}, queries: []string{"limit=100"}},
		"entries, included":        {listing: listing{entry, map[string]any{"bucket": "flags"}, true, 100}, want: []string{`flags/a value={n:"1"}`, `flags/tea value={}`, `flags/team/b value={list:tftypes.Number<"1">, tftypes.DynamicPseudoType<null>}`}},
		"entries of a prefix":      {listing: listing{entry, map[string]any{"bucket": "flags", "key_prefix": "team/"}, false, 100}, want: []string{"flags/team/b"}, queries: []string{"limit=100&search=team%2F%2A"}},
		"no hits":                  {listing: listing{entry, map[string]any{"bucket": "flags", "key_prefix": "x"}, true, 100}},
		"exclude":                  {listing: listing{entry, map[string]any{"bucket": "flags", "exclude": []string{"team/*", "*.x", "A"}}, false, 100}, want: []string{"flags/a", "flags/tea"}},
		"a limit below a page":     {listing: listing{entry, map[string]any{"bucket": "flags"}, false, 2}, want: []string{"WARNING: …List is cut off…The list has 2 of 3 entries.…limit = 3", "flags/tea", "flags/team/b"}, queries: []string{"limit=2", "limit=1000"}},
		"more than a page":         {listing: listing{entry, map[string]any{"bucket": "flags"}, false, 1000}, many: true, want: append([]string{"WARNING: …The list has 1000 of 1200 entries."}, folderKeys(0, 40, 1000)...)},
		"exclude and a limit":      {listing: listing{entry, map[string]any{"bucket": "flags", "exclude": []string{"tea"}}, false, 1}, want: []string{"WARNING: …The list has 1 of 2 entries.", "flags/a"}},
		"for at the beginning":     {listing: listing{entry, map[string]any{"bucket": "words"}, true, 100}, want: []string{`WARNING: …Generated configuration needs quotation marks…2 entries in bucket "words" ("deep", "first")`, "words/deep value=…", "words/first value=…", "words/later value=…"}},
		"for, not generated":       {listing: listing{entry, map[string]any{"bucket": "words"}, false, 100}, want: []string{"words/deep", "words/first", "words/later"}},
		"for, as one":              {listing: listing{entries, map[string]any{"bucket": "words"}, true, 100}, want: []string{`WARNING: …2 entries in bucket "words"`, "words entries=…"}},
		"missing bucket":           {listing: listing{entry, map[string]any{"bucket": "absent"}, true, 100}, want: []string{`ERROR: …has no bucket "absent"`}},
		"search forbidden, prefix": {listing: listing{entry, map[string]any{"bucket": "flags", "key_prefix": "t"}, false, 100}, fault: forbiddenSearch, want: []string{"ERROR: …Gateway does not permit this call…GET /storage/kv/flags/search-by-key"}},
		"third search of 40":       {listing: listing{entry, map[string]any{"bucket": "flags"}, true, 2000}, many: true, fault: mockgateway.Fault{Path: "*/search-by-key", After: 2, Times: 1, Effect: forbidden}, want: []string{"ERROR: …Gateway does not permit this call"}},
		"regular expression":       {listing: listing{entry, map[string]any{"bucket": "flags", "exclude": []string{"team-3[1-9].*"}}, false, 100}, want: []string{`ERROR: …The key pattern "team-3[1-9].*" contains "[", "]". …"*" stands for any characters, and nothing else does.`}},
		"pattern without effect":   {listing: listing{entry, map[string]any{"bucket": "flags", "key_prefix": "team/", "exclude": []string{"b"}}, false, 100}, want: []string{`ERROR: …The pattern "b" of exclude matches no key that begins with the key_prefix "team/"…"team/b"`}},

		"all as one":           {listing: listing{entries, map[string]any{"bucket": "flags"}, false, 100}, want: []string{"flags"}, queries: []string{"limit=1"}},
		"all as one, included": {listing: listing{entries, map[string]any{"bucket": "flags", "key_prefix": "t"}, true, 100}, want: []string{`flags/t* entries={tea:{} team/b:{list:…}}`}, queries: []string{"limit=1000&search=t%2A"}},
		"none as one":          {listing: listing{entries, map[string]any{"bucket": "flags", "key_prefix": "x"}, false, 100}},
		"as one, deleted ones": {listing: listing{entries, map[string]any{"bucket": "flags"}, true, 100}, many: true, deleted: "team-39/29", want: []string{"WARNING: …found 1199 entries", "flags entries={team-00/00:{}…"}},

		"buckets":                {listing: listing{bucket, nil, false, 100}, want: []string{"flags", "history", "other", "words"}},
		"buckets, included":      {listing: listing{bucket, nil, true, 100}, want: []string{`flags history="1"`, `history history="7"`, `other history="1"`, `words history="1"`}},
		"buckets of a prefix":    {listing: listing{bucket, map[string]any{"name_prefix": "hi"}, true, 100}, want: []string{`history history="7"`}},
		"a few of the buckets":   {listing: listing{bucket, nil, true, 2}, want: []string{"WARNING: …The list has 2 of 4 buckets.…limit = 4", `flags history="1"`, `history history="7"`}},
		"a bucket is gone":       {listing: listing{bucket, nil, true, 100}, gone: "history", want: []string{`flags history="1"`, `other history="1"`, `words history="1"`}},
		"a bucket is unreadable": {listing: listing{bucket, nil, true, 100}, fault: mockgateway.Fault{Path: "*/history", Effect: forbidden}, want: []string{`flags history="1"`, `ERROR: …Could not read the bucket "history"`}},
		"buckets forbidden":      {listing: listing{bucket, nil, false, 100}, fault: mockgateway.Fault{Effect: forbidden}, want: []string{"ERROR: …Could not list the buckets."}},

		"value of no object":       {listing: listing{entry, map[string]any{"bucket": "other"}, true, 100}, want: []string{`WARNING: …Value is not an object…2 entries in bucket "other" ("list", "text")`, `other/list value=…`, `other/text value=…text…`}},
		"value beyond Terraform":   {listing: listing{entry, map[string]any{"bucket": "history"}, true, 100}, want: []string{`ERROR: …The entry "digits" holds JSON that Terraform cannot represent`}},
		"it is not read":           {listing: listing{entry, map[string]any{"bucket": "history"}, false, 100}, want: []string{"history/digits"}},
		"as one, beyond Terraform": {listing: listing{entries, map[string]any{"bucket": "history"}, true, 100}, want: []string{`ERROR: …The entry "digits" holds JSON that Terraform cannot represent`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.CreateBucket("other")
			gateway.CreateBucketWith(mockgateway.BucketConfig{Name: "history", History: 7})
			if test.many {
				for _, key := range folderKeys(0, 40, 1200) {
					gateway.PutEntry("flags", strings.TrimPrefix(key, "flags/"), `{}`)
				}
				gateway.DeleteEntry("flags", test.deleted)
			} else {
				gateway.PutEntry("flags", "a", `{"n":1}`)
				gateway.PutEntry("flags", "tea", `{}`)
				gateway.PutEntry("flags", "team/b", `{"list":[1,null]}`)
			}
			gateway.CreateBucket("words")
			gateway.PutEntry("words", "first", `{"for":1,"in":2}`)
			gateway.PutEntry("words", "deep", `{"a":[{"b":{"for":1}}]}`)
			gateway.PutEntry("words", "later", `{"a":1,"for":1}`)
			gateway.PutEntry("other", "list", `[]`)
			gateway.PutEntry("other", "text", `"text"`)
			gateway.PutEntry("history", "digits", `{"n":1.`+digits(200)+`}`)
			gateway.Inject(test.fault)
			gateway.SetRequestHook(func(mockgateway.Request) { gateway.DeleteBucket(test.gone) })
			server := newServer(t)
			configure(t, server, gateway)

			got := summarize(t, server, test.of, test.results(t, server))
			if !slices.EqualFunc(got, test.want, matchesText) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
			if test.queries != nil {
				var queries []string
				for _, request := range gateway.Requests() {
					if len(request.Query) > 0 {
						queries = append(queries, request.Query.Encode())
					}
				}
				if !slices.Equal(queries, test.queries) {
					t.Errorf("asked %q, want %q", queries, test.queries)
				}
			}
		})
	}
}

// folderKeys are the first count of the names of 30 entries each in folders.
func folderKeys(from, to, count int) (names []string) {
	for folder := range to - from {
		for i := range 30 {
			names = append(names, fmt.Sprintf("flags/team-%02d/%02d", from+folder, i))
		}
	}
	return names[:count]
}

// matchesText reports whether a text is a pattern, in which … stands for any
// text. Of diagnostics the pattern need not have the end.
func matchesText(text, pattern string) bool {
	parts := strings.Split(pattern, "…")
	for i, part := range parts {
		at := strings.Index(text, part)
		if at < 0 || i == 0 && at > 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return text == "" || parts[len(parts)-1] == "" || parts[0] == "ERROR: " || parts[0] == "WARNING: "
}

// TestListResourceStopped: Ctrl-C ends a list that waits for the gateway, and
// the stream says so.
func TestListResourceStopped(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	for _, key := range folderKeys(0, 40, 1200) {
		gateway.PutEntry("flags", strings.TrimPrefix(key, "flags/"), `{}`)
	}
	hanging := gateway.Inject(mockgateway.Fault{Path: "*/search-by-key", After: 2, Effect: mockgateway.Hang()})
	server := newServer(t)
	configure(t, server, gateway)
	go func() {
		<-hanging.Reached(2)
		_, _ = server.StopProvider(t.Context(), &tfprotov6.StopProviderRequest{})
	}()
	results := listing{"quiva_kv_entries", map[string]any{"bucket": "flags"}, true, 100}.results(t, server)
	if len(results) != 1 || !strings.Contains(describe(results[0].Diagnostics), "Cancelled before completion") {
		t.Errorf("got %+v", results)
	}
}

// TestListResourceUnknownProvider: without a gateway there is no list.
func TestListResourceUnknownProvider(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	configureUnknown(t, server, false)
	for of, config := range map[string]map[string]any{"quiva_kv_bucket": nil, "quiva_kv_entry": {"bucket": "flags"}, "quiva_kv_entries": {"bucket": "flags"}} {
		results := listing{of, config, true, 100}.results(t, server)
		if len(results) != 1 || !strings.Contains(describe(results[0].Diagnostics), `the provider's argument "token" will be known only after apply`) {
			t.Errorf("%s gave %+v", of, results)
		}
	}
}
