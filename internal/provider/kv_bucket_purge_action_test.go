package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// packedAction is the action quiva_kv_bucket_purge with a configuration.
func packedAction(t *testing.T, server tfprotov6.ProviderServer, config map[string]any) (tfprotov6.ActionServer, *tfprotov6.DynamicValue) {
	t.Helper()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	schema := schemas.ActionSchemas[purgeAction].Schema
	values := map[string]tftypes.Value{}
	for attribute, value := range config {
		values[attribute] = tftypes.NewValue(schema.ValueType().(tftypes.Object).AttributeTypes[attribute], value)
	}
	actions, ok := server.(tfprotov6.ActionServer)
	if !ok {
		t.Fatalf("a server of type %T has no actions", server)
	}
	return actions, objectOf(t, schema, values)
}

const purgeAction = "quiva_kv_bucket_purge"

// invoke invokes the action as Terraform does. It returns the messages of its
// progress, and its diagnostics.
func invoke(t *testing.T, server tfprotov6.ProviderServer, config map[string]any) (progress []string, diagnostics []*tfprotov6.Diagnostic) {
	t.Helper()
	actions, packed := packedAction(t, server, config)
	validated, err := actions.ValidateActionConfig(t.Context(), &tfprotov6.ValidateActionConfigRequest{ActionType: purgeAction, Config: packed})
	if err != nil || len(validated.Diagnostics) > 0 {
		return nil, validated.Diagnostics
	}
	stream, err := actions.InvokeAction(t.Context(), &tfprotov6.InvokeActionRequest{ActionType: purgeAction, Config: packed})
	if err != nil {
		t.Fatal(err)
	}
	completed := 0
	for event := range stream.Events {
		switch event := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			progress = append(progress, event.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			completed++
			diagnostics = event.Diagnostics
		}
	}
	if completed != 1 {
		t.Errorf("the action has completed %d times", completed)
	}
	return progress, diagnostics
}

