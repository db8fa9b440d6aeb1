package provider

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

// gateway is what a configured provider hands to its resources and data sources.
type gateway struct {
	client           *quiva.Client // nil while an unknown argument keeps it from being made
	unknown          []string      // names of arguments
	warnNotRefreshed sync.Once
	credential       quiva.Credential
	credentialOrigin string // for errors: "the API key from the environment variable QUIVA_API_KEY"
	endpoint         string
	plan             *reconcile.Plan
	apply            *reconcile.Apply
	plansTwice       bool // Terraform may plan one creation twice: with -minimal-refresh, which 1.17 brought
}

// gatewayResource is a resource or a list resource that uses the gateway.
type gatewayResource struct {
	gateway  *gateway
	typeName string
}

func (r *gatewayResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.typeName
	resp.ResourceBehavior.ProviderDeferred.EnablePlanModification = true // a plan needs no gateway
}

func (r *gatewayResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.gateway = gatewayFrom(req.ProviderData)
}

// terraformResource is what each resource of this provider can do.
type terraformResource interface {
	resource.ResourceWithConfigure
	resource.ResourceWithModifyPlan
	resource.ResourceWithImportState
	resource.ResourceWithIdentity
	resource.ResourceWithMoveState
}

// bucketForImport is a part of all identities.
var bucketForImport = identityschema.StringAttribute{Description: "Name of the bucket.", RequiredForImport: true}

// isByIdentity reports whether an import names its object by its identity. One by
// ID may have the ID "".
func isByIdentity(req resource.ImportStateRequest) bool {
	return req.ID == "" && req.Identity != nil && !req.Identity.Raw.IsNull()
}

// gatewayDataSource is a data source that uses the gateway.
type gatewayDataSource struct {
	gateway  *gateway
	typeName string
}

func (d *gatewayDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = d.typeName
}

func (d *gatewayDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.gateway = gatewayFrom(req.ProviderData)
}

// gatewayFrom returns what the provider has handed over. Terraform configures
// without it when it only validates.
func gatewayFrom(providerData any) *gateway {
	if g, ok := providerData.(*gateway); ok {
		return g
	}
	return newUnconfiguredGateway(nil)
}

// newUnconfiguredGateway returns a gateway without a client, for planning what
// needs none.
func newUnconfiguredGateway(unknown []string) *gateway {
	return &gateway{unknown: unknown, plan: reconcile.NewPlan()}
}

// isConfigured reports whether Terraform has configured the provider, even with
// arguments that are not known yet. It does not before it validates.
func (g *gateway) isConfigured() bool { return g.client != nil || len(g.unknown) > 0 }

// configuredClient returns the client, or adds an error if there is none yet.
func (g *gateway) configuredClient(diags *diag.Diagnostics) (*quiva.Client, bool) {
	if g.client == nil {
		diags.AddError("Provider configuration not known yet",
			"The gateway is needed now, but "+g.describeUnknown()+"\n\n"+
				"Give it a value that is known while planning, or first apply the resource that it comes from:\n\n"+
				"  terraform apply -target=ADDRESS")
		return nil, false
	}
	return g.client, true
}

// storeModel puts a model and its identity into the state.
func storeModel[Identity any](
	ctx context.Context, model interface{ identity() Identity }, state *tfsdk.State, identity *tfsdk.ResourceIdentity,
) diag.Diagnostics {
	diags := state.Set(ctx, model)
	diags.Append(identity.Set(ctx, model.identity())...)
	return diags
}

// source is a configuration, a plan or a state.
type source interface {
	Get(ctx context.Context, target any) diag.Diagnostics
}

// read reads a configuration, a plan or a state into a model. It is not ok if there is
// an error.
func read(ctx context.Context, diags *diag.Diagnostics, from source, model any) (ok bool) {
	diags.Append(from.Get(ctx, model)...)
	return !diags.HasError()
}

// clientFor reads a configuration or a state into a model, and returns the client.
// Without both, diags has an error.
func (g *gateway) clientFor(ctx context.Context, diags *diag.Diagnostics, from source, to any) (*quiva.Client, bool) {
	if !read(ctx, diags, from, to) {
		return nil, false
	}
	return g.configuredClient(diags)
}

// clientToRefresh returns the client for a refresh. If there is none yet, a state
// that was read before stays as it is, and one warning in the whole run says so.
// But a state that only names its object, because it was just moved to this
// provider, must be read.
func (g *gateway) clientToRefresh(diags *diag.Diagnostics, wasRead bool) (*quiva.Client, bool) {
	if g.client == nil && wasRead {
		g.warnNotRefreshed.Do(func() {
			diags.AddWarning("State not refreshed",
				"The buckets and entries of this provider are planned from the state, without reading the gateway: "+g.describeUnknown()+" "+
					"Changes made outside Terraform show in the next plan.")
		})
		return nil, false
	}
	return g.configuredClient(diags)
}

// describeUnknown is a sentence that names the arguments that are not known.
func (g *gateway) describeUnknown() string {
	noun := "argument"
	if len(g.unknown) > 1 {
		noun = "arguments"
	}
	return fmt.Sprintf("the provider's %s %s will be known only after apply.", noun, "\""+strings.Join(g.unknown, "\" and \"")+"\"")
}
