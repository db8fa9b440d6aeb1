package provider

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/properties"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

var _ terraformResource = (*kvEntryPropertiesResource)(nil)

// NewKVEntryPropertiesResource returns the resource quiva_kv_entry_properties.
func NewKVEntryPropertiesResource() resource.Resource {
	return &kvEntryPropertiesResource{gatewayResource{typeName: kvEntryPropertiesType}}
}

type kvEntryPropertiesResource struct{ gatewayResource }

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
			"bucket": nameAttribute("Name of the bucket, which must exist. A change replaces the resource.", bucketName),
			"key":    nameAttribute("Key of the entry, as in `quiva_kv_entry`. An entry that does not exist is created with these properties. A change replaces the resource.", entryKey),
			"properties": schema.DynamicAttribute{
				MarkdownDescription: "Properties that this resource owns, as a native object or map: `{ limits = { rate = 10 } }` owns `limits.rate` and nothing else of `limits`. " +
					"Only these are stored in the state.",
				Required:   true,
				Validators: []validator.Dynamic{objectValidator{orText: nativeOnly}},
			},
			"on_destroy": schema.StringAttribute{
				MarkdownDescription: "What happens to a property that this resource gives up, because it leaves `properties` or because the resource is destroyed: `remove` or `keep`. Before a destroy, apply it first. Defaults to `remove`.",
				Optional:            true,
				Computed:            true,
				Default:             stringdefault.StaticString(onDestroyRemove),
				Validators:          []validator.String{stringvalidator.OneOf(onDestroyRemove, onDestroyKeep)},
			},
			"overwrite": offByDefault("Whether to overwrite or remove values that the plan has not seen: a new property that holds another value, or one that changed since the plan. Defaults to `false`."),
			"id":        idAttribute("The bucket and the key, as `bucket/key`."),
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
	resp.IdentitySchema.Attributes = entryForImport
}

// ModifyPlan sets the ID in advance, and refuses an entry that another resource
// manages as a whole, or that is in an exclusive scope.
func (r *kvEntryPropertiesResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var plan, state kvEntryPropertiesModel
	owner, _ := ownerOf(ctx, req.Private, kvEntryPropertiesType)
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		var left []string
		if bucket, key := state.Bucket.ValueString(), state.Key.ValueString(); r.gateway.plan.HasOwner(bucket, key) {
			left = []string{key}
		}
		resp.Diagnostics.Append(noteSuccessors(ctx, resp.Private, state.Bucket.ValueString(), left)...)
		return
	}
	if !read(ctx, &resp.Diagnostics, req.Plan, &plan) {
		return
	}
	// Report what cannot be written now, not half-way through an apply.
	checkJSONForm(&resp.Diagnostics, path.Root("properties"), plan.Properties)
	if plan.Bucket.IsUnknown() || plan.Key.IsUnknown() || resp.Diagnostics.HasError() {
		return
	}
	plan.ID = types.StringValue(plan.Bucket.ValueString() + "/" + plan.Key.ValueString())
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	wanted, err := dynamicvalue.Encode(dynamicvalue.Of(plan.Properties))
	if err != nil {
		wanted = json.RawMessage("{}") // not wholly known
	}
	r.gateway.planDeclaration(ctx, req, resp, reconcile.Declaration{Owner: owner, Bucket: plan.Bucket.ValueString(), Keys: []string{plan.Key.ValueString()}, Properties: wanted})
}

func (r *kvEntryPropertiesResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan kvEntryPropertiesModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	wanted := encodeObject(&resp.Diagnostics, path.Root("properties"), plan.Properties)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(markCreated(ctx, resp.Private)...)
	if _, ok := r.apply(ctx, &resp.Diagnostics, plan, reconcile.PropertiesChange{Wanted: wanted}); ok {
		resp.Diagnostics.Append(storeModel(ctx, plan, &resp.State, resp.Identity)...)
	}
}

