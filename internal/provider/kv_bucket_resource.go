package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/numberplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

var _ terraformResource = (*kvBucketResource)(nil)

const kvBucketType = "quiva_kv_bucket"

// NewKVBucketResource returns the resource quiva_kv_bucket.
func NewKVBucketResource() resource.Resource {
	return &kvBucketResource{gatewayResource{typeName: kvBucketType}}
}

type kvBucketResource struct{ gatewayResource }

func (r *kvBucketResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages a key-value bucket and its limits. A bucket that holds entries is neither deleted nor replaced unless `force_destroy` is set. " +
			"An omitted argument leaves a new bucket with the gateway's default, and an existing one as it is.",
		Attributes: map[string]schema.Attribute{
			"bucket": nameAttribute("Name of the bucket: letters, digits, `_` and `-`. A change replaces the bucket.", newBucketName),
			"description": schema.StringAttribute{
				MarkdownDescription: "Description of the bucket.",
				Optional:            true,
			},
			"history": chosenNumber(wholeNumber{min: 1, max: 64},
				fmt.Sprintf("Number of revisions kept of each entry, 1 to 64. The gateway's default is `%d`. A change replaces the bucket.", quiva.DefaultHistory),
				numberplanmodifier.RequiresReplace()),
			"max_bytes": chosenNumber(wholeNumber{min: 1, max: math.MaxInt64},
				"Maximum size of the bucket in bytes, with all revisions; at least 1. Unlimited by default."),
			"max_value_size": chosenNumber(wholeNumber{min: 1, max: math.MaxInt32},
				fmt.Sprintf("Maximum size of one value in bytes, as JSON text, 1 to %d. Unlimited by default, except by the gateway itself.", math.MaxInt32)),
			"replicas": chosenNumber(wholeNumber{min: 1, max: 5},
				fmt.Sprintf("Number of copies in the gateway's cluster, 1 to 5. The gateway's default is `%d`. A change replaces the bucket.", quiva.DefaultReplicas),
				numberplanmodifier.RequiresReplace()),
			"storage": schema.StringAttribute{
				MarkdownDescription: "Storage: `file`, on disk, or `memory`, which is lost when the gateway's cluster restarts. The gateway's default is `" + quiva.DefaultStorage + "`. A change replaces the bucket.",
				Optional:            true,
				Computed:            true,
				Validators:          []validator.String{storage},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown(), stringplanmodifier.RequiresReplace()},
			},
			"compression": schema.BoolAttribute{
				MarkdownDescription: "Whether the bucket is stored compressed. The gateway's default is `false`. A change replaces the bucket.",
				Optional:            true,
				Computed:            true,
				PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseStateForUnknown(), boolplanmodifier.RequiresReplace()},
			},
			"indexing": schema.SingleNestedAttribute{
				MarkdownDescription: "Index over fields of the values, for searches. " +
					"The gateway reports only its `partitions`, so other drift is not detected, and an import does not fill it in.",
				Optional:      true,
				Computed:      true,
				PlanModifiers: []planmodifier.Object{objectplanmodifier.UseStateForUnknown()},
				Attributes: map[string]schema.Attribute{
					"mappings": schema.ListNestedAttribute{
						MarkdownDescription: "Fields to index.",
						Required:            true,
						NestedObject: schema.NestedAttributeObject{
							Attributes: map[string]schema.Attribute{
								"field": schema.StringAttribute{
									MarkdownDescription: "Name of the field, a property of the values.",
									Required:            true,
									Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
								},
								"field_type": schema.StringAttribute{
									MarkdownDescription: "Type of the field: `text` (searched by words), `number`, `date`, `boolean` or `keyword` (searched as a whole).",
									Required:            true,
									Validators:          []validator.String{stringvalidator.OneOf("text", "number", "date", "boolean", "keyword")},
								},
							},
						},
					},
					"partitions": schema.NumberAttribute{
						MarkdownDescription: "Number of index partitions, at least 1.",
						Required:            true,
						Validators:          []validator.Number{wholeNumber{min: 1, max: math.MaxInt64}},
					},
					"replicas": schema.NumberAttribute{
						MarkdownDescription: "Number of copies of the index, at least 1.",
						Required:            true,
						Validators:          []validator.Number{wholeNumber{min: 1, max: math.MaxInt64}},
					},
					"storage_type": schema.StringAttribute{
						MarkdownDescription: "Storage of the index: `file`, on disk, or `memory`.",
						Required:            true,
						Validators:          []validator.String{storage},
					},
				},
			},
			"force_destroy": offByDefault("Whether the bucket may be deleted or replaced together with its entries. Takes effect once applied: set it, apply, then delete. Defaults to `false`."),
			"id":            idAttribute("The name of the bucket."),
		},
	}
}

