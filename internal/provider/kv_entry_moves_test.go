package provider_test

import (
	"maps"
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// movedEntry is the entry "a" in a state: {"n": n}, or, for 0, a value that the
// state does not have.
func movedEntry(t *testing.T, server tfprotov6.ProviderServer, typeName string, n int) *tfprotov6.DynamicValue {
	t.Helper()
	text := func(text string) tftypes.Value { return tftypes.NewValue(tftypes.String, text) }
	valueType := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"n": tftypes.Number}}
	value := tftypes.NewValue(valueType, map[string]tftypes.Value{"n": tftypes.NewValue(tftypes.Number, n)})
	attributes := map[string]tftypes.Value{"bucket": text("flags"), "overwrite": tftypes.NewValue(tftypes.Bool, false)}
	if typeName == "quiva_kv_entries" {
		maps.Copy(attributes, map[string]tftypes.Value{
			"id":      text("flags"),
			"entries": tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"a": valueType}}, map[string]tftypes.Value{"a": value}),
		})
	} else {
		maps.Copy(attributes, map[string]tftypes.Value{"id": text("flags/a"), "key": text("a")})
		if n != 0 {
			attributes["value"] = value
		}
	}
	return objectOf(t, resourceSchema(t, server, typeName), attributes)
}

// noObject is the state of a resource that is not there.
func noObject(t *testing.T, server tfprotov6.ProviderServer, typeName string) *tfprotov6.DynamicValue {
	t.Helper()
	valueType := resourceSchema(t, server, typeName).ValueType()
	none, err := tfprotov6.NewDynamicValue(valueType, tftypes.NewValue(valueType, nil))
	if err != nil {
		t.Fatal(err)
	}
	return &none
}

// TestKVEntryMoves: an entry that another resource creates again is left in place
// for it by the one that is destroyed first. Only the plan knows of both, and the
// apply, which is another process, has from it what the planned change carries.
func TestKVEntryMoves(t *testing.T) {
	t.Parallel()
	const one, many = "quiva_kv_entry", "quiva_kv_entries"
	for name, tt := range map[string]struct {
		from, to string
		was      int  // the value in the state, 0 for none
		replaced bool // the resource itself: Terraform deletes with the plan of the creation
		fails    bool // the creation
	}{
		"entry to entry":                  {from: one, to: one, was: 1},
		"entry to entries":                {from: one, to: many, was: 1},
		"entries to entry":                {from: many, to: one, was: 1},
		"entries to entries":              {from: many, to: many, was: 1},
		"entry replaced":                  {from: one, to: one, was: 1, replaced: true},
		"entries replaced":                {from: many, to: many, was: 1, replaced: true},
		"entry, not written":              {from: one, to: one, was: 1, fails: true},
		"entries, not written":            {from: many, to: many, was: 1, fails: true},
		"write-only entry, not written":   {from: one, to: one, fails: true},
		"entry to entries, not written":   {from: one, to: many, was: 1, fails: true},
		"entry replaced, but not written": {from: one, to: one, was: 1, replaced: true, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "a", `{"n":1}`)
			planning, applying := newServer(t), newServer(t)
			configure(t, planning, gateway)
			configure(t, applying, gateway)

			plan := func(typeName string, prior, proposed *tfprotov6.DynamicValue) *tfprotov6.PlanResourceChangeResponse {
				request := &tfprotov6.PlanResourceChangeRequest{TypeName: typeName, PriorState: prior, ProposedNewState: proposed, Config: proposed}
				if tt.was == 0 {
					request.PriorPrivate = notes(t, map[string]string{"write_only": "true"})
				}
				response, err := planning.PlanResourceChange(t.Context(), request)
				noDiagnostics(t, response.Diagnostics, err)
				return response
			}
			apply := func(typeName string, prior, planned *tfprotov6.DynamicValue, private []byte) *tfprotov6.ApplyResourceChangeResponse {
				response, err := applying.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
					TypeName: typeName, PriorState: prior, PlannedState: planned, Config: planned, PlannedPrivate: private,
				})
				if err != nil {
					t.Fatal(err)
				}
				return response
			}

			before := movedEntry(t, planning, tt.from, tt.was)
			noneBefore, noneAfter := noObject(t, planning, tt.to), noObject(t, planning, tt.from)
			creation := plan(tt.to, noneBefore, movedEntry(t, planning, tt.to, 2))
			private := creation.PlannedPrivate
			if !tt.replaced {
				private = plan(tt.from, before, noneAfter).PlannedPrivate
			}
			if tt.fails {
				gateway.Inject(mockgateway.Fault{Method: http.MethodPut, Effect: unauthorized})
			}

			if left := apply(tt.from, before, noneAfter, private).Diagnostics; len(left) != 1 || left[0].Summary != "KV entry left in place" {
				t.Errorf("the deletion says %+v", left)
			}
			created := apply(tt.to, noneBefore, creation.PlannedState, creation.PlannedPrivate)
			want, held := 2, `{"n":2}`
			if tt.fails {
				want, held = tt.was, `{"n":1}`
				if len(created.Diagnostics) != 1 {
					t.Errorf("the failed creation says %+v", created.Diagnostics)
				}
			} else {
				noDiagnostics(t, created.Diagnostics, nil)
			}
			if got, _ := gateway.Entry("flags", "a"); got != held {
				t.Errorf("the gateway holds %q, want %q", got, held)
			}
			if deletes := gateway.Count(http.MethodDelete, ""); deletes > 0 {
				t.Errorf("%d DELETEs", deletes)
			}
			valueType := resourceSchema(t, planning, tt.to).ValueType()
			got, err := created.NewState.Unmarshal(valueType)
			if err != nil {
				t.Fatal(err)
			}
			if state, err := movedEntry(t, planning, tt.to, want).Unmarshal(valueType); err != nil || !got.Equal(state) {
				t.Errorf("the new state is %s, want %s", got, state)
			}
		})
	}
}
