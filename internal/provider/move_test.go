package provider_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
)

// TestMoveKVEntry moves the states of other providers' resources, as Terraform
// does before it configures the provider, and finds the entry that they name.
func TestMoveKVEntry(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		typeName, state string
		bucket, key     string
		fails           string // in place of a bucket and a key
	}{
		"restapi, below path":             {"restapi_object", `{"id":"checkout","path":"/storage/kv/flags/entries","read_path":null,"data":"{}"}`, "flags", "checkout", ""},
		"restapi, path with the ID":       {"restapi_object", `{"id":"checkout","path":"/storage/kv/flags/entries/{id}","read_path":""}`, "flags", "checkout", ""},
		"restapi, read_path with the ID":  {"restapi_object", `{"id":"checkout","path":"/elsewhere","read_path":"/storage/kv/flags/entries/{id}?trace=1"}`, "flags", "checkout", ""},
		"restapi, read_path without":      {"restapi_object", `{"id":"1","path":"/elsewhere","read_path":"/storage/kv/flags/entries/checkout"}`, "flags", "checkout", ""},
		"restapi, ID with a slash":        {"restapi_object", `{"id":"team%2Fcheckout","path":"/storage/kv/flags/entries"}`, "flags", "team/checkout", ""},
		"restapi, prefix of the endpoint": {"restapi_object", `{"id":"checkout","path":"/gateway/v1/storage/kv/flags/entries"}`, "flags", "checkout", ""},
		"restful":                         {"restful_resource", `{"id":"/storage/kv/flags/entries/checkout","path":"/storage/kv/flags/entries/checkout","body":{"value":{},"type":["object",{}]}}`, "flags", "checkout", ""},
		"restful, key with an equals":     {"restful_resource", `{"id":"/storage/kv/flags/entries/a%3Db=c"}`, "flags", "a=b=c", ""},
		"restful, without a first slash":  {"restful_resource", `{"id":"storage/kv/flags/entries/checkout"}`, "flags", "checkout", ""},
		"restful, with a host":            {"restful_resource", `{"id":"https://user:secret@api.example.com/storage/kv/flags/entries/checkout"}`, "flags", "checkout", ""},

		"restapi, another path":           {"restapi_object", `{"id":"1","path":"/api/users"}`, "", "", `A restapi_object is moved by the URL of its entry, which ends in /storage/kv/BUCKET/entries/KEY with bucket and key percent-encoded, and this one has "/api/…".`},
		"restapi, base URL with the path": {"restapi_object", `{"id":"checkout","path":"/flags/entries"}`, "", "", `has "/flags/…"`},
		"restapi, ID with a bare slash":   {"restapi_object", `{"id":"team/checkout","path":"/storage/kv/flags/entries"}`, "", "", `has "/storage/…"`},
		"restapi, no path":                {"restapi_object", `{"id":"checkout"}`, "", "", `has "/checkout"`},
		"restful, a bucket":               {"restful_resource", `{"id":"/storage/kv/flags"}`, "", "", `A restful_resource is moved by the URL of its entry`},
		"restful, percent encoded twice":  {"restful_resource", `{"id":"/storage/kv/flags/entries/team%252Fcheckout"}`, "", "", `has "/storage/…"`},
		"restful, query of another path":  {"restful_resource", `{"id":"https://user:secret@api.example.com/users/1?key=secret#secret"}`, "", "", `has "/users/…"`},
		"restful, not a URL":              {"restful_resource", `{"id":"secret%zz"}`, "", "", `has none that can be parsed`},
		"another type":                    {"consul_keys", `{"id":"secret"}`, "", "", `Only a restapi_object or restful_resource can be moved to a quiva_kv_entry; got a consul_keys.`},
		"not JSON":                        {"restful_resource", `{"id":"secret`, "", "", `The state of the restful_resource is not the JSON object that its provider writes.`},
		"no object":                       {"restapi_object", `["secret"]`, "", "", `The state of the restapi_object is not the JSON object that its provider writes.`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t)
			moved := move(t, server, test.typeName, "quiva_kv_entry", test.state)
			if test.fails != "" {
				checkRefusal(t, moved.Diagnostics, test.fails)
				return
			}
			checkMoved(t, server, moved, "quiva_kv_entry", map[string]string{"bucket": test.bucket, "key": test.key}, map[string]tftypes.Value{
				"id":        tftypes.NewValue(tftypes.String, test.bucket+"/"+test.key),
				"overwrite": tftypes.NewValue(tftypes.Bool, false),
			})
		})
	}
}