var storage = stringvalidator.OneOf("file", "memory")

// chosenNumber is a number that the gateway chooses where it is omitted.
func chosenNumber(accepted wholeNumber, description string, more ...planmodifier.Number) schema.NumberAttribute {
	return schema.NumberAttribute{
		MarkdownDescription: description,
		Optional:            true,
		Computed:            true,
		Validators:          []validator.Number{accepted},
		PlanModifiers:       append([]planmodifier.Number{numberplanmodifier.UseStateForUnknown()}, more...),
	}
}

func (r *kvBucketResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema.Attributes = map[string]identityschema.Attribute{"bucket": bucketForImport}
}

// kvBucketModel is quiva_kv_bucket in a configuration, a plan or the state.
type kvBucketModel struct {
	Bucket       types.String `tfsdk:"bucket"`
	Description  types.String `tfsdk:"description"`
	History      types.Number `tfsdk:"history"`
	MaxBytes     types.Number `tfsdk:"max_bytes"`
	MaxValueSize types.Number `tfsdk:"max_value_size"`
	Replicas     types.Number `tfsdk:"replicas"`
	Storage      types.String `tfsdk:"storage"`
	Compression  types.Bool   `tfsdk:"compression"`
	// Indexing is an object and no struct, because it may be unknown.
	Indexing     types.Object `tfsdk:"indexing"`
	ForceDestroy types.Bool   `tfsdk:"force_destroy"`
	ID           types.String `tfsdk:"id"`
}

// name names the bucket within a sentence.
func (m kvBucketModel) name() string {
	return fmt.Sprintf("the bucket %q", m.Bucket.ValueString())
}

// indexing returns the argument indexing as the gateway takes it, nil if there
// is none.
func (m kvBucketModel) indexing(ctx context.Context, diags *diag.Diagnostics) *quiva.Indexing {
	if m.Indexing.IsNull() {
		return nil
	}
	var argument struct {
		Mappings []struct {
			Field     string `tfsdk:"field"`
			FieldType string `tfsdk:"field_type"`
		} `tfsdk:"mappings"`
		Partitions  int64  `tfsdk:"partitions"`
		Replicas    int64  `tfsdk:"replicas"`
		StorageType string `tfsdk:"storage_type"`
	}
	diags.Append(m.Indexing.As(ctx, &argument, basetypes.ObjectAsOptions{})...)
	indexing := &quiva.Indexing{
		Mappings:    []quiva.IndexMapping{},
		Partitions:  argument.Partitions,
		Replicas:    argument.Replicas,
		StorageType: argument.StorageType,
	}
	for _, mapping := range argument.Mappings {
		indexing.Mappings = append(indexing.Mappings, quiva.IndexMapping(mapping))
	}
	return indexing
}

// refresh updates the model with what the gateway reports. What it does not
// report stays.
func (m *kvBucketModel) refresh(ctx context.Context, diags *diag.Diagnostics, remote quiva.Bucket) {
	// To the gateway no description and an empty one are the same.
	if remote.Description != nil && *remote.Description != m.Description.ValueString() {
		m.Description = descriptionValue(remote.Description)
	}
	setReported(&m.History, remote.History, numberValue)
	setReported(&m.MaxBytes, remote.MaxBytes, limitValue)
	setReported(&m.MaxValueSize, remote.MaxValueSize, limitValue)
	setReported(&m.Replicas, remote.Replicas, numberValue)
	setReported(&m.Storage, remote.Storage, types.StringPointerValue)
	setReported(&m.Compression, remote.Compression, types.BoolPointerValue)
	// Without the rest of an index, which cannot be read, its partitions alone
	// are no indexing.
	if remote.IndexPartitions != nil && !m.Indexing.IsNull() {
		attributes := m.Indexing.Attributes()
		attributes["partitions"] = numberValue(remote.IndexPartitions)
		indexing, problems := types.ObjectValue(m.Indexing.AttributeTypes(ctx), attributes)
		diags.Append(problems...)
		m.Indexing = indexing
	}
}