// apply makes a change of the resource's entry, and adds an error if it fails.
func (r *kvEntryPropertiesResource) apply(ctx context.Context, diags *diag.Diagnostics, m kvEntryPropertiesModel, change reconcile.PropertiesChange) (_ reconcile.Outcome, ok bool) {
	if _, ok := r.gateway.configuredClient(diags); !ok || diags.HasError() {
		return reconcile.Outcome{}, false
	}
	change.Bucket, change.Key, change.Overwrite = m.Bucket.ValueString(), m.Key.ValueString(), m.Overwrite.ValueBool()
	outcome := r.gateway.apply.ChangeProperties(ctx, change)
	r.gateway.addOutcome(diags, subject{bucket: change.Bucket, key: change.Key, value: path.Root("properties"), isProperties: true, wanted: change.Wanted}, outcome)
	return outcome, !outcome.Failed()
}

func (r *kvEntryPropertiesResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state kvEntryPropertiesModel
	if !read(ctx, &resp.Diagnostics, req.State, &state) {
		return
	}
	bucket, key := state.Bucket.ValueString(), state.Key.ValueString()
	resp.Diagnostics.Append(resp.Identity.Set(ctx, state.identity())...)
	known := dynamicvalue.Of(state.Properties)
	had := encodeObject(&resp.Diagnostics, path.Root("properties"), state.Properties)
	if resp.Diagnostics.HasError() {
		return
	}
	owner, _ := ownerOf(ctx, req.Private, kvEntryPropertiesType)
	resp.Diagnostics.Append(markNote.write(ctx, resp.Private, owner.Mark)...)
	own, twice := r.gateway.plan.ReadProperties(owner, bucket, key, had)
	if len(twice) > 0 {
		resp.Diagnostics.Append(heldTwice(true, quoteProperties(twice)+" of "+describeKeys(bucket, []string{key})))
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
		r.gateway.addError(&resp.Diagnostics, readingEntry(bucket, key), err)
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
	if !read(ctx, &resp.Diagnostics, req.Plan, &plan) || !read(ctx, &resp.Diagnostics, req.State, &state) {
		return
	}
	// If only overwrite or on_destroy differ, or the properties turned out to be the
	// same once they were known, there is nothing to send.
	if !dynamicvalue.Same(dynamicvalue.Of(plan.Properties), dynamicvalue.Of(state.Properties)) {
		change := reconcile.PropertiesChange{
			Had:    encodeObject(&resp.Diagnostics, path.Root("properties"), state.Properties),
			Wanted: encodeObject(&resp.Diagnostics, path.Root("properties"), plan.Properties),
		}
		if plan.OnDestroy.ValueString() == onDestroyKeep {
			change.Had = properties.Common(change.Had, change.Wanted) // the others are given up as they are
		}
		outcome, ok := r.apply(ctx, &resp.Diagnostics, plan, change)
		if !ok {
			state.storeChanged(ctx, &resp.Diagnostics, outcome, &resp.State)
			return
		}
	}
	resp.Diagnostics.Append(storeModel(ctx, plan, &resp.State, resp.Identity)...)
}

// storeChanged puts the properties that a call has found, and left alone, into the
// state, so that the next plan shows them.
func (m kvEntryPropertiesModel) storeChanged(ctx context.Context, diags *diag.Diagnostics, outcome reconcile.Outcome, state *tfsdk.State) {
	if outcome.Failure != nil && outcome.Failure.Kind == reconcile.Changed {
		value := refreshValue(diags, m.Key.ValueString(), dynamicvalue.Of(m.Properties), outcome.Failure.Present)
		diags.Append(state.SetAttribute(ctx, path.Root("properties"), value.Attribute())...)
	}
}

func (r *kvEntryPropertiesResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state kvEntryPropertiesModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || state.OnDestroy.ValueString() == onDestroyKeep {
		return
	}
	outcome, _ := r.apply(ctx, &resp.Diagnostics, state, reconcile.PropertiesChange{
		Had:          encodeObject(&resp.Diagnostics, path.Root("properties"), state.Properties),
		HasSuccessor: len(successorsOf(ctx, req.Private, state.Bucket.ValueString(), []string{state.Key.ValueString()})) > 0,
	})
	state.storeChanged(ctx, &resp.Diagnostics, outcome, &resp.State)
}

const kvEntryPropertiesType = "quiva_kv_entry_properties"

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
	resp.Diagnostics.Append(storeModel(ctx, imported, &resp.State, resp.Identity)...)
}
