package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

var (
	_ terraformResource                   = (*kvEntriesResource)(nil)
	_ resource.ResourceWithValidateConfig = (*kvEntriesResource)(nil)
)

// NewKVEntriesResource returns the resource quiva_kv_entries.
func NewKVEntriesResource() resource.Resource {
	return &kvEntriesResource{gatewayResource{typeName: kvEntriesType}}
}

type kvEntriesResource struct{ gatewayResource }

func (r *kvEntriesResource) Metadata(ctx context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	r.gatewayResource.Metadata(ctx, req, resp)
	resp.ResourceBehavior.MutableIdentity = true // a key_prefix that is widened
}

func (r *kvEntriesResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages many entries of one key-value bucket as one resource, which Terraform plans and applies in seconds even if there are thousands. " +
			"Each entry behaves like a `quiva_kv_entry`. Other entries of the bucket are left alone, unless the resource is `exclusive`.",
		Attributes: map[string]schema.Attribute{
			"bucket": nameAttribute("Name of the bucket, which must exist. A change replaces all entries.", bucketName),
			"key_prefix": schema.StringAttribute{
				MarkdownDescription: "Prefix that every key of `entries` begins with, such as `team-a.`. It is not added to the keys: write them in full. It limits `exclusive` and an import to the keys with this prefix. " +
					"A shorter beginning of it, or none, is a change in place that sends nothing; any other change replaces all entries.",
				Optional:      true,
				Validators:    []validator.String{keyPrefix},
				PlanModifiers: []planmodifier.String{widerKeyPrefix},
			},
			"entries": schema.DynamicAttribute{
				MarkdownDescription: "Entries by key: an object whose values are objects, or JSON texts of objects, such as `yamldecode(file(\"flags.yaml\"))`. " +
					"Only entries that differ are sent. Stored in the state.",
				Required:      true,
				PlanModifiers: []planmodifier.Dynamic{sameText{isSame: dynamicvalue.SameTexts}},
			},
			"overwrite": offByDefault("Whether to overwrite or delete values that the plan has not seen: keys that hold other values, and entries that changed since the plan. Defaults to `false`."),
			"max_deletions": schema.NumberAttribute{
				MarkdownDescription: fmt.Sprintf("Maximum number of entries that one plan may delete, so that an empty file or a wrong prefix deletes nothing. More removed entries are an error. "+
					"More undeclared entries, which are counted separately, are a warning, and none of them is deleted. Destroying the resource is not limited. Defaults to `%d`.", defaultMaxDeletions),
				Optional:   true,
				Validators: []validator.Number{wholeNumber{min: 0, max: math.MaxInt64}},
			},
			"exclusive":  exclusiveAttribute,
			"undeclared": undeclaredAttribute,
			"id":         idAttribute("Name of the bucket or, with `key_prefix`, `bucket/prefix*`."),
		},
	}
}

func (r *kvEntriesResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema.Attributes = map[string]identityschema.Attribute{
		"bucket": bucketForImport,
		"key_prefix": identityschema.StringAttribute{
			Description:       "Prefix of the keys, if the resource manages only a part of the bucket.",
			OptionalForImport: true,
		},
	}
}

func (r *kvEntriesResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan kvEntriesModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(markCreated(ctx, resp.Private)...)
	if resp.Diagnostics.HasError() {
		return
	}
	before := plan
	before.ID, before.Entries = types.StringNull(), dynamicvalue.Object(nil).Attribute()
	if before.Undeclared.IsUnknown() {
		before.Undeclared = listOfKeys(nil)
	}
	created, ok := r.apply(ctx, &resp.Diagnostics, plan, before, nil)
	created.ID = plan.ID
	if entries, _ := dynamicvalue.Of(created.Entries).Members(); ok || len(entries) > 0 {
		resp.Diagnostics.Append(storeModel(ctx, created, &resp.State, resp.Identity)...)
	}
}

