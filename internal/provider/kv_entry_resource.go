package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

var (
	_ terraformResource                   = (*kvEntryResource)(nil)
	_ resource.ResourceWithValidateConfig = (*kvEntryResource)(nil)
)

// NewKVEntryResource returns the resource quiva_kv_entry.
func NewKVEntryResource() resource.Resource {
	return &kvEntryResource{gatewayResource{typeName: kvEntryType}}
}

type kvEntryResource struct{ gatewayResource }

func (r *kvEntryResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages one entry of a key-value bucket: a key and the JSON object that it holds. " +
			"A value that the plan has not seen is an error and is not overwritten, unless `overwrite` is set.",
		Attributes: map[string]schema.Attribute{
			"bucket": nameAttribute("Name of the bucket, which must exist. A change replaces the entry.", bucketName),
			"key":    nameAttribute("Key of the entry: letters, digits and `-/_=.`, without `.` at either end. Prefer `.` to `/`: see [Keys](#keys). A change replaces the entry.", entryKey),
			"value": schema.DynamicAttribute{
				MarkdownDescription: "Value of the entry: a native object or map, such as `{ enabled = true, rollout = 25 }`, or the JSON text of an object, such as `file(\"flag.json\")`. " +
					"It is compared as JSON and stored in the state; for a secret, use `value_wo`. Exactly one of the two must be set.",
				Optional:      true,
				Validators:    []validator.Dynamic{objectValidator{orText: orText}},
				PlanModifiers: []planmodifier.Dynamic{sameText{isSame: dynamicvalue.SameText}},
			},
			"value_wo": schema.DynamicAttribute{
				MarkdownDescription: "Same as `value`, but stored in no plan and no state. It is written when the entry is created and whenever `value_wo_version` changes; a refresh only checks that the entry exists.",
				Optional:            true,
				WriteOnly:           true,
				Validators:          []validator.Dynamic{objectValidator{orText: orText}},
			},
			"value_wo_version": schema.NumberAttribute{
				MarkdownDescription: "Version of `value_wo`, any number. A change writes `value_wo` again.",
				Optional:            true,
			},
			"overwrite": offByDefault("Whether to overwrite or delete a value that the plan has not seen: a key that holds another value, or an entry that changed since the plan. Defaults to `false`."),
			"id":        idAttribute("The bucket and the key, as `bucket/key`."),
		},
	}
}

// nameAttribute is an attribute that names an object: a change replaces the object.
func nameAttribute(description string, valid nameValidator) schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: description,
		Required:            true,
		Validators:          []validator.String{valid},
		PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
	}
}

// offByDefault is an optional bool that is false where it is omitted.
func offByDefault(description string) schema.BoolAttribute {
	return schema.BoolAttribute{MarkdownDescription: description, Optional: true, Computed: true, Default: booldefault.StaticBool(false)}
}

func idAttribute(description string) schema.StringAttribute {
	return schema.StringAttribute{MarkdownDescription: description, Computed: true}
}

const kvEntryType = "quiva_kv_entry"

// kvEntryModel is quiva_kv_entry in a configuration, a plan or the state.
type kvEntryModel struct {
	Bucket         types.String  `tfsdk:"bucket"`
	Key            types.String  `tfsdk:"key"`
	Value          types.Dynamic `tfsdk:"value"`
	ValueWO        types.Dynamic `tfsdk:"value_wo"`
	ValueWOVersion types.Number  `tfsdk:"value_wo_version"`
	Overwrite      types.Bool    `tfsdk:"overwrite"`
	ID             types.String  `tfsdk:"id"`
}

// kvEntryIdentity is what names one entry for Terraform 1.12 and later.
type kvEntryIdentity struct {
	Bucket types.String `tfsdk:"bucket"`
	Key    types.String `tfsdk:"key"`
}

func (m kvEntryModel) identity() kvEntryIdentity {
	return kvEntryIdentity{Bucket: m.Bucket, Key: m.Key}
}

func (r *kvEntryResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema.Attributes = entryForImport
}

// entryForImport is the identity of an entry.
var entryForImport = map[string]identityschema.Attribute{
	"bucket": bucketForImport,
	"key":    identityschema.StringAttribute{Description: "Key of the entry.", RequiredForImport: true},
}

func (r *kvEntryResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	// One by one: for a struct, the framework compiles a regular expression for
	// each of its fields, and this is called for every entry of every plan.
	var config kvEntryModel
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("value"), &config.Value)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("value_wo"), &config.ValueWO)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("value_wo_version"), &config.ValueWOVersion)...)
	if !resp.Diagnostics.HasError() {
		checkValues(&resp.Diagnostics, config)
	}
	// Terraform validates a block before it configures the provider, and each of its
	// instances again in the plan and in the apply. Only the first validation warns.
	isFirst := !r.gateway.isConfigured()
	if isFirst && isNull(config.Value) && !isNull(config.ValueWO) && config.ValueWOVersion.IsNull() {
		resp.Diagnostics.AddAttributeWarning(path.Root("value_wo"), "Changes to value_wo will not be detected",
			"Terraform does not store value_wo, so a change to it alone is not planned. Set a version as well, and raise it with each change:\n\n  value_wo_version = 1")
	}
}