// settle sets the arguments that were left to the gateway to the values that it
// chose or, where it reports none, to the documented defaults.
func (m *kvBucketModel) settle(remote quiva.Bucket) {
	setUnknown(&m.History, numberValue(cmp.Or(remote.History, new(int64(quiva.DefaultHistory)))))
	setUnknown(&m.Replicas, numberValue(cmp.Or(remote.Replicas, new(int64(quiva.DefaultReplicas)))))
	setUnknown(&m.Storage, types.StringPointerValue(cmp.Or(remote.Storage, new(string(quiva.DefaultStorage)))))
	setUnknown(&m.Compression, types.BoolPointerValue(cmp.Or(remote.Compression, new(false))))
}

// setReported sets an argument to what the gateway reports, if it does.
func setReported[Remote, Value any](argument *Value, remote *Remote, value func(*Remote) Value) {
	if remote != nil {
		*argument = value(remote)
	}
}

func setUnknown[Value attr.Value](argument *Value, value Value) {
	if (*argument).IsUnknown() {
		*argument = value
	}
}

// descriptionValue is null for the empty description, which is how the gateway
// shows that there is none.
func descriptionValue(remote *string) types.String {
	if remote == nil || *remote == "" {
		return types.StringNull()
	}
	return types.StringValue(*remote)
}

// limitOf returns nil for -1 and 0, by which the gateway shows that there is no
// limit.
func limitOf(remote *int64) *int64 {
	if remote == nil || *remote < 1 {
		return nil
	}
	return remote
}

func limitValue(remote *int64) types.Number { return numberValue(limitOf(remote)) }