func (r *kvEntriesResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state kvEntriesModel
	if !read(ctx, &resp.Diagnostics, req.State, &state) {
		return
	}
	// The state may be from before there were identities.
	resp.Diagnostics.Append(resp.Identity.Set(ctx, state.identity())...)
	known, _ := dynamicvalue.Of(state.Entries).Members()
	keys := slices.Sorted(maps.Keys(known))
	owner, isNew := ownerOf(ctx, req.Private, kvEntriesType)
	resp.Diagnostics.Append(markNote.write(ctx, resp.Private, owner.Mark)...)
	if twice := r.gateway.plan.Read(owner, state.Bucket.ValueString(), keys, isNew); len(twice) > 0 {
		resp.Diagnostics.Append(heldTwice(false, describeKeys(state.Bucket.ValueString(), twice)))
		for _, key := range twice {
			delete(known, key)
		}
		if len(known) == 0 {
			resp.State.RemoveResource(ctx)
			return
		}
		state.Entries = dynamicvalue.Object(known).Attribute()
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	}
	client, ok := r.gateway.clientToRefresh(&resp.Diagnostics, true)
	if !ok {
		// Exclusive deletes only what this refresh would have found.
		resp.Diagnostics.Append(undeclaredNote.write(ctx, resp.Private, nil)...)
		return
	}
	remote, outcome := client.RefreshEntries(ctx, state.Bucket.ValueString(), slices.Sorted(maps.Keys(known)), func(entry quiva.Entry) bool {
		return dynamicvalue.Holds(known[entry.Key], entry.Value)
	})
	if outcome.Err() != nil {
		r.gateway.addBatchError(&resp.Diagnostics, "read", len(known), outcome, "The state stays as it was.")
		return
	}
	changed := len(remote) != len(known)
	now := make(map[string]dynamicvalue.Value, len(remote))
	for key, entry := range remote {
		// An equal value stays as it is, in the types that the configuration
		// gave it.
		if now[key] = known[key]; entry.Value != nil { // it changed
			now[key], changed = refreshValue(&resp.Diagnostics, key, known[key], entry.Value), true
		}
	}
	if changed {
		state.Entries = objectOf(&resp.Diagnostics, now)
	}
	if r.refreshUndeclared(ctx, &resp.Diagnostics, client, &state, resp.Private) {
		changed = true
	}
	if changed && !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	}
}

func (r *kvEntriesResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state kvEntriesModel
	if !read(ctx, &resp.Diagnostics, req.Plan, &plan) || !read(ctx, &resp.Diagnostics, req.State, &state) {
		return
	}
	digests, _ := undeclaredNote.read(ctx, req.Private)
	updated, _ := r.apply(ctx, &resp.Diagnostics, plan, state, digests)
	// Even if it failed: what was not deleted may be declared by the next plan,
	// and only a refresh can tell.
	resp.Diagnostics.Append(undeclaredNote.write(ctx, resp.Private, nil)...)
	resp.Diagnostics.Append(storeModel(ctx, updated, &resp.State, resp.Identity)...)
}

// apply makes the gateway hold what the plan says, sending only what differs
// from the state. It returns the new state, which is the plan if all went well.
// Only then does it include entries that existed already and that no state had,
// since whatever is in the state may later be deleted. The digests are those of
// the entries that the plan may have named as undeclared.
func (r *kvEntriesResource) apply(ctx context.Context, diags *diag.Diagnostics, plan, state kvEntriesModel, digests *map[string][]byte) (applied kvEntriesModel, ok bool) {
	wanted := encodeEntries(diags, plan.Entries)
	if diags.HasError() {
		return state, false
	}
	change := reconcile.Change{Had: state.had(), Wanted: wanted, Overwrite: plan.Overwrite.ValueBool()}
	r.prune(&change, plan, state, digests)
	outcome, ok := r.gateway.change(ctx, diags, state.subject(), change)
	if !ok {
		return state, false
	}
	if len(outcome.Kept) > 0 {
		diags.AddAttributeWarning(path.Root("undeclared"), "Undeclared entries kept",
			fmt.Sprintf("These entries changed after the plan and were not deleted: %s. The next plan shows them again.", describeKeys(plan.Bucket.ValueString(), outcome.Kept)))
	}
	if !outcome.Failed() {
		if plan.Undeclared.IsUnknown() {
			r.listUndeclared(ctx, diags, r.gateway.client, &plan)
		}
		return plan, true
	}
	planned, _ := dynamicvalue.Of(plan.Entries).Members()
	return state.after(diags, outcome, planned), false
}

