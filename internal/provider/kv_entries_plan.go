package provider

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

func (r *kvEntriesResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config kvEntriesModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	value := dynamicvalue.Of(config.Entries)
	if resp.Diagnostics.HasError() || !value.IsKnown() || value.Kind() == dynamicvalue.KindNull {
		return // of null, the framework says that it is required
	}
	entries, ok := value.Members()
	if !ok {
		resp.Diagnostics.Append(noEntries(value))
		return
	}
	var null, invalid []string
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if predicate := entryKey.predicate(key); predicate != "" {
			invalid = append(invalid, fmt.Sprintf("\n  - The key %q %s", key, predicate))
		}
		if entries[key].Kind() == dynamicvalue.KindNull {
			null = append(null, key)
		}
	}
	if len(invalid) > 0 {
		resp.Diagnostics.AddAttributeError(path.Root("entries"), "Invalid key", "Keys that the gateway cannot store:\n"+firstOf(invalid))
	}
	if len(null) > 0 {
		resp.Diagnostics.AddAttributeError(path.Root("entries"), "Value is missing",
			fmt.Sprintf("These entries are null: %s. To delete an entry, omit it:\n\n  entries = { for key, value in var.entries : key => value if value != null }", quoteKeys(null)))
	}
	checkObjects(&resp.Diagnostics, entries)
	checkKeyPrefix(&resp.Diagnostics, config, entries)
}

func noEntries(value dynamicvalue.Value) diag.Diagnostic {
	if value.Kind() == dynamicvalue.KindString {
		return diag.NewAttributeErrorDiagnostic(path.Root("entries"), "Entries are not an object",
			"entries must be an object whose property names are the keys; got a string. Decode the text of a file:\n\n  entries = yamldecode(file(\"flags.yaml\"))\n\nor with jsondecode for JSON.")
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("entries"), "Entries are not an object",
		"entries must be an object or a map whose property names are the keys, such as { checkout = { enabled = true } }. For a list, name the key of each:\n\n  entries = { for flag in var.flags : flag.key => flag.value }")
}