// checkValues adds an error if not exactly one of the values is set. A value that is
// not known yet may turn out to be set or not, whatever its type.
func checkValues(diags *diag.Diagnostics, config kvEntryModel) {
	value, valueWO := dynamicvalue.Of(config.Value), dynamicvalue.Of(config.ValueWO)
	switch hasValue, hasValueWO := value.Kind() != dynamicvalue.KindNull, valueWO.Kind() != dynamicvalue.KindNull; {
	case !hasValue && !hasValueWO:
		diags.AddAttributeError(path.Root("value"), "Value is missing",
			"Neither value nor value_wo is set, or it is null. Set value to an object, such as { enabled = true }, or value_wo if it is a secret. An empty object is { }.")
	case hasValue && hasValueWO && value.IsKnown() && valueWO.IsKnown():
		diags.AddAttributeError(path.Root("value_wo"), "Both value and value_wo are set",
			"Both value and value_wo are set, but an entry holds one value. Remove value_wo, or value if it is a secret.")
	case !hasValueWO && !config.ValueWOVersion.IsNull() && !config.ValueWOVersion.IsUnknown():
		diags.AddAttributeError(path.Root("value_wo_version"), "Version without a write-only value",
			"value_wo_version has no effect without value_wo; changes to value are detected automatically. Remove it.")
	}
}

// ModifyPlan sets the ID in advance. The plan keeps the configuration's value even
// if the one in the state is the same JSON with other Terraform types: where a part
// of it is not known yet, Terraform plans again in the apply, and refuses types
// that differ from those planned before.
func (r *kvEntryResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state kvEntryModel
	owner, _ := ownerOf(ctx, req.Private, kvEntryType)
	exists := !req.State.Raw.IsNull()
	if exists {
		resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("bucket"), &state.Bucket)...)
		resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("key"), &state.Key)...)
	}
	if req.Plan.Raw.IsNull() {
		r.gateway.planDeletion(ctx, resp, owner, state.Bucket.ValueString(), []string{state.Key.ValueString()})
		return
	}
	var plan kvEntryModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	isUnknown := unknownOutcomeNote.isSet(ctx, req.Private) && exists
	if !req.Plan.Raw.Equal(req.State.Raw) || isUnknown {
		var config kvEntryModel
		resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
		if resp.Diagnostics.HasError() {
			return
		}
		// Terraform validates once, but plans again when all is known.
		checkValues(&resp.Diagnostics, config)
		// Report what cannot be written now, not half-way through an apply.
		checkValue(&resp.Diagnostics, path.Root("value"), config.Value)
		checkValue(&resp.Diagnostics, path.Root("value_wo"), config.ValueWO)
		switch {
		case isUnknown:
			plan.ID = types.StringUnknown() // so that it is written again
		case !plan.Bucket.IsUnknown() && !plan.Key.IsUnknown():
			plan.ID = types.StringValue(plan.Bucket.ValueString() + "/" + plan.Key.ValueString())
		}
		resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	}
	if resp.Diagnostics.HasError() || plan.Bucket.IsUnknown() || plan.Key.IsUnknown() {
		return
	}
	declaration := reconcile.Declaration{Owner: owner, Bucket: plan.Bucket.ValueString(), Keys: []string{plan.Key.ValueString()}}
	if exists {
		declaration.HadIn, declaration.Had = state.Bucket.ValueString(), []string{state.Key.ValueString()}
	}
	r.gateway.planDeclaration(ctx, req, resp, declaration)
}

func (r *kvEntryResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan kvEntryModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	value := valueToWrite(ctx, &resp.Diagnostics, plan, req.Config)
	resp.Diagnostics.Append(markCreated(ctx, resp.Private)...)
	if resp.Diagnostics.HasError() {
		return
	}
	key := plan.Key.ValueString()
	outcome, ok := r.gateway.change(ctx, &resp.Diagnostics, plan.subject(), reconcile.Change{
		Wanted:    map[string]json.RawMessage{key: value},
		Overwrite: plan.Overwrite.ValueBool(),
	})
	if !ok {
		return
	}
	if outcome.Failed() {
		held, isHeld := outcome.Changed[key]
		if !isHeld {
			held, isHeld = outcome.Inherited[key]
		}
		if !isHeld {
			return
		}
		// A value that is to be secret from now on is not read any more: the
		// write may have succeeded unseen.
		if isSecret := isNull(plan.Value); isSecret || len(held) == 0 {
			plan.Value = types.DynamicNull()
		} else {
			plan.Value = refreshValue(&resp.Diagnostics, key, dynamicvalue.Null, held).Attribute()
		}
	}
	resp.Diagnostics.Append(store(ctx, plan, &resp.State, resp.Identity, resp.Private)...)
}

