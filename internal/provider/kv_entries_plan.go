package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
)

// entriesValidator accepts an object of objects or their JSON texts, with the keys that an entry
// may have.
type entriesValidator struct{}

func (entriesValidator) Description(context.Context) string {
	return "an object or a map of objects or their JSON texts, by their keys"
}

func (v entriesValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (entriesValidator) ValidateDynamic(_ context.Context, req validator.DynamicRequest, resp *validator.DynamicResponse) {
	value := dynamicvalue.Of(req.ConfigValue)
	if !value.IsKnown() {
		return
	}
	entries, ok := value.Members()
	if !ok {
		resp.Diagnostics.Append(noEntries(req.Path, value))
		return
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if predicate := entryKey.predicate(key); predicate != "" {
			resp.Diagnostics.AddAttributeError(req.Path, "Invalid key", fmt.Sprintf("The key %q %s", key, predicate))
		}
		if entries[key].Kind() == dynamicvalue.KindNull {
			resp.Diagnostics.AddAttributeError(req.Path, "Value is missing",
				fmt.Sprintf("The entry %q is null. To delete it, omit it:\n\n  entries = { for key, value in var.entries : key => value if value != null }", key))
		}
	}
	checkObjects(&resp.Diagnostics, entries)
}

func noEntries(at path.Path, value dynamicvalue.Value) diag.Diagnostic {
	if value.Kind() == dynamicvalue.KindString {
		return diag.NewAttributeErrorDiagnostic(at, "Entries are not an object",
			"entries must be an object whose property names are the keys; got a string. Decode the text of a file:\n\n  entries = yamldecode(file(\"flags.yaml\"))\n\nor with jsondecode for JSON.")
	}
	return diag.NewAttributeErrorDiagnostic(at, "Entries are not an object",
		"entries must be an object or a map whose property names are the keys, such as { checkout = { enabled = true } }. For a list, name the key of each:\n\n  entries = { for flag in var.flags : flag.key => flag.value }")
}

func (r *kvEntriesResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config kvEntriesModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		checkKeyPrefix(&resp.Diagnostics, config)
	}
}

// checkKeyPrefix adds an error if there are keys that do not begin as they
// should. Where the prefix is not known yet, they all may.
func checkKeyPrefix(diags *diag.Diagnostics, model kvEntriesModel) {
	entries, _ := dynamicvalue.Of(model.Entries).Members()
	prefix := model.KeyPrefix.ValueString()
	if strings.Contains(prefix, "*") {
		return // its own error says enough
	}
	outside := slices.DeleteFunc(slices.Sorted(maps.Keys(entries)), func(key string) bool { return strings.HasPrefix(key, prefix) })
	if len(outside) > 0 {
		diags.AddAttributeError(path.Root("entries"), "Key without the prefix",
			fmt.Sprintf("Every key of entries must begin with the key_prefix, which is %q. These do not: %s.", prefix, quoteKeys(outside)))
	}
}

// ModifyPlan sets the ID in advance, and notes which entries are created and
// deleted, including undeclared ones if the resource is exclusive. The plan keeps
// the configuration's entries even if those in the state are the same JSON with
// other Terraform types: see quiva_kv_entry.
func (r *kvEntriesResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		var state kvEntriesModel
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		entries, _ := dynamicvalue.Of(state.Entries).Members()
		resp.Diagnostics.Append(r.gateway.planDeletion(ctx, state.Bucket.ValueString(), slices.Sorted(maps.Keys(entries))).store(ctx, resp.Private)...)
		return
	}
	var plan kvEntriesModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() || req.Plan.Raw.Equal(req.State.Raw) && len(plan.Undeclared.Elements()) == 0 {
		return // nothing to do
	}
	plan.ID = plan.identity().id()
	// Terraform validates once, but plans again when all is known.
	checkKeyPrefix(&resp.Diagnostics, plan)
	checkEntries(&resp.Diagnostics, plan.Entries)
	if resp.Diagnostics.HasError() {
		return
	}
	bucket := plan.Bucket.ValueString()
	planned, _ := dynamicvalue.Of(plan.Entries).Members()
	if r.gateway.refuseProperties(&resp.Diagnostics, bucket, slices.Collect(maps.Keys(planned))...) {
		return
	}
	if req.State.Raw.IsNull() {
		resp.Diagnostics.Append(r.gateway.planCreation(bucket, slices.Sorted(maps.Keys(planned))).store(ctx, resp.Private)...)
		r.planExclusive(ctx, &resp.Diagnostics, &plan, nil, nil)
	} else {
		var state kvEntriesModel
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		current, _ := dynamicvalue.Of(state.Entries).Members()
		r.gateway.run.PlanCreation(bucket, slices.DeleteFunc(slices.Collect(maps.Keys(planned)), func(key string) bool {
			_, exists := current[key]
			return exists
		}))
		digests, diags := digestsOf(ctx, req.Private)
		resp.Diagnostics.Append(diags...)
		r.planExclusive(ctx, &resp.Diagnostics, &plan, &state, digests)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}
