package provider_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// creations checks how many entries a plan creates or adds. It must delete none.
type creations int

func (want creations) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	got := 0
	for _, change := range req.Plan.ResourceChanges {
		switch {
		case change.Change.Actions.Delete():
			resp.Error = fmt.Errorf("the plan deletes %s", change.Address)
			return
		case change.Change.Actions.Create():
			got++
		}
		for _, difference := range differences("", entriesIn(change.Change.Before), entriesIn(change.Change.After)) {
			if change.Change.Actions.Update() && strings.HasPrefix(difference, "+") {
				got++
			} else if change.Change.Actions.Update() {
				resp.Error = fmt.Errorf("the plan changes %s of %s", difference, change.Address)
				return
			}
		}
	}
	if got != int(want) {
		resp.Error = fmt.Errorf("the plan creates %d entries, want %d", got, want)
	}
}

// TestKVEntryInTwoResources: of two resources that hold one entry, the second
// to be read leaves it to the first. The plan shows that as a creation, and
// whichever resource stays in the configuration, the entry is never deleted.
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
			untouched := resource.ComposeTestCheckFunc(holds(gateway, "flags", "shared", `{"n":1}`), func(*terraform.State) error {
				if writes := gateway.Revisions("flags", "shared"); writes != 1 {
					return fmt.Errorf("the entry was written %d times", writes)
				}
				if deletes := gateway.Count(http.MethodDelete, "*/entries/shared"); deletes > 0 {
					return fmt.Errorf("the entry was deleted %d times", deletes)
				}
				return nil
			})
			run(t,
				resource.TestStep{Config: withProvider(gateway, tt.first), Check: untouched},
				// The second resource adopts the entry, which is equal.
				resource.TestStep{
					Config:             withProvider(gateway, tt.first+tt.second),
					Check:              untouched,
					ConfigPlanChecks:   resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{creations(1)}},
					ExpectNonEmptyPlan: true,
				},
				resource.TestStep{Config: withProvider(gateway, tt.without+tt.second), Check: untouched},
			)
			if _, ok := gateway.Entry("flags", "shared"); ok {
				t.Error("the destroy at the end left the entry")
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
			read := func(typeName string) (tftypes.Value, []*tfprotov6.Diagnostic) {
				schema := resourceSchema(t, server, typeName)
				response, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: typeName, CurrentState: objectOf(t, schema, maps.Clone(states[typeName]))})
				if err != nil {
					t.Fatal(err)
				}
				state, err := response.NewState.Unmarshal(schema.ValueType())
				if err != nil {
					t.Fatal(err)
				}
				return state, response.Diagnostics
			}
			_, diagnostics := read(tt.first)
			noDiagnostics(t, diagnostics, nil)
			state, diagnostics := read(tt.second)
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
