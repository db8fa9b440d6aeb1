package provider_test

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// TestKVEntryInTwoResources: two resources that declare one entry are an error,
// and it can move from one to the other.
func TestKVEntryInTwoResources(t *testing.T) {
	t.Parallel()
	one := func(name string) string {
		return "resource \"quiva_kv_entry\" \"" + name + "\" {\n  bucket = \"flags\"\n  key = \"shared\"\n  value = { n = 1 }\n}\n"
	}
	many := func(name, entries string) string {
		return "resource \"quiva_kv_entries\" \"" + name + "\" {\n  bucket = \"flags\"\n  entries = {\n " + entries + "\n " + name + " = {}\n }\n}\n"
	}
	const shared = "shared = { n = 1 }"
	for name, tt := range map[string]struct {
		first, second string
		// without is the first resource when it gives the entry up.
		without string
	}{
		"entry and entry":     {one("a"), one("b"), ""},
		"entry and entries":   {one("a"), many("b", shared), ""},
		"entries and entry":   {many("a", shared), one("b"), many("a", "")},
		"entries and entries": {many("a", shared), many("b", shared), many("a", "")},
		// What only the first has is deleted with it.
		"dropped entries and entry":   {many("a", shared), one("b"), ""},
		"dropped entries and entries": {many("a", shared), many("b", shared), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			untouched := holds(gateway, "flags", "shared", `{"n":1}`)
			run(t,
				resource.TestStep{Config: withProvider(gateway, tt.first), Check: untouched},
				resource.TestStep{Config: withProvider(gateway, tt.first+tt.second), ExpectError: message("KV entry declared twice")},
				// It adopts the entry, which is equal.
				resource.TestStep{Config: withProvider(gateway, tt.without+tt.second), Check: untouched},
			)
			if _, ok := gateway.Entry("flags", "shared"); ok {
				t.Error("the destroy at the end left the entry")
			}
		})
	}
}

// TestKVEntryInTwoImports: imports that overlap are an error, and never of an entry
// that does not exist.
func TestKVEntryInTwoImports(t *testing.T) {
	t.Parallel()
	const one = "resource \"quiva_kv_entry\" \"one\" {\n  bucket = \"flags\"\n  key = \"shared\"\n  value = {}\n}\nimport {\n  to = quiva_kv_entry.one\n  id = \"flags/shared\"\n}\n"
	for entries, want := range map[string]string{`{ shared = {}, b = {} }`: "KV entry declared twice", `{ b = {} }`: "KV entry in two resources"} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "shared", `{}`)
			gateway.PutEntry("flags", "b", `{}`)
			w := newWorkspace(t)
			err := errorOf(w.planAndApply(manyEntries(gateway, entries)+"import {\n  to = "+entriesAddress+"\n  id = \"flags\"\n}\n"+one, planOptions{}))
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "non-existent") {
				t.Errorf("got %v, want %s", err, want)
			}
			if held := gateway.Entries("flags"); len(held) != 2 {
				t.Errorf("the gateway holds %v", held)
			}
		})
	}
}

// TestKVEntryInTwoResourcesWarning: the resource that leaves an entry says so.
func TestKVEntryInTwoResourcesWarning(t *testing.T) {
	t.Parallel()
	text := func(text string) tftypes.Value { return tftypes.NewValue(tftypes.String, text) }
	object := func(members map[string]tftypes.Value) tftypes.Value {
		memberTypes := map[string]tftypes.Type{}
		for name, member := range members {
			memberTypes[name] = member.Type()
		}
		return tftypes.NewValue(tftypes.Object{AttributeTypes: memberTypes}, members)
	}
	empty := object(nil)
	// Both hold the entry "shared"; the entries hold others too.
	states := map[string]map[string]tftypes.Value{
		"quiva_kv_entry":   {"id": text("flags/shared"), "bucket": text("flags"), "key": text("shared"), "value": empty},
		"quiva_kv_entries": {"id": text("flags"), "bucket": text("flags"), "entries": object(map[string]tftypes.Value{"shared": empty, "other": empty})},
	}
	for name, tt := range map[string]struct{ first, second string }{
		"entry and entry":   {"quiva_kv_entry", "quiva_kv_entry"},
		"entry and entries": {"quiva_kv_entry", "quiva_kv_entries"},
		"entries and entry": {"quiva_kv_entries", "quiva_kv_entry"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "shared", `{}`)
			gateway.PutEntry("flags", "other", `{}`)
			server := newServer(t)
			configure(t, server, gateway)
			read := func(mark, typeName string) (tftypes.Value, []*tfprotov6.Diagnostic) {
				schema := resourceSchema(t, server, typeName)
				response, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
					TypeName: typeName, CurrentState: objectOf(t, schema, maps.Clone(states[typeName])), Private: notes(t, map[string]string{"mark": strconv.Quote(mark)}),
				})
				if err != nil {
					t.Fatal(err)
				}
				state, err := response.NewState.Unmarshal(schema.ValueType())
				if err != nil {
					t.Fatal(err)
				}
				return state, response.Diagnostics
			}
			_, diagnostics := read("first", tt.first)
			noDiagnostics(t, diagnostics, nil)
			state, diagnostics := read("second", tt.second)
			if len(diagnostics) != 1 || diagnostics[0].Severity != tfprotov6.DiagnosticSeverityWarning || diagnostics[0].Summary != "KV entry in two resources" ||
				!strings.Contains(diagnostics[0].Detail, `entry "shared" in bucket "flags"`) {
				t.Errorf("the second one says %+v", diagnostics)
			}
			if tt.second == "quiva_kv_entry" {
				if !state.IsNull() {
					t.Errorf("the second one's state is %s", state)
				}
				return
			}
			entries, _, err := tftypes.WalkAttributePath(state, tftypes.NewAttributePath().WithAttributeName("entries"))
			if err != nil || !entries.(tftypes.Value).Equal(object(map[string]tftypes.Value{"other": empty})) {
				t.Errorf("the second one's entries are %v, %v", entries, err)
			}
		})
	}
}

// notes is a private state with notes of the provider, which are JSON texts.
func notes(t *testing.T, texts map[string]string) []byte {
	t.Helper()
	stored := map[string][]byte{}
	for name, text := range texts {
		stored[name] = []byte(text)
	}
	private, err := json.Marshal(stored)
	if err != nil {
		t.Fatal(err)
	}
	return private
}
