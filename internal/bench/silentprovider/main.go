// Command silentprovider is a Terraform provider with one resource that talks to
// nobody, as the plugin framework ships: what Terraform, the plugin protocol and
// the framework cost by themselves. The benchmarks hold the Quiva provider up to
// it.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return silentProvider{} },
		providerserver.ServeOpts{Address: "registry.terraform.io/quivaworks/silent"})
	if err != nil {
		log.Fatal(err)
	}
}

type silentProvider struct{}

func (silentProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "silent"
}

func (silentProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (silentProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (silentProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (silentProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return entryResource{} }}
}

// entryResource is silent_entry, which exists in the state alone.
type entryResource struct{}

type entryModel struct {
	Name  types.String `tfsdk:"name"`
	Value types.String `tfsdk:"value"`
	ID    types.String `tfsdk:"id"`
}

func (entryResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "silent_entry"
}

func (entryResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"name":  schema.StringAttribute{Required: true},
		"value": schema.StringAttribute{Required: true},
		"id":    schema.StringAttribute{Computed: true},
	}}
}

// ModifyPlan makes the ID known ahead, as it is of quiva_kv_entry.
func (entryResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // a destroy
	}
	var plan entryModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	plan.ID = plan.Name
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

func (entryResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan entryModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (entryResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state entryModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

func (entryResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan entryModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (entryResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