// TestKVBucketPurgeAction: what is deleted, by which requests, what is said of it,
// and what is refused.
func TestKVBucketPurgeAction(t *testing.T) {
	t.Parallel()
	forbidden := mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`)
	const bucketPath, purge = "/storage/kv/flags", "DELETE /storage/kv/flags/purge"
	few := []string{"a", "preview/1", "preview/2", "previews"}
	many := folderKeys(0, 50, 1500)
	for i := range many {
		many[i] = strings.TrimPrefix(many[i], "flags/")
	}
	tests := map[string]struct {
		config   map[string]any
		held     []string
		deleted  int // how many others have left a mark
		fault    mockgateway.Fault
		gone     string // what somebody else deletes once it is counted: an entry, or "*" for the bucket
		writes   string // "" for none, a number of requests, or the one that it is
		left     int
		progress []string
		want     string // of the diagnostics; they are errors unless it begins with "warning: "
	}{
		"all": {config: map[string]any{}, held: few, writes: purge, progress: []string{
			`Counting the entries of bucket "flags"`, `Deleting 4 entries of bucket "flags"`, `Deleted 4 entries of bucket "flags"`}},
		"none": {config: map[string]any{}, progress: []string{`Counting the entries of bucket "flags"`, `There are no entries: nothing was deleted`}},
		"a prefix": {config: map[string]any{"key_prefix": "preview/"}, held: few, writes: "2", left: 2, progress: []string{
			`Counting the entries of bucket "flags" with the prefix "preview/"`, `Deleting 2 entries of bucket "flags" with the prefix "preview/"`, `Deleted 2 entries of bucket "flags" with the prefix "preview/"`}},
		"more than may be":     {config: map[string]any{"max_entries": 3}, held: few, left: 4, want: "There are 4 entries in bucket \"flags\", and at most 3 may be deleted. Nothing was deleted.\n\nTo delete them, raise the limit:\n\n  max_entries = 4"},
		"more of a prefix":     {config: map[string]any{"max_entries": 2, "key_prefix": "preview"}, held: few, left: 4, want: `There are 3 entries in bucket "flags" with the prefix "preview", and at most 2`},
		"more than by default": {config: map[string]any{}, held: many, left: 1500, want: "There are 1500 entries in bucket \"flags\", and at most 1000 may be deleted."},
		"many of a prefix": {config: map[string]any{"max_entries": 2000, "key_prefix": "team-0"}, held: many, writes: "300", left: 1200, progress: []string{
			`Counting the entries of bucket "flags" with the prefix "team-0"`, `Deleting 300 entries of bucket "flags" with the prefix "team-0"`, "Deleted 100 of 300 entries", "Deleted 200 of 300 entries", `Deleted 300 entries of bucket "flags" with the prefix "team-0"`}},
		"more than a list, of a prefix": {config: map[string]any{"max_entries": 2000, "key_prefix": "team-"}, held: many, writes: "1500", want: "warning: The gateway lists at most 1000 entries at once, so there may be more than the 1500 that were found and deleted."},
		"too many of a prefix":          {config: map[string]any{"key_prefix": "team-"}, held: many, left: 1500, want: "There are at least 1500 entries in bucket \"flags\" with the prefix \"team-\", and at most 1000 may be deleted."},
		"marks over the limit":          {config: map[string]any{"max_entries": 1501}, held: many, deleted: 2, left: 1500, want: "1500 entries were found in bucket \"flags\", but the gateway counts 1502 keys, which include deleted ones for a time, and at most 1501 may be deleted. Nothing was deleted.\n\nTo delete them, raise the limit to what it counts:\n\n  max_entries = 1502"},
		"no count":                      {config: map[string]any{"max_entries": 2000}, held: many, fault: mockgateway.Fault{Path: bucketPath, Effect: forbidden}, left: 1500, want: "its count of all cannot be read. There may be more, which would be deleted too. Nothing was deleted."},
		"not listed":                    {config: map[string]any{}, held: few, fault: mockgateway.Fault{Path: "*/entries", Effect: forbidden}, left: 4, want: `Could not list the entries of the bucket "flags".`},
		"purge forbidden":               {config: map[string]any{}, held: few, fault: mockgateway.Fault{Path: "*/purge", Effect: forbidden}, writes: purge, left: 4, want: `Could not delete the entries of bucket "flags".`},
		"bucket is gone":                {config: map[string]any{}, held: few, gone: "*", writes: purge, want: `has no bucket "flags"`},
		"an entry is gone":              {config: map[string]any{"key_prefix": "preview/"}, held: few, gone: "preview/2", writes: "2", left: 2},
		"one of many fails": {config: map[string]any{"key_prefix": "team-0"}, held: many, fault: mockgateway.Fault{Method: http.MethodDelete, Path: "*/team-04%2F29", Effect: mockgateway.Respond(http.StatusBadRequest, nil, `{"error":"locked"}`)}, writes: "300", left: 1201,
			want: "1 of 300 entries could not be deleted:\n\n  - \"team-04/29\": DELETE /storage/kv/flags/entries/team-04%2F29 returned 400 Bad Request: locked. The key contains a \"/\", which the gateway may take for a part of the path. Use \".\" instead, as in team-a.checkout"},
		"missing bucket": {config: map[string]any{"bucket": "absent"}, want: `has no bucket "absent"`},
		"none may be":    {config: map[string]any{"max_entries": 0}, want: "max_entries must be at least 1; got 0."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			for _, key := range test.held {
				gateway.PutEntry("flags", key, `{}`)
			}
			for i := range test.deleted {
				key := fmt.Sprintf("deleted-%d", i)
				gateway.PutEntry("flags", key, `{}`)
				gateway.DeleteEntry("flags", key)
			}
			gateway.Inject(test.fault)
			if test.gone != "" {
				gateway.SetRequestHook(func(request mockgateway.Request) {
					switch {
					case request.Method != http.MethodGet:
					case test.gone == "*":
						gateway.DeleteBucket("flags")
					default:
						gateway.DeleteEntry("flags", test.gone)
					}
				})
			}
			server := newServer(t)
			configure(t, server, gateway)
			if _, ok := test.config["bucket"]; !ok {
				test.config["bucket"] = "flags"
			}

			progress, diagnostics := invoke(t, server, test.config)
			if test.progress != nil && !slices.Equal(progress, test.progress) {
				t.Errorf("said\n%s\nwant\n%s", strings.Join(progress, "\n"), strings.Join(test.progress, "\n"))
			}
			want, isWarning := strings.CutPrefix(test.want, "warning: ")
			switch {
			case want == "" && len(diagnostics) > 0, want != "" && (len(diagnostics) != 1 || !strings.Contains(diagnostics[0].Detail, want)):
				t.Errorf("got %s", describe(diagnostics))
			case want != "" && isWarning != (diagnostics[0].Severity == tfprotov6.DiagnosticSeverityWarning):
				t.Errorf("it is of severity %s", diagnostics[0].Severity)
			}
			writes := gateway.RequestsTo(http.MethodDelete, "")
			switch got := fmt.Sprint(len(writes)); {
			case test.writes == "" && got == "0", test.writes == got:
			case got == "1" && writes[0].Method+" "+writes[0].Path == test.writes:
			default:
				t.Errorf("wrote %s times, want %q", got, test.writes)
			}
			if left := gateway.Entries("flags"); len(left) != test.left {
				t.Errorf("%d entries are left: %v", len(left), slices.Sorted(maps.Keys(left)))
			}
		})
	}
}

// TestKVBucketPurgePlan: the plan says what the action deletes, and is silent where it
// cannot know.
func TestKVBucketPurgePlan(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	for _, key := range []string{"a", "b", "preview/1"} {
		gateway.PutEntry("flags", key, `{}`)
	}
	server := newServer(t)
	configure(t, server, gateway)
	for name, test := range map[string]struct {
		config map[string]any
		want   string
	}{
		"all":            {map[string]any{"bucket": "flags"}, `This action deletes 3 entries of "flags": The action deletes 3 entries in bucket "flags" ("a", "b", "preview/1").`},
		"a prefix":       {map[string]any{"bucket": "flags", "key_prefix": "preview/"}, `This action deletes 1 entry of "flags": The action deletes entry "preview/1" in bucket "flags".`},
		"too many":       {map[string]any{"bucket": "flags", "max_entries": 2}, "It refuses that: max_entries is 2."},
		"none":           {map[string]any{"bucket": "flags", "key_prefix": "x"}, ""},
		"missing bucket": {map[string]any{"bucket": "absent"}, ""},
		"unknown bucket": {map[string]any{"bucket": tftypes.UnknownValue}, ""},
	} {
		actions, packed := packedAction(t, server, test.config)
		planned, err := actions.PlanAction(t.Context(), &tfprotov6.PlanActionRequest{ActionType: purgeAction, Config: packed})
		if err != nil || (len(planned.Diagnostics) > 0) != (test.want != "") || !strings.Contains(describe(planned.Diagnostics), test.want) {
			t.Errorf("%s: the plan says %q, %v", name, describe(planned.Diagnostics), err)
		}
	}
	if writes := gateway.RequestsTo(http.MethodDelete, ""); len(writes) > 0 {
		t.Errorf("planning sent %v", writes)
	}
}

// TestKVBucketPurgeActionStopped: Ctrl-C ends a purge, and its error says how far
// it came.
func TestKVBucketPurgeActionStopped(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	for i := range 150 {
		gateway.PutEntry("flags", fmt.Sprintf("k%03d", i), `{}`)
	}
	hanging := gateway.Inject(mockgateway.Fault{Method: http.MethodDelete, After: 120, Effect: mockgateway.Hang()})
	server := newServer(t)
	configure(t, server, gateway)
	go func() {
		<-hanging.Reached(1)
		_, _ = server.StopProvider(t.Context(), &tfprotov6.StopProviderRequest{})
	}()
	progress, diagnostics := invoke(t, server, map[string]any{"bucket": "flags", "key_prefix": "k"})
	if !slices.Contains(progress, "Deleted 100 of 150 entries") || len(diagnostics) != 1 || !strings.Contains(diagnostics[0].Detail, "Cancelled before completion: could not delete the entries of bucket \"flags\".") {
		t.Errorf("said %q, and\n%s", progress, describe(diagnostics))
	}
}

// TestUnknownAction: an action that this provider does not have is an error, and the
// provider goes on.
func TestUnknownAction(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	configure(t, server, newGateway(t))
	actions, packed := packedAction(t, server, map[string]any{"bucket": "flags"})
	const unknown = "quiva_kv_unknown"
	validated, err := actions.ValidateActionConfig(t.Context(), &tfprotov6.ValidateActionConfigRequest{ActionType: unknown, Config: packed})
	noDiagnostics(t, nil, err)
	planned, err := actions.PlanAction(t.Context(), &tfprotov6.PlanActionRequest{ActionType: unknown, Config: packed})
	noDiagnostics(t, nil, err)
	stream, err := actions.InvokeAction(t.Context(), &tfprotov6.InvokeActionRequest{ActionType: unknown, Config: packed})
	noDiagnostics(t, nil, err)
	all := slices.Concat(validated.Diagnostics, planned.Diagnostics)
	for event := range stream.Events {
		all = append(all, event.Type.(tfprotov6.CompletedInvokeActionEventType).Diagnostics...)
	}
	if len(all) != 3 || strings.Count(describe(all), "Action Type Not Found") != 3 {
		t.Errorf("got %s", describe(all))
	}
}