// valueToWrite returns the JSON of whichever value is set. The write-only one is
// only in the configuration.
func valueToWrite(ctx context.Context, diags *diag.Diagnostics, plan kvEntryModel, config tfsdk.Config) json.RawMessage {
	if !isNull(plan.Value) {
		return encodeValue(diags, path.Root("value"), plan.Value)
	}
	var secret types.Dynamic
	diags.Append(config.GetAttribute(ctx, path.Root("value_wo"), &secret)...)
	if diags.HasError() {
		return nil
	}
	return encodeValue(diags, path.Root("value_wo"), secret)
}

// store puts what was written into the state.
func store(ctx context.Context, plan kvEntryModel, state *tfsdk.State, identity *tfsdk.ResourceIdentity, private privateState) diag.Diagnostics {
	diags := storeModel(ctx, plan, state, identity)
	diags.Append(writeOnlyNote.write(ctx, private, isNull(plan.Value))...)
	return diags
}

// subject is the entry in errors.
func (m kvEntryModel) subject() subject {
	return subject{
		bucket:    m.Bucket.ValueString(),
		key:       m.Key.ValueString(),
		value:     path.Root("value"),
		writeOnly: isNull(m.Value),
	}
}

func (r *kvEntryResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state kvEntryModel
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("bucket"), &state.Bucket)...)
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("key"), &state.Key)...)
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("value"), &state.Value)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// The state may be from before there were identities.
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("bucket"), state.Bucket)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("key"), state.Key)...)
	isWriteOnly := writeOnlyNote.isSet(ctx, req.Private)
	owner, isNew := ownerOf(ctx, req.Private, kvEntryType)
	resp.Diagnostics.Append(markNote.write(ctx, resp.Private, owner.Mark)...)
	if twice := r.gateway.plan.Read(owner, state.Bucket.ValueString(), []string{state.Key.ValueString()}, isNew); len(twice) > 0 {
		resp.Diagnostics.Append(heldTwice(false, describeKeys(state.Bucket.ValueString(), twice)))
		resp.State.RemoveResource(ctx)
		return
	}
	known, hasValue := dynamicvalue.Of(state.Value), !isNull(state.Value)
	client, ok := r.gateway.clientToRefresh(&resp.Diagnostics, hasValue || isWriteOnly)
	if !ok {
		return
	}
	if r.gateway.refuseMovedFrom(ctx, &resp.Diagnostics, req.Private) {
		return
	}
	resp.Diagnostics.Append(movedFromNote.write(ctx, resp.Private, "")...)
	// A list is only trusted if it shows the entry unchanged: it may be outdated.
	listed, isListed := client.ListedDigest(ctx, state.Bucket.ValueString(), state.Key.ValueString())
	if isListed && (isWriteOnly || hasValue && dynamicvalue.HoldsDigest(known, listed)) {
		return
	}
	remote, err := client.GetEntry(ctx, state.Bucket.ValueString(), state.Key.ValueString())
	switch {
	case errors.Is(err, quiva.ErrNotFound):
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		r.gateway.addError(&resp.Diagnostics, readingEntry(state.Bucket.ValueString(), state.Key.ValueString()), err)
		return
	}
	// A secret must not come into the state, and an equal value stays as it is,
	// in the types that the configuration gave it.
	if isWriteOnly || hasValue && dynamicvalue.Holds(known, remote.Value) {
		return
	}
	value := refreshValue(&resp.Diagnostics, remote.Key, known, remote.Value)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("value"), value.Attribute())...)
	}
}

func (r *kvEntryResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state kvEntryModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	value := valueToWrite(ctx, &resp.Diagnostics, plan, req.Config)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.ID = state.ID // it is planned as unknown after a write whose response was lost
	key := plan.Key.ValueString()
	had := state.had(ctx, req.Private)
	// If only overwrite differs, or the value turned out to be the same once it was
	// known, there is nothing to send.
	isSame := dynamicvalue.Same(dynamicvalue.Of(plan.Value), dynamicvalue.Of(state.Value)) && plan.ValueWOVersion.Equal(state.ValueWOVersion)
	if isSame && !unknownOutcomeNote.isSet(ctx, req.Private) {
		had[key] = value
	}
	outcome, ok := r.gateway.change(ctx, &resp.Diagnostics, plan.subject(), reconcile.Change{
		Had:       had,
		Wanted:    map[string]json.RawMessage{key: value},
		Overwrite: plan.Overwrite.ValueBool(),
	})
	switch {
	case !ok:
	case !outcome.Failed():
		resp.Diagnostics.Append(unknownOutcomeNote.write(ctx, resp.Private, false)...)
		resp.Diagnostics.Append(store(ctx, plan, &resp.State, resp.Identity, resp.Private)...)
	case isNull(plan.Value) && outcome.Failure != nil && outcome.Failure.Kind == reconcile.NotWritten:
		// It may have been written unseen: a refresh must not read it.
		resp.Diagnostics.Append(writeOnlyNote.write(ctx, resp.Private, true)...)
		resp.Diagnostics.Append(unknownOutcomeNote.write(ctx, resp.Private, true)...)
	default:
		state.storeChanged(ctx, &resp.Diagnostics, outcome, &resp.State)
	}
}

