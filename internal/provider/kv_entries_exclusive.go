package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

// defaultMaxDeletions is how many entries one plan may delete.
const defaultMaxDeletions = 10

var exclusiveAttribute = schema.SingleNestedAttribute{
	MarkdownDescription: "Makes this resource the only owner of the bucket or, with `key_prefix`, of the keys with that prefix. Other entries are listed in `undeclared`; the next plan shows their deletion.",
	Optional:            true,
	Attributes: map[string]schema.Attribute{
		"except": schema.ListAttribute{
			MarkdownDescription: "Patterns of keys to leave alone, in which `*` stands for any characters: `[\"team-a.counters.*\"]`.",
			ElementType:         types.StringType,
			Optional:            true,
			Validators:          []validator.List{listvalidator.NoNullValues(), listvalidator.ValueStringsAre(patternOfKeys)},
		},
		"max_deletions": schema.NumberAttribute{
			MarkdownDescription: fmt.Sprintf("Maximum number of entries that one plan may delete, so that an empty file or a wrong prefix deletes nothing. Defaults to `%d`.", defaultMaxDeletions),
			Optional:            true,
			Validators:          []validator.Number{wholeNumber{0, math.MaxInt64}},
		},
	},
}

var undeclaredAttribute = schema.ListAttribute{
	MarkdownDescription: "With `exclusive`, the keys in its scope that `entries` does not have, sorted. A plan shows those that leave the list: its apply deletes their entries.",
	ElementType:         types.StringType,
	Computed:            true,
}

// exclusiveScope is the exclusive argument.
type exclusiveScope struct {
	Except       []string     `tfsdk:"except"`
	MaxDeletions types.Number `tfsdk:"max_deletions"`
}

// noExclusive is the value of the argument where it is omitted.
var noExclusive = types.ObjectNull(map[string]attr.Type{
	"except":        types.ListType{ElemType: types.StringType},
	"max_deletions": types.NumberType,
})

// exclusive returns the argument, nil if it is not set.
func (m kvEntriesModel) exclusive(ctx context.Context, diags *diag.Diagnostics) *exclusiveScope {
	var scope *exclusiveScope
	diags.Append(m.Exclusive.As(ctx, &scope, basetypes.ObjectAsOptions{})...)
	return scope
}

// without returns the keys that match none of the exceptions.
func (s *exclusiveScope) without(keys []string) []string {
	for _, pattern := range s.Except {
		matching := keyPattern(pattern)
		keys = slices.DeleteFunc(keys, matching.MatchString)
	}
	return keys
}

// maxDeletions is how many entries a plan may delete.
func (s *exclusiveScope) maxDeletions() int64 {
	return valueOr(int64Of(s.MaxDeletions), defaultMaxDeletions)
}

// undeclaredKey is the key in the private state of the digests of the entries that
// the refresh found undeclared. An entry that has changed since is not deleted.
const undeclaredKey = "undeclared"

// findUndeclared returns the entries in scope that are not in entries, with the
// digests of their values.
func findUndeclared(ctx context.Context, client *quiva.Client, scope *exclusiveScope, model kvEntriesModel) (map[string]quiva.Digest, error) {
	found, err := client.EnumerateDigests(ctx, model.Bucket.ValueString(), model.KeyPrefix.ValueString())
	if err != nil {
		return nil, err
	}
	declared, _ := dynamicvalue.Of(model.Entries).Members()
	undeclared := map[string]quiva.Digest{}
	for _, key := range scope.without(slices.Collect(maps.Keys(found))) {
		if _, isDeclared := declared[key]; !isDeclared {
			undeclared[key] = found[key]
		}
	}
	return undeclared, nil
}

// refreshUndeclared finds what is undeclared, and reports whether the state has
// changed with it.
func (r *kvEntriesResource) refreshUndeclared(ctx context.Context, diags *diag.Diagnostics, client *quiva.Client, state *kvEntriesModel, private privateState) (changed bool) {
	scope := state.exclusive(ctx, diags)
	if scope == nil {
		return false
	}
	bucket := state.Bucket.ValueString()
	undeclared, err := findUndeclared(ctx, client, scope, *state)
	if err != nil && !errors.Is(err, quiva.ErrNotFound) { // a bucket that is gone has none
		r.gateway.addListError(diags, bucket, path.Root("exclusive"), err)
		return false
	}
	keys := r.gateway.run.AwaitUnheld(ctx, bucket, slices.Sorted(maps.Keys(undeclared)))
	diags.Append(storeDigests(ctx, private, keys, undeclared)...)
	before := state.Undeclared
	state.Undeclared = listOfKeys(keys)
	return !state.Undeclared.Equal(before)
}

