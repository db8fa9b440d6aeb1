package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// TestValueSize: a value that the gateway would refuse for its size is refused while
// planning. A text counts as the JSON that it is.
func TestValueSize(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	server := newServer(t)
	configure(t, server, gateway)
	str := func(text string) tftypes.Value { return tftypes.NewValue(tftypes.String, text) }
	object := func(size int) tftypes.Value {
		return tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"a": tftypes.String}}, map[string]tftypes.Value{"a": str(strings.Repeat("x", size-len(`{"a":""}`)))})
	}
	const limit = 10 << 20
	for name, test := range map[string]struct {
		value tftypes.Value
		want  string
	}{
		"as large as may be":         {object(limit), ""},
		"too large":                  {object(limit + 1), "has 10485761 bytes as JSON, and the gateway takes 10 MB at most"},
		"text that is longer quoted": {str(`{"a":"` + strings.Repeat(`\"`, 3<<20) + `"}`), ""},
		"text that is too large":     {str(`{"a":"` + strings.Repeat("x", limit) + `"}`), "has 10485768 bytes as JSON"},
	} {
		for typeName, config := range map[string]map[string]tftypes.Value{
			"quiva_kv_entry":   {"bucket": str("flags"), "key": str("a"), "value": test.value, "overwrite": tftypes.NewValue(tftypes.Bool, false)},
			"quiva_kv_entries": {"bucket": str("flags"), "entries": tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"a": test.value.Type()}}, map[string]tftypes.Value{"a": test.value}), "overwrite": tftypes.NewValue(tftypes.Bool, false)},
		} {
			server := newServer(t) // another plan
			schema := resourceSchema(t, server, typeName)
			null, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), nil))
			if err != nil {
				t.Fatal(err)
			}
			planned := objectOf(t, schema, config)
			response, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: typeName, PriorState: &null, ProposedNewState: planned, Config: planned})
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(response.Diagnostics); (test.want == "") != (len(response.Diagnostics) == 0) || !strings.Contains(got, test.want) {
				t.Errorf("%s, %s: got %s, want %s", name, typeName, got, test.want)
			}
		}
	}
}
