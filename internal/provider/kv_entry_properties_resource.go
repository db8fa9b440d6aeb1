package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/properties"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

var (
	_ resource.ResourceWithConfigure   = (*kvEntryPropertiesResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*kvEntryPropertiesResource)(nil)
	_ resource.ResourceWithImportState = (*kvEntryPropertiesResource)(nil)
	_ resource.ResourceWithIdentity    = (*kvEntryPropertiesResource)(nil)
)

// NewKVEntryPropertiesResource returns the resource quiva_kv_entry_properties.
func NewKVEntryPropertiesResource() resource.Resource {
	return &kvEntryPropertiesResource{}
}

type kvEntryPropertiesResource struct {
	gateway *gateway
}

func (r *kvEntryPropertiesResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_kv_entry_properties"
}

// What on_destroy can be.
const (
	onDestroyRemove = "remove"
	onDestroyKeep   = "keep"
)

func (r *kvEntryPropertiesResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages some properties of an entry whose other properties belong to somebody else, such as a service that writes its own state next to its limits. " +
			"**The gateway has no conditional write**: a change reads the entry and writes the whole entry back, so what another writer writes in the short time between the two is lost. " +
			"Use it where others rarely write, or where losing one of their writes does no harm. For an entry that is all yours, use `quiva_kv_entry`.",
		Attributes: map[string]schema.Attribute{
			"bucket": schema.StringAttribute{
				MarkdownDescription: "Name of the bucket, which must exist. A change replaces the resource.",
				Required:            true,
				Validators:          []validator.String{bucketName},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"key": schema.StringAttribute{
				MarkdownDescription: "Key of the entry, as in `quiva_kv_entry`. If the entry does not exist, it is created with only these properties. A change replaces the resource.",
				Required:            true,
				Validators:          []validator.String{entryKey},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"properties": schema.DynamicAttribute{
				MarkdownDescription: "Properties that this resource owns, as a native object or map: `{ limits = { rate = 10 } }` owns `limits.rate` and nothing else of `limits`. " +
					"Objects are merged with what the entry holds; lists, strings, numbers, bools and null are set as a whole. The properties are stored in the state, and the rest of the entry is not.",
				Required:   true,
				Validators: []validator.Dynamic{objectValidator{}},
			},
			"on_destroy": schema.StringAttribute{
				MarkdownDescription: "What happens to the properties when the resource is destroyed: `remove` removes them from the entry, `keep` leaves them as they are. Takes effect once applied. Defaults to `remove`.",
				Optional:            true,
				Computed:            true,
				Default:             stringdefault.StaticString(onDestroyRemove),
				Validators:          []validator.String{stringvalidator.OneOf(onDestroyRemove, onDestroyKeep)},
			},
			"overwrite": schema.BoolAttribute{
				MarkdownDescription: "Whether a property that is new in `properties` may be overwritten if it holds another value. One that holds an equal value is adopted in any case. Defaults to `false`.",
				Optional:            true,
				Computed:            true,
				Default:             booldefault.StaticBool(false),
			},
			"id": schema.StringAttribute{
				MarkdownDescription: "The bucket and the key, as `bucket/key`.",
				Computed:            true,
			},
		},
	}
}

// kvEntryPropertiesModel is quiva_kv_entry_properties in a configuration, a plan
// or the state.
type kvEntryPropertiesModel struct {
	Bucket     types.String  `tfsdk:"bucket"`
	Key        types.String  `tfsdk:"key"`
	Properties types.Dynamic `tfsdk:"properties"`
	OnDestroy  types.String  `tfsdk:"on_destroy"`
	Overwrite  types.Bool    `tfsdk:"overwrite"`
	ID         types.String  `tfsdk:"id"`
}

func (m kvEntryPropertiesModel) identity() kvEntryIdentity {
	return kvEntryIdentity{Bucket: m.Bucket, Key: m.Key}
}

func (r *kvEntryPropertiesResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = entryIdentitySchema()
}

func (r *kvEntryPropertiesResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.gateway = gatewayFrom(req.ProviderData, &resp.Diagnostics)
}

// removalKey holds, in the private state of a planned deletion, the properties
// that no other resource has.
const removalKey = "removal"

// ModifyPlan sets the ID in advance, and refuses an entry that another resource
// manages as a whole, or deletes as undeclared. A planned deletion excludes the
// properties that other resources have.
func (r *kvEntryPropertiesResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		var state kvEntryPropertiesModel
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		had := encodeObject(&resp.Diagnostics, path.Root("properties"), state.Properties)
		if resp.Diagnostics.HasError() {
			return
		}
		removal := r.gateway.run.PlanRemoval(ctx, state.Bucket.ValueString(), state.Key.ValueString(), had)
		if r.gateway.run.IsBucketLeaving(state.Bucket.ValueString()) {
			removal = had // nothing can stay in it for another resource
		}
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, removalKey, removal)...)
		return
	}
	var plan kvEntryPropertiesModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, removalKey, nil)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !plan.Bucket.IsUnknown() && !plan.Key.IsUnknown() {
		bucket, key := plan.Bucket.ValueString(), plan.Key.ValueString()
		plan.ID = types.StringValue(bucket + "/" + key)
		if pruned := r.gateway.run.Pruned(bucket, []string{key}); len(pruned) > 0 {
			resp.Diagnostics.Append(prunedElsewhere(bucket, pruned))
			return
		}
		wanted, _ := dynamicvalue.Encode(dynamicvalue.Of(plan.Properties)) // nil if not wholly known
		if r.gateway.run.PlanProperties(bucket, key, wanted) {
			resp.Diagnostics.Append(managedTwice(bucket, key))
			return
		}
	}
	// What cannot be written is better said now than half-way through an apply.
	checkJSONForm(&resp.Diagnostics, path.Root("properties"), plan.Properties)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	}
}