// listUndeclared finds what is undeclared once the resource has become exclusive.
// Nothing of it is deleted before a refresh has seen what other resources hold.
func (r *kvEntriesResource) listUndeclared(ctx context.Context, diags *diag.Diagnostics, client *quiva.Client, applied *kvEntriesModel) {
	bucket := applied.Bucket.ValueString()
	undeclared, err := findUndeclared(ctx, client, applied.exclusive(ctx, diags), *applied)
	if err != nil {
		var problem diag.Diagnostics
		r.gateway.addListError(&problem, bucket, path.Root("exclusive"), err)
		// All is written: an error would have it replaced.
		diags.AddAttributeWarning(path.Root("exclusive"), "Undeclared entries not listed", problem[0].Detail())
	}
	keys := r.gateway.run.Unheld(bucket, slices.Sorted(maps.Keys(undeclared)))
	applied.Undeclared = listOfKeys(keys)
	if len(keys) > 0 {
		diags.AddAttributeWarning(path.Root("exclusive"), "Undeclared entries found",
			fmt.Sprintf("No resource of this configuration is known to declare %s. Nothing was deleted. The next plan shows what exclusive deletes.", describeKeys(bucket, keys)))
	}
}

// planExclusive plans what is undeclared: what is not deleted, or what the apply
// finds if the resource only becomes exclusive. The state is nil for a creation.
func (r *kvEntriesResource) planExclusive(ctx context.Context, diags *diag.Diagnostics, plan, state *kvEntriesModel, digests map[string][]byte) {
	switch {
	case plan.Exclusive.IsNull():
		plan.Undeclared = types.ListNull(types.StringType)
		return
	case state == nil:
		plan.Undeclared = types.ListUnknown(types.StringType)
		return
	}
	if value, err := plan.Exclusive.ToTerraformValue(ctx); err != nil || !value.IsFullyKnown() {
		diags.AddAttributeError(path.Root("exclusive"), "Scope not known yet",
			"The plan must show what exclusive deletes, but exclusive depends on something that is only known after apply. Give it values that are known while planning.")
		return
	}
	scope, bucket := plan.exclusive(ctx, diags), plan.Bucket.ValueString()
	pruned, kept := plan.pruned(*state, scope, digests)
	removed := plan.removedFrom(*state)
	if deletions := len(pruned) + len(removed); int64(deletions) > scope.maxDeletions() {
		diags.AddAttributeError(path.Root("exclusive"), "Too many deletions",
			fmt.Sprintf("This plan would delete %s, but exclusive allows %d deletions. Check entries and key_prefix. If all of these should be deleted, allow it for one apply:\n\n  exclusive = {\n    max_deletions = %d\n  }\n\n"+
				"A destroy deletes no undeclared entry, but Terraform makes this plan before it, unless it does not refresh:\n\n  terraform destroy -refresh=false",
				describeKeys(bucket, slices.Sorted(slices.Values(slices.Concat(pruned, removed)))), scope.maxDeletions(), deletions))
		return
	}
	plan.Undeclared = listOfKeys(kept)
	switch {
	case state.Exclusive.IsNull():
		plan.Undeclared = types.ListUnknown(types.StringType)
	case plan.identity() != state.identity():
		return // it is replaced, and a creation deletes nothing
	}
	if held := r.gateway.run.PlanPruning(bucket, pruned); len(held) > 0 {
		diags.AddAttributeError(path.Root("exclusive"), "Undeclared entries of other resources",
			fmt.Sprintf("The scope of exclusive holds %s, which other resources of this configuration manage. Terraform read them too late for this plan to leave them alone. %s", describeKeys(bucket, held), exceptAdvice(held)))
	}
}

