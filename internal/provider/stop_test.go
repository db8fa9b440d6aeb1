package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// TestStop: Terraform may ask the provider to stop while its next call is on the
// way. That call sends nothing either.
func TestStop(t *testing.T) {
	t.Parallel()
	text := func(text string) tftypes.Value { return tftypes.NewValue(tftypes.String, text) }
	value := tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"n": tftypes.Number}}, map[string]tftypes.Value{"n": tftypes.NewValue(tftypes.Number, 1)})
	entry := func(t *testing.T, server tfprotov6.ProviderServer) *tfprotov6.DynamicValue {
		return objectOf(t, resourceSchema(t, server, "quiva_kv_entry"), map[string]tftypes.Value{
			"id": text("flags/a"), "bucket": text("flags"), "key": text("a"), "value": value, "overwrite": tftypes.NewValue(tftypes.Bool, false),
		})
	}

	for name, call := range map[string]func(*testing.T, tfprotov6.ProviderServer) ([]*tfprotov6.Diagnostic, error){
		"read": func(t *testing.T, server tfprotov6.ProviderServer) ([]*tfprotov6.Diagnostic, error) {
			resp, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: "quiva_kv_entry", CurrentState: entry(t, server)})
			if err != nil {
				return nil, err
			}
			return resp.Diagnostics, nil
		},
		"apply": func(t *testing.T, server tfprotov6.ProviderServer) ([]*tfprotov6.Diagnostic, error) {
			resourceType := resourceSchema(t, server, "quiva_kv_entry").ValueType()
			none, err := tfprotov6.NewDynamicValue(resourceType, tftypes.NewValue(resourceType, nil))
			if err != nil {
				return nil, err
			}
			resp, err := server.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
				TypeName: "quiva_kv_entry", PriorState: &none, PlannedState: entry(t, server), Config: entry(t, server),
			})
			if err != nil {
				return nil, err
			}
			return resp.Diagnostics, nil
		},
		"import": func(t *testing.T, server tfprotov6.ProviderServer) ([]*tfprotov6.Diagnostic, error) {
			resp, err := server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: "quiva_kv_entries", ID: "flags"})
			if err != nil {
				return nil, err
			}
			return resp.Diagnostics, nil
		},
		"data source": func(t *testing.T, server tfprotov6.ProviderServer) ([]*tfprotov6.Diagnostic, error) {
			schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
			if err != nil {
				return nil, err
			}
			resp, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
				TypeName: "quiva_kv_entry", Config: objectOf(t, schemas.DataSourceSchemas["quiva_kv_entry"], map[string]tftypes.Value{"bucket": text("flags"), "key": text("a")}),
			})
			if err != nil {
				return nil, err
			}
			return resp.Diagnostics, nil
		},
		"ephemeral resource": func(t *testing.T, server tfprotov6.ProviderServer) ([]*tfprotov6.Diagnostic, error) {
			schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
			if err != nil {
				return nil, err
			}
			resp, err := server.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
				TypeName: "quiva_kv_entry", Config: objectOf(t, schemas.EphemeralResourceSchemas["quiva_kv_entry"], map[string]tftypes.Value{"bucket": text("flags"), "key": text("a")}),
			})
			if err != nil {
				return nil, err
			}
			return resp.Diagnostics, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "a", `{"n":1}`)
			server := newServer(t)
			configure(t, server, gateway)
			if _, err := server.StopProvider(t.Context(), &tfprotov6.StopProviderRequest{}); err != nil {
				t.Fatal(err)
			}

			diagnostics, err := call(t, server)
			if err != nil || len(diagnostics) != 1 || diagnostics[0].Summary != "Cancelled" {
				t.Errorf("a call after the stop ended with %v, %v", diagnostics, err)
			}
			if sent := gateway.Count("", ""); sent != 0 {
				t.Errorf("a call after the stop sent %d requests", sent)
			}

			// A provider under a debugger outlives the run that was stopped.
			configure(t, server, gateway)
			diagnostics, err = call(t, server)
			noDiagnostics(t, diagnostics, err)
			if sent := gateway.Count("", ""); sent == 0 {
				t.Error("a call of the next run sent nothing")
			}
		})
	}
}