// ModifyPlan sets computed values that can be known in advance, and warns of
// settings that stay although they were removed from the configuration.
func (r *kvBucketResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		var bucket types.String
		resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("bucket"), &bucket)...)
		r.gateway.plan.DeleteBucket(bucket.ValueString())
		return
	}
	var plan, config kvBucketModel
	if !read(ctx, &resp.Diagnostics, req.Plan, &plan) || !read(ctx, &resp.Diagnostics, req.Config, &config) {
		return
	}
	plan.ID = plan.Bucket
	if req.State.Raw.IsNull() {
		if existsNote.isSet(ctx, req.Private) {
			r.gateway.plan.DeleteBucket(plan.Bucket.ValueString())
		}
		// A new bucket has only the limits and the index that it is given.
		plan.MaxBytes, plan.MaxValueSize, plan.Indexing = config.MaxBytes, config.MaxValueSize, config.Indexing
	} else {
		var state kvBucketModel
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		if arguments := state.replacedBy(plan); len(arguments) > 0 {
			r.gateway.plan.DeleteBucket(state.Bucket.ValueString())
			r.warnOfReplacement(ctx, &resp.Diagnostics, state, arguments)
		} else {
			warnOfKept(&resp.Diagnostics, config, state)
			ignoredUpdatesOf(ctx, req.Private).warn(&resp.Diagnostics, state.Bucket.ValueString())
		}
		resp.Diagnostics.Append(existsNote.write(ctx, resp.Private, true)...)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

// warnOfKept warns of what a bucket keeps because the gateway can change it but
// not remove it. It is not an error, which would also prevent the bucket from
// being destroyed or replaced.
func warnOfKept(diags *diag.Diagnostics, config, state kvBucketModel) {
	for _, argument := range []struct {
		name          string
		config, state attr.Value
		has           string
	}{
		{"max_bytes", config.MaxBytes, state.MaxBytes, "max_bytes = " + state.MaxBytes.String()},
		{"max_value_size", config.MaxValueSize, state.MaxValueSize, "max_value_size = " + state.MaxValueSize.String()},
		{"indexing", config.Indexing, state.Indexing, "an index"},
	} {
		if argument.config.IsNull() && !argument.state.IsNull() {
			bucketKeeps(diags, argument.name, argument.name,
				fmt.Sprintf("The bucket %q has %s, which the configuration does not set. The gateway can change it but not remove it, so it stays until the bucket is replaced.", state.Bucket.ValueString(), argument.has))
		}
	}
}

// bucketKeeps warns of an argument that the gateway does not change as configured,
// why, and to what value it may be set instead.
func bucketKeeps(diags *diag.Diagnostics, argument, instead, why string) {
	diags.AddAttributeWarning(path.Root(argument), "Bucket keeps its "+argument,
		fmt.Sprintf("%s\n\nTo silence this warning, set %s. To get a new bucket without it, and without any entries, replace this one:\n\n"+
			"  terraform apply -replace='ADDRESS'\n\nADDRESS stands for the full address that this warning shows.", why, instead))
}

func (r *kvBucketResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	// Only what the configuration sets is sent; the gateway chooses the rest.
	var plan, config kvBucketModel
	if !read(ctx, &resp.Diagnostics, req.Plan, &plan) || !read(ctx, &resp.Diagnostics, req.Config, &config) {
		return
	}
	bucket := quiva.BucketConfig{
		Bucket:       config.Bucket.ValueString(),
		Description:  config.Description.ValueStringPointer(),
		History:      int64Of(config.History),
		MaxBytes:     int64Of(config.MaxBytes),
		MaxValueSize: int64Of(config.MaxValueSize),
		Replicas:     int64Of(config.Replicas),
		Storage:      config.Storage.ValueStringPointer(),
		Compression:  config.Compression.ValueBoolPointer(),
		Indexing:     config.indexing(ctx, &resp.Diagnostics),
	}
	client, ok := r.gateway.configuredClient(&resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}

	switch err := client.CreateBucket(ctx, bucket); {
	case errors.Is(err, quiva.ErrBucketExists):
		resp.Diagnostics.AddAttributeError(path.Root("bucket"), "Bucket already exists",
			fmt.Sprintf("The gateway already has a bucket %q. Nothing was changed.\n\n%s\n\nADDRESS stands for the full address that this error shows.",
				bucket.Bucket, importAdvice(bucket.Bucket)))
		return
	case err != nil:
		r.gateway.addError(&resp.Diagnostics, operation{doing: "create " + plan.name(), rejected: path.Root("bucket")}, err)
		return
	}

	var remote quiva.Bucket
	if plan.History.IsUnknown() || plan.Replicas.IsUnknown() || plan.Storage.IsUnknown() || plan.Compression.IsUnknown() {
		var err error
		if remote, err = client.GetBucket(ctx, bucket.Bucket); err != nil {
			// The bucket was created; an error would make Terraform replace it.
			tflog.Warn(ctx, "New bucket could not be read; the documented defaults are assumed until the next refresh", map[string]any{"bucket": bucket.Bucket, "error": err.Error()})
		}
	}
	plan.settle(remote)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("bucket"), plan.Bucket)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (r *kvBucketResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state kvBucketModel
	if !read(ctx, &resp.Diagnostics, req.State, &state) {
		return
	}
	// Also for a bucket that turns out to be gone: the framework requires it.
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("bucket"), state.Bucket)...)
	client, ok := r.gateway.clientToRefresh(&resp.Diagnostics, !state.History.IsNull())
	if !ok {
		return
	}
	remote, err := client.GetBucket(ctx, state.Bucket.ValueString())
	switch {
	case errors.Is(err, quiva.ErrNotFound):
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		r.gateway.addError(&resp.Diagnostics, operation{doing: "read " + state.name(), rejected: path.Root("bucket")}, err)
		return
	}
	warnOfTTL(&resp.Diagnostics, remote)
	ignored := ignoredUpdatesOf(ctx, req.Private)
	ignored.hide(&remote)
	resp.Diagnostics.Append(ignoredUpdatesNote.write(ctx, resp.Private, ignored)...)
	state.refresh(ctx, &resp.Diagnostics, remote)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// warnOfTTL warns of a bucket that was created elsewhere with a time to live, which
// this provider cannot set.
func warnOfTTL(diags *diag.Diagnostics, bucket quiva.Bucket) {
	if bucket.TTL > 0 {
		diags.AddAttributeWarning(path.Root("bucket"), "Entries of the bucket expire",
			fmt.Sprintf("Bucket %q deletes each entry %s after it was written. Terraform writes declared entries again in the next apply after that. "+
				"To keep them, declare them in a bucket without a time to live.", bucket.Name, bucket.TTL))
	}
}