// pruned returns the undeclared keys of a state that the plan deletes, and those
// that it keeps: only what a refresh has read is deleted. What is kept does not
// depend on the entries, which may not be known yet.
func (m kvEntriesModel) pruned(state kvEntriesModel, scope *exclusiveScope, digests map[string][]byte) (pruned, kept []string) {
	var keys []string
	for _, element := range state.Undeclared.Elements() {
		key, _ := element.(types.String)
		keys = append(keys, key.ValueString())
	}
	declared, _ := dynamicvalue.Of(m.Entries).Members()
	for _, key := range scope.without(keys) {
		_, isDeclared := declared[key]
		switch {
		case digests[key] == nil:
			kept = append(kept, key)
		case !isDeclared:
			pruned = append(pruned, key)
		}
	}
	return pruned, kept
}

// removedFrom returns the keys of a state's entries that the plan does not have.
func (m kvEntriesModel) removedFrom(state kvEntriesModel) []string {
	planned, ok := dynamicvalue.Of(m.Entries).Members()
	if !ok {
		return nil // not known yet: Terraform plans again once it is
	}
	current, _ := dynamicvalue.Of(state.Entries).Members()
	return slices.DeleteFunc(slices.Collect(maps.Keys(current)), func(key string) bool { _, stays := planned[key]; return stays })
}

// prune adds to a change the deletion of the entries that the plan has named as
// undeclared.
func (m kvEntriesModel) prune(ctx context.Context, diags *diag.Diagnostics, change *reconcile.Change, state kvEntriesModel, digests map[string][]byte) {
	if m.Exclusive.IsNull() || state.Exclusive.IsNull() {
		return
	}
	change.Prune, _ = m.pruned(state, m.exclusive(ctx, diags), digests)
	change.IsAsPlanned = func(entry quiva.Entry) bool {
		digest, err := dynamicvalue.Digest(entry.Value)
		return err == nil && bytes.Equal(digest[:], digests[entry.Key])
	}
}

// undeclaredKept warns of undeclared entries that were not deleted.
func undeclaredKept(bucket string, keys []string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("undeclared"), "Undeclared entries kept",
		fmt.Sprintf("The apply was to delete %s, but found another value than the plan. Nothing that has changed since the plan is deleted. The next plan shows it again.", describeKeys(bucket, keys)))
}

// prunedElsewhere is the error for entries of a resource that an exclusive one,
// which was read before, plans to delete.
func prunedElsewhere(bucket string, keys []string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("KV entry to be deleted by another resource",
		fmt.Sprintf("A quiva_kv_entries with exclusive plans to delete %s, which this resource manages: Terraform read it before this one, so it could not know. %s", describeKeys(bucket, keys), exceptAdvice(keys)))
}

// exceptAdvice says how an exclusive resource leaves keys alone.
func exceptAdvice(keys []string) string {
	if len(keys) > listedKeys {
		return "Add patterns that match them to its except."
	}
	quoted := make([]string, len(keys))
	for i, key := range keys {
		quoted[i] = strconv.Quote(key)
	}
	return fmt.Sprintf("Have the exclusive resource leave them alone, beside what its except has already:\n\n  exclusive = {\n    except = [%s]\n  }", strings.Join(quoted, ", "))
}

// storeDigests puts the digests of undeclared entries into the private state.
func storeDigests(ctx context.Context, private privateState, keys []string, digests map[string]quiva.Digest) diag.Diagnostics {
	if len(keys) == 0 {
		return private.SetKey(ctx, undeclaredKey, nil)
	}
	stored := make(map[string][]byte, len(keys))
	for _, key := range keys {
		if digest := digests[key]; digest != (quiva.Digest{}) {
			stored[key] = digest[:]
		}
	}
	text, _ := json.Marshal(stored) // strings and bytes always encode
	return private.SetKey(ctx, undeclaredKey, text)
}

// digestsOf returns what storeDigests has stored.
func digestsOf(ctx context.Context, private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}) (digests map[string][]byte, diags diag.Diagnostics) {
	text, diags := private.GetKey(ctx, undeclaredKey)
	if text != nil {
		_ = json.Unmarshal(text, &digests) // without them, nothing is deleted
	}
	return digests, diags
}

func listOfKeys(keys []string) types.List {
	values := make([]attr.Value, len(keys))
	for i, key := range keys {
		values[i] = types.StringValue(key)
	}
	return types.ListValueMust(types.StringType, values)
}
