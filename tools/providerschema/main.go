// Providerschema writes the provider's schemas into provider-schema.json here,
// as `terraform providers schema -json` prints them. What Terraform itself
// prints depends on its version: list resources and actions come with 1.14.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/quivaworks/terraform-provider-quiva/internal/provider"
)

func main() {
	if err := write(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "providerschema:", err)
		os.Exit(1)
	}
}

func write(ctx context.Context) error {
	server, err := provider.NewServer(ctx, "dev")
	if err != nil {
		return err
	}
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return err
	}
	described, err := describe(schemas)
	if err != nil {
		return err
	}
	text, err := json.Marshal(tfjson.ProviderSchemas{
		FormatVersion: "1.0",
		Schemas:       map[string]*tfjson.ProviderSchema{"quiva": described},
	})
	if err != nil {
		return err
	}
	return os.WriteFile("provider-schema.json", text, 0o600)
}