// TestMoved: the refresh after a move reads what the state of the other provider does
// not have, with a GET and nothing else, and what the configuration has otherwise is one
// update.
func TestMoved(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "team/a", `{"n":9007199254740993}`)
	w := newWorkspace(t)
	w.state[objectKey{"restful_resource.test", 0}] = &object{value: cty.ObjectVal(map[string]cty.Value{"id": cty.StringVal("/storage/kv/flags/entries/team%2Fa")})}
	plan := func(n string) *plan {
		planned := w.plan(entry(gateway, "team/a", "{ n = "+n+" }")+"moved {\n  from = restful_resource.test\n  to = quiva_kv_entry.test\n}\n", planOptions{})
		w.check(errorOf(planned.diagnostics))
		return planned
	}
	if action := plan("9007199254740993").changes[objectKey{entryAddress, 0}].action; action != noOp {
		t.Errorf("an equal value is planned to %s", action)
	}
	if requests := gateway.Requests(); len(requests) != 1 || requests[0].Method != http.MethodGet {
		t.Errorf("the gateway was sent %v", requests)
	}
	changed := plan("2")
	if action := changed.changes[objectKey{entryAddress, 0}].action; action != update {
		t.Errorf("another value is planned to %s", action)
	}
	w.check(errorOf(w.apply(changed)))
	w.check(holds(gateway, "flags", "team/a", `{"n":2}`)(nil))
}

// TestMovedFromAnotherGateway: a URL with a host is of the provider's gateway, or the
// refresh that follows the move refuses it.
func TestMovedFromAnotherGateway(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "checkout", `{}`)
	port := gateway.URL[strings.LastIndex(gateway.URL, ":"):]
	for base, refused := range map[string]bool{
		gateway.URL:             false,
		gateway.URL + "/prefix": false,
		strings.ToUpper(gateway.URL[:4]) + gateway.URL[4:]: false,
		"https://127.0.0.1" + port:                         true,
		"http://127.0.0.1":                                 true,
		"http://user:secret@api.example.com":               true,
	} {
		server := newServer(t)
		moved := move(t, server, "restful_resource", "quiva_kv_entry", `{"id":"`+base+`/storage/kv/flags/entries/checkout"}`)
		noDiagnostics(t, moved.Diagnostics, nil)
		configure(t, server, gateway)
		read, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
			TypeName: "quiva_kv_entry", CurrentState: moved.TargetState, CurrentIdentity: moved.TargetIdentity, Private: moved.TargetPrivate,
		})
		if !refused {
			noDiagnostics(t, read.Diagnostics, err)
			if string(read.Private) != "" && strings.Contains(string(read.Private), "moved_from") {
				t.Errorf("%s: the private state still has %s", base, read.Private)
			}
			continue
		}
		checkRefusal(t, read.Diagnostics, "this provider's endpoint is "+gateway.URL)
	}
}

// TestMoveToOtherTypes: between the provider's own types, an error has the block to
// use instead.
func TestMoveToOtherTypes(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"quiva_kv_entries", "quiva_kv_entry_properties", "quiva_kv_bucket"} {
		moved := move(t, newServer(t), "quiva_kv_entry", to, `{"id":"flags/a","bucket":"flags","key":"a","value":{"password":"secret"}}`)
		checkRefusal(t, moved.Diagnostics, "A quiva_kv_entry cannot become a "+to+".")
		checkRefusal(t, moved.Diagnostics, "  removed {\n    from = quiva_kv_entry.NAME\n    lifecycle {\n      destroy = false\n    }\n  }")
	}
}

// move moves a state, in JSON.
func move(t *testing.T, server tfprotov6.ProviderServer, from, to, state string) *tfprotov6.MoveResourceStateResponse {
	t.Helper()
	response, err := server.MoveResourceState(t.Context(), &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: "registry.example.com/platform/mirrored", // a registry of one's own
		SourceTypeName:        from,
		SourceSchemaVersion:   2,
		SourceState:           &tfprotov6.RawState{JSON: []byte(state)},
		TargetTypeName:        to,
	})
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// checkRefusal checks the one error, which shows no more than may be shown.
func checkRefusal(t *testing.T, diagnostics []*tfprotov6.Diagnostic, want string) {
	t.Helper()
	if len(diagnostics) != 1 || !strings.Contains(diagnostics[0].Detail, want) || strings.Contains(diagnostics[0].Detail, "secret") {
		t.Errorf("the move ends with %v, want %q", diagnostics, want)
	}
}

// checkMoved checks that a moved state has its identity, the other attributes
// and nothing else.
func checkMoved(t *testing.T, server tfprotov6.ProviderServer, moved *tfprotov6.MoveResourceStateResponse, typeName string, identity map[string]string, others map[string]tftypes.Value) {
	t.Helper()
	if len(moved.Diagnostics) > 0 {
		t.Fatal(moved.Diagnostics[0].Detail)
	}
	types, values := map[string]tftypes.Type{}, map[string]tftypes.Value{}
	for name, value := range identity {
		types[name], values[name] = tftypes.String, tftypes.NewValue(tftypes.String, value)
	}
	identityType := tftypes.Object{AttributeTypes: types}
	if got, err := moved.TargetIdentity.IdentityData.Unmarshal(identityType); err != nil || !got.Equal(tftypes.NewValue(identityType, values)) {
		t.Errorf("the identity is %s (%v), want %v", got, err, identity)
	}
	maps.Copy(others, values)
	if want := objectOf(t, resourceSchema(t, server, typeName), others); string(moved.TargetState.MsgPack) != string(want.MsgPack) {
		t.Errorf("moved %q, want %q", moved.TargetState.MsgPack, want.MsgPack)
	}
}
