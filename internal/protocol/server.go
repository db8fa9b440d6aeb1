package protocol

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// providerServer is all that Terraform can call. tfprotov6.ProviderServer lacks
// what came after it, which a server that embeds that alone would not forward.
type providerServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
	tfprotov6.StateStoreServer
}

// NewServer returns a server for Terraform around the framework's. It may itself
// plan that some objects stay as they are: see [Unchanged].
//
// When ctx is done, which is for an interrupt such as Ctrl-C, all calls end,
// unless something has been written already: then only Terraform ends them.
// It fails if the framework's server does not implement all calls of the protocol, if
// its schemas cannot be read, or if the defaults do not go with them.
func NewServer(ctx context.Context, framework tfprotov6.ProviderServer, which Unchanged) (tfprotov6.ProviderServer, error) {
	inner, ok := framework.(providerServer)
	if !ok {
		return nil, fmt.Errorf("a server of type %T does not implement all calls of Terraform's protocol", framework)
	}
	schemas, err := inner.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	for _, diagnostic := range schemas.Diagnostics {
		if diagnostic.Severity == tfprotov6.DiagnosticSeverityError {
			return nil, errors.New(diagnostic.Summary + ": " + diagnostic.Detail)
		}
	}
	// From Terraform inwards: unchanged returns some plans itself, which then cost
	// nothing further in; opaque is before all that would take values apart, and ends the
	// framework's calls, which are the ones that wait for a gateway, as stoppable says.
	return newUnchanged(newOpaque(newStoppable(ctx, inner), schemas), schemas.ResourceSchemas, which)
}
