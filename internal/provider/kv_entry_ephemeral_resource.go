package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

var _ ephemeral.EphemeralResourceWithConfigure = (*kvEntryEphemeralResource)(nil)

// NewKVEntryEphemeralResource returns the ephemeral resource quiva_kv_entry.
func NewKVEntryEphemeralResource() ephemeral.EphemeralResource { return &kvEntryEphemeralResource{} }

type kvEntryEphemeralResource struct {
	gateway *gateway
}

func (e *kvEntryEphemeralResource) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_kv_entry"
}

func (e *kvEntryEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads one entry of a key-value bucket without storing it: its value is in no plan and no state. " +
			"It can be given to a provider block, to a write-only argument such as `value_wo`, or to another ephemeral resource. " +
			"An entry that does not exist is an error.",
		Attributes: map[string]schema.Attribute{
			"bucket": schema.StringAttribute{
				MarkdownDescription: "Name of the bucket.",
				Required:            true,
				Validators:          []validator.String{bucketName},
			},
			"key": schema.StringAttribute{
				MarkdownDescription: "Key of the entry.",
				Required:            true,
				Validators:          []validator.String{entryKey},
			},
			"value": schema.DynamicAttribute{
				MarkdownDescription: "Value of the entry, as a native value: `ephemeral.quiva_kv_entry.example.value.password`. Numbers keep up to 153 digits.",
				Computed:            true,
			},
		},
	}
}

func (e *kvEntryEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	e.gateway = gatewayFrom(req.ProviderData)
}

func (e *kvEntryEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	model, ok := e.gateway.readValue(ctx, &resp.Diagnostics, req.Config,
		"Terraform reads it while it plans, so the entry must exist before that: create it in an earlier apply.")
	if ok {
		resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
	}
}