// had is what a change may write over or delete, as the state has it.
func (m kvEntryModel) had(ctx context.Context, private privateState) map[string]json.RawMessage {
	had := json.RawMessage{} // the state may have no value yet
	isWriteOnly, _ := writeOnlyNote.read(ctx, private)
	if isWriteOnly != nil {
		had = nil // of a secret, only the existence is known
	} else if value, err := dynamicvalue.EncodeEntry(dynamicvalue.Of(m.Value)); err == nil && !isNull(m.Value) {
		had = value
	}
	return map[string]json.RawMessage{m.Key.ValueString(): had}
}

// storeChanged puts the value that a call has found, and left alone, into the state,
// so that the next plan shows it.
func (m kvEntryModel) storeChanged(ctx context.Context, diags *diag.Diagnostics, outcome reconcile.Outcome, state *tfsdk.State) {
	if remote, ok := outcome.Changed[m.Key.ValueString()]; ok {
		var problems diag.Diagnostics
		value := refreshValue(&problems, m.Key.ValueString(), dynamicvalue.Of(m.Value), remote)
		if diags.Append(problems...); !problems.HasError() {
			diags.Append(state.SetAttribute(ctx, path.Root("value"), value.Attribute())...)
		}
	}
}

func (r *kvEntryResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state kvEntryModel
	if !read(ctx, &resp.Diagnostics, req.State, &state) {
		return
	}
	keys := []string{state.Key.ValueString()}
	outcome, _ := r.gateway.change(ctx, &resp.Diagnostics, state.subject(), reconcile.Change{
		Had:        state.had(ctx, req.Private),
		Overwrite:  state.Overwrite.ValueBool(),
		Successors: successorsOf(ctx, req.Private, state.Bucket.ValueString(), keys),
	})
	state.storeChanged(ctx, &resp.Diagnostics, outcome, &resp.State)
}

// ImportState takes "bucket/key", or the identity.
func (r *kvEntryResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	bucket, key, ok := r.gateway.entryToImport(ctx, req, &resp.Diagnostics)
	if !ok {
		return
	}
	imported := unreadEntry(bucket, key)
	resp.Diagnostics.Append(storeModel(ctx, imported, &resp.State, resp.Identity)...)
}

// entryToImport returns the entry that "bucket/key" or an identity names, which
// must exist. A bucket's name has no slash, a key may.
func (g *gateway) entryToImport(ctx context.Context, req resource.ImportStateRequest, diags *diag.Diagnostics) (bucket, key string, ok bool) {
	bucket, key, _ = strings.Cut(req.ID, "/")
	given := strconv.Quote(req.ID)
	if isByIdentity(req) {
		var identity kvEntryIdentity
		diags.Append(req.Identity.Get(ctx, &identity)...)
		bucket, key = identity.Bucket.ValueString(), identity.Key.ValueString()
		given = fmt.Sprintf("bucket = %q, key = %q", bucket, key)
	}
	if problem := cmp.Or(bucketName.problem(bucket), entryKey.problem(key)); problem != "" {
		diags.AddError("Invalid import ID",
			fmt.Sprintf("An entry is imported by its bucket and key, as BUCKET/KEY, such as feature-flags/checkout. Got %s. %s", given, problem))
		return "", "", false
	}
	client, ok := g.configuredClient(diags)
	if !ok {
		return "", "", false
	}
	// Terraform's own error names neither the bucket nor the key.
	if _, ok = client.ListedDigest(ctx, bucket, key); !ok {
		_, ok = g.getEntry(ctx, diags, bucket, key, "Check both names.")
	}
	return bucket, key, ok
}

// unreadEntry returns an entry that comes into the state and whose value the
// refresh that follows reads.
func unreadEntry(bucket, key string) kvEntryModel {
	return kvEntryModel{
		Bucket: types.StringValue(bucket),
		Key:    types.StringValue(key),
		// The default, so that the first plan is empty.
		Overwrite: types.BoolValue(false),
		ID:        types.StringValue(bucket + "/" + key),
	}
}