// had is what a change may write over or delete, as the state has it.
func (m kvEntriesModel) had() map[string]json.RawMessage {
	current, _ := dynamicvalue.Of(m.Entries).Members()
	had := make(map[string]json.RawMessage, len(current))
	for key, value := range current {
		had[key], _ = dynamicvalue.EncodeEntry(value) // what is in a state always encodes
	}
	return had
}

// after is a state after a change that was not wholly made: with what was, and with
// the values of entries that were left alone, so that the next plan shows them.
func (m kvEntriesModel) after(diags *diag.Diagnostics, outcome reconcile.Outcome, planned map[string]dynamicvalue.Value) kvEntriesModel {
	current, _ := dynamicvalue.Of(m.Entries).Members()
	if current == nil {
		current = map[string]dynamicvalue.Value{}
	}
	for _, key := range outcome.Written {
		current[key] = planned[key]
	}
	for _, remote := range []map[string]json.RawMessage{outcome.Inherited, outcome.Changed} {
		for key, value := range remote {
			if len(value) == 0 {
				continue // a secret must not come into the state
			}
			var problems diag.Diagnostics
			held := refreshValue(&problems, key, current[key], value)
			if diags.Append(problems...); !problems.HasError() {
				current[key] = held
			}
		}
	}
	for _, key := range outcome.Removed {
		delete(current, key)
	}
	m.Entries = dynamicvalue.Object(current).Attribute()
	return m
}

// subject is the object in errors.
func (m kvEntriesModel) subject() subject {
	return subject{bucket: m.Bucket.ValueString(), keyPrefix: m.KeyPrefix.ValueString(), value: path.Root("entries"), isNew: m.ID.IsNull()}
}

func (r *kvEntriesResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state kvEntriesModel
	if !read(ctx, &resp.Diagnostics, req.State, &state) {
		return
	}
	had := state.had()
	outcome, _ := r.gateway.change(ctx, &resp.Diagnostics, state.subject(), reconcile.Change{
		Had:        had,
		Overwrite:  state.Overwrite.ValueBool(),
		Successors: successorsOf(ctx, req.Private, state.Bucket.ValueString(), slices.Collect(maps.Keys(had))),
	})
	if outcome.Failed() {
		resp.Diagnostics.Append(storeModel(ctx, state.after(&resp.Diagnostics, outcome, nil), &resp.State, resp.Identity)...)
	}
}

const kvEntriesType = "quiva_kv_entries"

// kvEntriesModel is quiva_kv_entries in a configuration, a plan or the state.
type kvEntriesModel struct {
	Bucket       types.String  `tfsdk:"bucket"`
	KeyPrefix    types.String  `tfsdk:"key_prefix"`
	Entries      types.Dynamic `tfsdk:"entries"`
	Overwrite    types.Bool    `tfsdk:"overwrite"`
	MaxDeletions types.Number  `tfsdk:"max_deletions"`
	Exclusive    types.Object  `tfsdk:"exclusive"`
	Undeclared   types.List    `tfsdk:"undeclared"`
	ID           types.String  `tfsdk:"id"`
}

// kvEntriesIdentity is what names the entries of a bucket, or those whose keys
// have a prefix, for Terraform 1.12 and later.
type kvEntriesIdentity struct {
	Bucket    types.String `tfsdk:"bucket"`
	KeyPrefix types.String `tfsdk:"key_prefix"`
}

func (m kvEntriesModel) identity() kvEntriesIdentity {
	return kvEntriesIdentity{Bucket: m.Bucket, KeyPrefix: m.KeyPrefix}
}

// id is the import ID.
func (i kvEntriesIdentity) id() types.String {
	switch {
	case i.Bucket.IsUnknown() || i.KeyPrefix.IsUnknown():
		return types.StringUnknown()
	case i.KeyPrefix.IsNull():
		return i.Bucket
	}
	return types.StringValue(i.Bucket.ValueString() + "/" + i.KeyPrefix.ValueString() + "*")
}