func (r *kvBucketResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state kvBucketModel
	if !read(ctx, &resp.Diagnostics, req.Plan, &plan) || !read(ctx, &resp.Diagnostics, req.State, &state) {
		return
	}
	var update quiva.BucketUpdate
	if description := plan.Description.ValueString(); description != state.Description.ValueString() {
		update.Description = &description
	}
	if !plan.MaxBytes.Equal(state.MaxBytes) {
		update.MaxBytes = int64Of(plan.MaxBytes)
	}
	if !plan.MaxValueSize.Equal(state.MaxValueSize) {
		update.MaxValueSize = int64Of(plan.MaxValueSize)
	}
	if !plan.Indexing.Equal(state.Indexing) {
		update.Indexing = plan.indexing(ctx, &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	// If only force_destroy differs, there is nothing to send.
	if update != (quiva.BucketUpdate{}) {
		client, ok := r.gateway.configuredClient(&resp.Diagnostics)
		if !ok {
			return
		}
		updated, err := client.UpdateBucket(ctx, plan.Bucket.ValueString(), update)
		switch {
		case errors.Is(err, quiva.ErrNotFound):
			resp.Diagnostics.AddAttributeError(path.Root("bucket"), "Bucket does not exist any more",
				fmt.Sprintf("The bucket %q was deleted after this run had read it. Nothing was updated. Run it again: Terraform then plans to recreate the bucket.", plan.Bucket.ValueString()))
			return
		case err != nil:
			r.gateway.addError(&resp.Diagnostics, operation{doing: "update " + plan.name(), rejected: path.Root("bucket")}, err)
			return
		}
		ignored := ignoredUpdatesOf(ctx, req.Private)
		ignored.compare(update, updated)
		ignored.warn(&resp.Diagnostics, plan.Bucket.ValueString())
		resp.Diagnostics.Append(ignoredUpdatesNote.write(ctx, resp.Private, ignored)...)
	}
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("bucket"), plan.Bucket)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (r *kvBucketResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state kvBucketModel
	client, ok := r.gateway.clientFor(ctx, &resp.Diagnostics, req.State, &state)
	if !ok {
		return
	}
	if !state.ForceDestroy.ValueBool() {
		// The counts in the bucket's details may include the marks that deleted
		// keys leave; a list has only what is there.
		entries, err := client.ListEntries(ctx, state.Bucket.ValueString(), 1)
		switch {
		case errors.Is(err, quiva.ErrNotFound):
			return
		case err != nil:
			r.gateway.addError(&resp.Diagnostics, operation{doing: "check whether " + state.name() + " is empty", rejected: path.Root("bucket")}, err)
			return
		case len(entries) > 0:
			resp.Diagnostics.AddAttributeError(path.Root("force_destroy"), "Bucket is not empty",
				fmt.Sprintf("The bucket %q holds entries, such as %q, which would be lost with it. Nothing was deleted.\n\n"+
					"Delete its entries first. Or, to lose them, set force_destroy = true and apply that alone; then delete or replace the bucket again.",
					state.Bucket.ValueString(), entries[0].Key))
			return
		}
	}
	err := client.DeleteBucket(ctx, state.Bucket.ValueString())
	if err != nil && !errors.Is(err, quiva.ErrNotFound) {
		r.gateway.addError(&resp.Diagnostics, operation{doing: "delete " + state.name(), rejected: path.Root("bucket")}, err)
	}
}

// ImportState takes the bucket's name, as ID or as identity.
func (r *kvBucketResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	bucket := types.StringValue(req.ID)
	if isByIdentity(req) {
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("bucket"), &bucket)...)
	}
	if problem := newBucketName.problem(bucket.ValueString()); problem != "" {
		resp.Diagnostics.AddError("Invalid import ID",
			fmt.Sprintf("A bucket is imported by its name, such as feature-flags. Got %q. %s", bucket.ValueString(), problem))
		return
	}
	// Terraform's own error does not name the bucket that does not exist.
	if _, ok := r.gateway.readBucket(ctx, &resp.Diagnostics, bucket.ValueString()); !ok {
		return
	}
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("bucket"), bucket)...)
	resp.Diagnostics.Append(setUnreadBucket(ctx, &resp.State, bucket.ValueString())...)
}

// setUnreadBucket sets what is known of a bucket before it is read: the refresh
// that follows reads the rest.
func setUnreadBucket(ctx context.Context, target interface {
	SetAttribute(ctx context.Context, at path.Path, value any) diag.Diagnostics
}, bucket string) diag.Diagnostics {
	diags := target.SetAttribute(ctx, path.Root("bucket"), bucket)
	diags.Append(target.SetAttribute(ctx, path.Root("id"), bucket)...)
	// The default, so that the first plan is empty.
	diags.Append(target.SetAttribute(ctx, path.Root("force_destroy"), false)...)
	return diags
}
