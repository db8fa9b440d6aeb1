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

type kvEntryPropertiesResource struct{ gatewayResource }

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
		MarkdownDescription: "Manages some properties of an entry whose other properties somebody else writes. " +
			"**The gateway has no conditional write**: a change reads the entry and writes it back as a whole, so whatever another writer writes in between is lost. " +
			"Use it where others rarely write, or where losing one of their writes does no harm. For an entry that only Terraform writes, use `quiva_kv_entry`.",
		Attributes: map[string]schema.Attribute{
			"bucket": schema.StringAttribute{
				MarkdownDescription: "Name of the bucket, which must exist. A change replaces the resource.",
				Required:            true,
				Validators:          []validator.String{bucketName},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"key": schema.StringAttribute{
				MarkdownDescription: "Key of the entry, as in `quiva_kv_entry`. An entry that does not exist is created with these properties. A change replaces the resource.",
				Required:            true,
				Validators:          []validator.String{entryKey},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"properties": schema.DynamicAttribute{
				MarkdownDescription: "Properties that this resource owns, as a native object or map: `{ limits = { rate = 10 } }` owns `limits.rate` and nothing else of `limits`. " +
					"Only these are stored in the state.",
				Required:   true,
				Validators: []validator.Dynamic{objectValidator{nativeOnly}},
			},
			"on_destroy": schema.StringAttribute{
				MarkdownDescription: "What happens to a property that this resource gives up, when it is destroyed or when the property leaves `properties`: `remove` or `keep`. Takes effect once applied. Defaults to `remove`.",
				Optional:            true,
				Computed:            true,
				Default:             stringdefault.StaticString(onDestroyRemove),
				Validators:          []validator.String{stringvalidator.OneOf(onDestroyRemove, onDestroyKeep)},
			},
			"overwrite": schema.BoolAttribute{
				MarkdownDescription: "Whether to overwrite a property that is new in `properties` and holds another value. Defaults to `false`.",
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

// ModifyPlan sets the ID in advance, and refuses an entry that another resource
// manages as a whole, or deletes as undeclared. What a plan lets go is left in
// place where other resources have it.
func (r *kvEntryPropertiesResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state, plan kvEntryPropertiesModel
	isCreated, isDeleted := req.State.Raw.IsNull(), req.Plan.Raw.IsNull()
	if !isCreated {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		resp.Diagnostics.Append(propertiesSuccessors{}.store(ctx, resp.Private)...)
	}
	if isDeleted {
		r.planSuccessors(ctx, state, nil, resp)
		return
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
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
		isReplaced := !plan.Bucket.Equal(state.Bucket) || !plan.Key.Equal(state.Key)
		switch {
		case isCreated && r.gateway.run.IsBucketLeaving(bucket):
			resp.Diagnostics.Append(propertiesSuccessors{}.store(ctx, resp.Private)...)
		case isCreated:
			planned, diags := propertiesSuccessorsOf(ctx, req.Private)
			resp.Diagnostics.Append(diags...)
			resp.Diagnostics.Append(planned.and(bucket, key, wanted).store(ctx, resp.Private)...)
		case isReplaced:
			r.planSuccessors(ctx, state, nil, resp)
		case wanted != nil:
			r.planSuccessors(ctx, state, wanted, resp)
		}
	}
	// What cannot be written is better said now than half-way through an apply.
	checkJSONForm(&resp.Diagnostics, path.Root("properties"), plan.Properties)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	}
}

// planSuccessors notes which of the properties that are let go are other
// resources': of an update, those that it no longer wants, else all.
func (r *kvEntryPropertiesResource) planSuccessors(ctx context.Context, state kvEntryPropertiesModel, wanted json.RawMessage, resp *resource.ModifyPlanResponse) {
	letGo := encodeObject(&resp.Diagnostics, path.Root("properties"), state.Properties)
	if resp.Diagnostics.HasError() {
		return
	}
	if wanted != nil {
		if letGo = properties.Without(letGo, wanted); properties.IsNone(letGo) {
			return
		}
	}
	bucket, key := state.Bucket.ValueString(), state.Key.ValueString()
	successors := r.gateway.run.PropertiesSuccessors(ctx, bucket, key, letGo)
	if r.gateway.run.IsBucketLeaving(bucket) {
		return // nothing can stay in it for another resource
	}
	resp.Diagnostics.Append(propertiesSuccessors{bucket, key, successors}.store(ctx, resp.Private)...)
}

func (r *kvEntryPropertiesResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan kvEntryPropertiesModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(propertiesSuccessors{}.store(ctx, resp.Private)...)
	if takenOver := r.apply(ctx, &resp.Diagnostics, plan, nil, nil); takenOver != nil {
		plan.Properties = decodeValue(&resp.Diagnostics, plan.Key.ValueString(), takenOver).Attribute()
	} else if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, plan.identity())...)
}

// apply makes the gateway hold the planned properties in place of those that the
// resource had. If that fails, it returns what came to the resource even so.
func (r *kvEntryPropertiesResource) apply(ctx context.Context, diags *diag.Diagnostics, plan kvEntryPropertiesModel, had, successors json.RawMessage) (takenOver json.RawMessage) {
	wanted := encodeObject(diags, path.Root("properties"), plan.Properties)
	if diags.HasError() {
		return nil
	}
	if _, ok := r.gateway.configuredClient(diags); !ok {
		return nil
	}
	failure := r.gateway.run.ApplyProperties(ctx, reconcile.PropertiesChange{
		Bucket:     plan.Bucket.ValueString(),
		Key:        plan.Key.ValueString(),
		Had:        had,
		Wanted:     wanted,
		Successors: successors,
		Overwrite:  plan.Overwrite.ValueBool(),
	})
	if failure == nil {
		return nil
	}
	r.gateway.addPropertiesFailure(diags, plan, failure)
	return failure.TakenOver
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
	successors, diags := propertiesSuccessorsOf(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(propertiesSuccessors{}.store(ctx, resp.Private)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// If only overwrite or on_destroy differ, or the properties turned out to be the
	// same once they were known, there is nothing to send.
	if !dynamicvalue.Same(dynamicvalue.Of(plan.Properties), dynamicvalue.Of(state.Properties)) {
		had := encodeObject(&resp.Diagnostics, path.Root("properties"), state.Properties)
		if resp.Diagnostics.HasError() {
			return
		}
		takenOver := r.apply(ctx, &resp.Diagnostics, plan, had, successors.in(state.Bucket.ValueString(), state.Key.ValueString()))
		if takenOver != nil {
			value := refreshValue(&resp.Diagnostics, state.Key.ValueString(), dynamicvalue.Of(state.Properties), properties.Set(had, takenOver))
			resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("properties"), value.Attribute())...)
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
	successors, diags := propertiesSuccessorsOf(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	had := encodeObject(&resp.Diagnostics, path.Root("properties"), state.Properties)
	if resp.Diagnostics.HasError() {
		return
	}
	if _, ok := r.gateway.configuredClient(&resp.Diagnostics); !ok {
		return
	}
	bucket, key := state.Bucket.ValueString(), state.Key.ValueString()
	r.gateway.addPropertiesFailure(&resp.Diagnostics, state, r.gateway.run.ApplyProperties(ctx, reconcile.PropertiesChange{
		Bucket:     bucket,
		Key:        key,
		Had:        had,
		Successors: successors.in(bucket, key),
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