// checkKeyPrefix adds an error if there are keys that do not begin as they
// should. Where the prefix is not known yet, they all may.
func checkKeyPrefix(diags *diag.Diagnostics, model kvEntriesModel, entries map[string]dynamicvalue.Value) {
	prefix := model.KeyPrefix.ValueString()
	if !model.KeyPrefix.IsNull() && keyPrefix.problem(prefix) != "" {
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
	var plan, state kvEntriesModel
	owner, _ := ownerOf(ctx, req.Private, kvEntriesType)
	exists := !req.State.Raw.IsNull()
	if exists {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	current, _ := dynamicvalue.Of(state.Entries).Members()
	had := slices.Sorted(maps.Keys(current))
	if req.Plan.Raw.IsNull() {
		left := r.gateway.planDeletion(ctx, resp, owner, state.Bucket.ValueString(), had)
		warnOfDeletions(&resp.Diagnostics, state, slices.DeleteFunc(had, func(key string) bool { return slices.Contains(left, key) }), nil)
		return
	}
	if !read(ctx, &resp.Diagnostics, req.Plan, &plan) {
		return
	}
	planned, areKnown := dynamicvalue.Of(plan.Entries).Members()
	if !req.Plan.Raw.Equal(req.State.Raw) || len(plan.Undeclared.Elements()) > 0 {
		plan.ID = plan.identity().id()
		// Terraform validates once, but plans again when all is known.
		checkKeyPrefix(&resp.Diagnostics, plan, planned)
		checkEntries(&resp.Diagnostics, plan.Entries, planned)
		if resp.Diagnostics.HasError() {
			return
		}
		var before *kvEntriesModel
		var removed []string
		if exists {
			before = &state
			if removed = without(had, planned); !areKnown {
				removed = nil // Terraform plans again once they are
			}
			refuseDeletions(&resp.Diagnostics, plan, removed)
		}
		digests, _ := undeclaredNote.read(ctx, req.Private)
		pruned := r.planExclusive(ctx, &resp.Diagnostics, &plan, before, digests)
		if exists && plan.Bucket.ValueString() != state.Bucket.ValueString() {
			removed = had
		}
		if !resp.Diagnostics.HasError() {
			warnOfDeletions(&resp.Diagnostics, state, removed, pruned)
		}
		resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
		if exists && resp.Identity != nil && !plan.ID.IsUnknown() {
			resp.Diagnostics.Append(resp.Identity.Set(ctx, plan.identity())...)
		}
	}
	if resp.Diagnostics.HasError() || plan.Bucket.IsUnknown() {
		return
	}
	declaration := reconcile.Declaration{
		Owner:     owner,
		Bucket:    plan.Bucket.ValueString(),
		Keys:      slices.Sorted(maps.Keys(planned)),
		HadIn:     state.Bucket.ValueString(),
		Had:       had,
		KeyPrefix: plan.KeyPrefix.ValueString(),
		Scope:     plan.scope(ctx),
	}
	r.gateway.planDeclaration(ctx, req, resp, declaration)
}

// without returns the keys, sorted, that are not those of entries.
func without(keys []string, entries map[string]dynamicvalue.Value) []string {
	return slices.DeleteFunc(slices.Sorted(slices.Values(keys)), func(key string) bool {
		_, ok := entries[key]
		return ok
	})
}

// defaultMaxDeletions is how many entries one plan may delete.
const defaultMaxDeletions = 10

// maxDeletions is how many entries a plan may delete.
func (m kvEntriesModel) maxDeletions() int64 {
	return *cmp.Or(int64Of(m.MaxDeletions), new(int64(defaultMaxDeletions)))
}

// refuseDeletions adds an error if more entries are removed than may be deleted.
func refuseDeletions(diags *diag.Diagnostics, plan kvEntriesModel, removed []string) {
	if int64(len(removed)) > plan.maxDeletions() {
		diags.AddAttributeError(path.Root("entries"), "Too many deletions",
			fmt.Sprintf("This plan would delete %s, no longer in entries. max_deletions allows %d. Check entries and key_prefix. If all of these should be deleted, raise the limit for one apply:\n\n  max_deletions = %d\n\n"+
				"Destroying the resource is not limited, but Terraform makes this plan before it, unless it does not refresh:\n\n  terraform destroy -refresh=false",
				describeKeys(plan.Bucket.ValueString(), removed), plan.maxDeletions(), len(removed)))
	}
}

// warnOfDeletions says which entries a plan deletes: Terraform counts all of them as
// one change. It shows the warning in the apply too.
func warnOfDeletions(diags *diag.Diagnostics, m kvEntriesModel, removed, pruned []string) {
	count := len(removed) + len(pruned)
	if count == 0 {
		return
	}
	var sentences []string
	if len(removed) > 0 {
		sentences = append(sentences, fmt.Sprintf("This resource gives up %s. What another resource of this configuration takes over is kept.", quoteEntries(removed, "")))
	}
	if len(pruned) > 0 {
		sentences = append(sentences, fmt.Sprintf("No resource of this configuration declares %s in its exclusive scope.", quoteEntries(pruned, "")))
	}
	diags.AddAttributeWarning(path.Root("entries"), "This change deletes "+fmt.Sprintf("%s of %q", countEntries(count), m.identity().id().ValueString()), strings.Join(sentences, " "))
}

// countEntries is a number of entries within a sentence.
func countEntries(count int) string {
	if count == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", count)
}

// widerKeyPrefix is a plan modifier that has a resource replaced unless all keys with
// the prefix of the state have the new one too.
var widerKeyPrefix = stringplanmodifier.RequiresReplaceIf(
	func(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
		resp.RequiresReplace = req.PlanValue.IsUnknown() || !strings.HasPrefix(req.StateValue.ValueString(), req.PlanValue.ValueString())
	}, "Replaces the resource unless the prefix only becomes shorter.", "Replaces the resource unless the prefix only becomes shorter.")