func (r *kvEntryPropertiesResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan kvEntryPropertiesModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.apply(ctx, &resp.Diagnostics, plan, nil)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, plan.identity())...)
}

// apply makes the gateway hold the planned properties in place of those that the
// resource had.
func (r *kvEntryPropertiesResource) apply(ctx context.Context, diags *diag.Diagnostics, plan kvEntryPropertiesModel, had json.RawMessage) {
	wanted := encodeObject(diags, path.Root("properties"), plan.Properties)
	if diags.HasError() {
		return
	}
	if _, ok := r.gateway.configuredClient(diags); !ok {
		return
	}
	r.gateway.addPropertiesFailure(diags, plan, r.gateway.run.ApplyProperties(ctx, reconcile.PropertiesChange{
		Bucket:    plan.Bucket.ValueString(),
		Key:       plan.Key.ValueString(),
		Had:       had,
		Wanted:    wanted,
		Overwrite: plan.Overwrite.ValueBool(),
	}))
}

func (r *kvEntryPropertiesResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer r.gateway.run.Reading()()
	var state kvEntryPropertiesModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	bucket, key := state.Bucket.ValueString(), state.Key.ValueString()
	resp.Diagnostics.Append(resp.Identity.Set(ctx, state.identity())...)
	known := dynamicvalue.Of(state.Properties)
	had := encodeObject(&resp.Diagnostics, path.Root("properties"), state.Properties)
	if resp.Diagnostics.HasError() {
		return
	}
	if pruned := r.gateway.run.Pruned(bucket, []string{key}); len(pruned) > 0 {
		resp.Diagnostics.Append(prunedElsewhere(bucket, pruned))
		return
	}
	own, twice := r.gateway.run.ReadProperties(bucket, key, had)
	if len(twice) > 0 {
		resp.Diagnostics.Append(propertiesHeldTwice(bucket, key, twice))
		if properties.IsNone(own) {
			resp.State.RemoveResource(ctx)
			return
		}
	}
	client, ok := r.gateway.clientToRefresh(&resp.Diagnostics, true)
	if !ok {
		return
	}
	entry, err := client.GetEntry(ctx, bucket, key)
	switch {
	case errors.Is(err, quiva.ErrNotFound):
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		r.gateway.addError(&resp.Diagnostics, operation{doing: fmt.Sprintf("read entry %q in bucket %q", key, bucket), rejected: path.Root("key")}, err)
		return
	}
	remote := properties.Pick(entry.Value, own)
	if dynamicvalue.Holds(known, remote) {
		return // in the types that the configuration gave it
	}
	value := refreshValue(&resp.Diagnostics, key, known, remote)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("properties"), value.Attribute())...)
	}
}

func (r *kvEntryPropertiesResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state kvEntryPropertiesModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// If only overwrite or on_destroy differ, or the properties turned out to be the
	// same once they were known, there is nothing to send.
	if !dynamicvalue.Same(dynamicvalue.Of(plan.Properties), dynamicvalue.Of(state.Properties)) {
		had := encodeObject(&resp.Diagnostics, path.Root("properties"), state.Properties)
		if !resp.Diagnostics.HasError() {
			r.apply(ctx, &resp.Diagnostics, plan, had)
		}
		if resp.Diagnostics.HasError() {
			return
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, plan.identity())...)
}

func (r *kvEntryPropertiesResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state kvEntryPropertiesModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || state.OnDestroy.ValueString() == onDestroyKeep {
		return
	}
	removal, diags := req.Private.GetKey(ctx, removalKey)
	resp.Diagnostics.Append(diags...)
	if removal == nil { // it is replaced
		removal = encodeObject(&resp.Diagnostics, path.Root("properties"), state.Properties)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if _, ok := r.gateway.configuredClient(&resp.Diagnostics); !ok {
		return
	}
	r.gateway.addPropertiesFailure(&resp.Diagnostics, state, r.gateway.run.ApplyProperties(ctx, reconcile.PropertiesChange{
		Bucket: state.Bucket.ValueString(),
		Key:    state.Key.ValueString(),
		Had:    removal,
	}))
}

// ImportState takes "bucket/key", or the identity. What is imported owns no
// property until the configuration names some.
func (r *kvEntryPropertiesResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	bucket, key, ok := r.gateway.entryToImport(ctx, req, &resp.Diagnostics)
	if !ok {
		return
	}
	imported := kvEntryPropertiesModel{
		Bucket:     types.StringValue(bucket),
		Key:        types.StringValue(key),
		Properties: dynamicvalue.Object(nil).Attribute(),
		// The defaults, so that the first plan shows the properties alone.
		OnDestroy: types.StringValue(onDestroyRemove),
		Overwrite: types.BoolValue(false),
		ID:        types.StringValue(bucket + "/" + key),
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, imported)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, imported.identity())...)
}
