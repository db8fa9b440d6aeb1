package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

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
