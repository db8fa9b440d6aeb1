package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestKVEntryIdentityProtocol imports by identity as Terraform 1.12 does, also
// where there is only an older one.
func TestKVEntryIdentityProtocol(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "team/a", `{"n":1}`)
	server := newServer(t)
	configure(t, server, gateway)

	identityType := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"bucket": tftypes.String, "key": tftypes.String}}
	identity := func(bucket, key any) *tfprotov6.ResourceIdentityData {
		packed, err := tfprotov6.NewDynamicValue(identityType, tftypes.NewValue(identityType, map[string]tftypes.Value{
			"bucket": tftypes.NewValue(tftypes.String, bucket), "key": tftypes.NewValue(tftypes.String, key),
		}))
		if err != nil {
			t.Fatal(err)
		}
		return &tfprotov6.ResourceIdentityData{IdentityData: &packed}
	}

	schemas, err := server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, attribute := range schemas.IdentitySchemas["quiva_kv_entry"].IdentityAttributes {
		if !attribute.RequiredForImport || attribute.Type.String() != tftypes.String.String() {
			t.Errorf("the identity has %+v", attribute)
		}
	}

	imported, err := server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: "quiva_kv_entry", Identity: identity("flags", "team/a")})
	noDiagnostics(t, imported.Diagnostics, err)
	if len(imported.ImportedResources) != 1 {
		t.Fatalf("imported %d resources", len(imported.ImportedResources))
	}
	read := func(known *tfprotov6.ResourceIdentityData) *tfprotov6.ReadResourceResponse {
		read, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
			TypeName: "quiva_kv_entry", CurrentState: imported.ImportedResources[0].State, CurrentIdentity: known, Private: imported.ImportedResources[0].Private,
		})
		noDiagnostics(t, read.Diagnostics, err)
		got, err := read.NewIdentity.IdentityData.Unmarshal(identityType)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := identity("flags", "team/a").IdentityData.Unmarshal(identityType)
		if !got.Equal(want) {
			t.Errorf("the identity is %s, want %s", got, want)
		}
		return read
	}
	state, err := read(imported.ImportedResources[0].Identity).NewState.Unmarshal(resourceSchema(t, server, "quiva_kv_entry").ValueType())
	if err != nil {
		t.Fatal(err)
	}
	var attributes map[string]tftypes.Value
	var id string
	if err := state.As(&attributes); err != nil {
		t.Fatal(err)
	}
	if err := attributes["id"].As(&id); err != nil || id != "flags/team/a" || attributes["value"].IsNull() {
		t.Errorf("read %s", state)
	}

	// A state from before there were identities has none. The next run reads it.
	configure(t, server, gateway)
	read(nil)

	refused, err := server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: "quiva_kv_entry", Identity: identity("flags", "")})
	if err != nil || len(refused.Diagnostics) == 0 || refused.Diagnostics[0].Summary != "Invalid import ID" {
		t.Errorf("an empty key gets %+v, %v", refused.Diagnostics, err)
	}
}

func TestAccKVEntryIdentity(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	runCLIFrom(t, tfversion.SkipBelow(tfversion.Version1_12_0),
		resource.TestStep{
			Config: entry(gateway, "team/a", `{ n = 1 }`),
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectIdentity(entryAddress, map[string]knownvalue.Check{
				"bucket": knownvalue.StringExact("flags"), "key": knownvalue.StringExact("team/a"),
			})},
		},
		resource.TestStep{ResourceName: entryAddress, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
	)
}

// configure gives a server a provider block that reaches the gateway.
func configure(t *testing.T, server tfprotov6.ProviderServer, gateway *mockgateway.Server) {
	t.Helper()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.12.0",
		Config: objectOf(t, schemas.Provider, map[string]tftypes.Value{
			"endpoint": tftypes.NewValue(tftypes.String, gateway.URL),
			"api_key":  tftypes.NewValue(tftypes.String, mockgateway.DefaultAPIKey),
		}),
	})
	noDiagnostics(t, response.Diagnostics, err)
}

func noDiagnostics(t *testing.T, diagnostics []*tfprotov6.Diagnostic, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, diagnostic := range diagnostics {
		t.Fatal(fmt.Sprint(diagnostic.Summary, ": ", diagnostic.Detail))
	}
}
