package provider

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	},
}

var undeclaredAttribute = schema.ListAttribute{
	MarkdownDescription: "With `exclusive`, the keys in its scope that `entries` does not have, sorted. A plan shows those that leave the list: its apply deletes their entries.",
	ElementType:         types.StringType,
	Computed:            true,
}

// exclusiveScope is the exclusive argument.
type exclusiveScope struct {
	Except []string `tfsdk:"except"`
}

// noExclusive is the value of the argument where it is omitted.
var noExclusive = types.ObjectNull(map[string]attr.Type{"except": types.ListType{ElemType: types.StringType}})

// exclusive returns the argument, nil if it is not set or not known.
func (m kvEntriesModel) exclusive(ctx context.Context) *exclusiveScope {
	if value, err := m.Exclusive.ToTerraformValue(ctx); err != nil || !value.IsFullyKnown() {
		return nil
	}
	var scope *exclusiveScope
	_ = m.Exclusive.As(ctx, &scope, basetypes.ObjectAsOptions{}) // the schema's own type
	return scope
}

// without returns the keys that match none of the exceptions.
func (s *exclusiveScope) without(keys []string) []string {
	return slices.DeleteFunc(keys, anyOf(s.Except).MatchString)
}

// scope are the keys that no other resource may have.
func (m kvEntriesModel) scope(ctx context.Context) *reconcile.Scope {
	exclusive := m.exclusive(ctx)
	if exclusive == nil {
		return nil
	}
	excepted := anyOf(exclusive.Except)
	return &reconcile.Scope{Except: exclusive.Except, Contains: func(key string) bool {
		return strings.HasPrefix(key, m.KeyPrefix.ValueString()) && !excepted.MatchString(key)
	}}
}

// checkPatterns adds an error for a pattern that no key with a prefix can match, or
// that only looks as if it matched many: it would protect nothing.
func checkPatterns(diags *diag.Diagnostics, at path.Path, patterns []string, prefix string) {
	for _, pattern := range patterns {
		literal, _, hasWildcard := strings.Cut(pattern, "*")
		switch {
		case strings.HasSuffix(pattern, "/"):
			diags.AddAttributeError(at, "Pattern without effect",
				fmt.Sprintf("The pattern %q of %s matches one key that ends in a slash. To match all keys that begin with it:\n\n  %[3]q", pattern, at, pattern+"*"))
		case !strings.HasPrefix(literal, prefix) && (!hasWildcard || !strings.HasPrefix(prefix, literal)):
			diags.AddAttributeError(at, "Pattern without effect",
				fmt.Sprintf("The pattern %q of %s matches no key that begins with the key_prefix %q, so it protects nothing. Patterns match whole keys:\n\n  %[4]q", pattern, at, prefix, prefix+pattern))
		}
	}
}

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
	scope := state.exclusive(ctx)
	if scope == nil {
		return false
	}
	bucket := state.Bucket.ValueString()
	undeclared, err := findUndeclared(ctx, client, scope, *state)
	if err != nil && !errors.Is(err, quiva.ErrNotFound) { // a bucket that is gone has none
		r.gateway.addListError(diags, bucket, path.Root("exclusive"), err)
		return false
	}
	digests := make(map[string][]byte, len(undeclared))
	for key, digest := range undeclared {
		if digest != (quiva.Digest{}) {
			digests[key] = r.gateway.keyedDigest(digest)
		}
	}
	diags.Append(undeclaredNote.write(ctx, private, digests)...)
	before := state.Undeclared
	state.Undeclared = listOfKeys(slices.Sorted(maps.Keys(undeclared)))
	return !state.Undeclared.Equal(before)
}

// keyedDigest is a digest that tells nothing of a value to whoever lacks the
// credential.
func (g *gateway) keyedDigest(digest quiva.Digest) []byte {
	keyed := hmac.New(sha256.New, []byte(g.credential.Secret))
	keyed.Write(digest[:])
	return keyed.Sum(nil)
}

// listUndeclared finds what is undeclared once the resource has become exclusive.
// None of it is deleted before a plan has named it.
func (r *kvEntriesResource) listUndeclared(ctx context.Context, diags *diag.Diagnostics, client *quiva.Client, applied *kvEntriesModel) {
	bucket := applied.Bucket.ValueString()
	undeclared, err := findUndeclared(ctx, client, applied.exclusive(ctx), *applied)
	if err != nil {
		var problem diag.Diagnostics
		r.gateway.addListError(&problem, bucket, path.Root("exclusive"), err)
		// All entries are written: an error would make Terraform replace the
		// resource.
		diags.AddAttributeWarning(path.Root("exclusive"), "Undeclared entries not listed", problem[0].Detail())
	}
	keys := slices.Sorted(maps.Keys(undeclared))
	applied.Undeclared = listOfKeys(keys)
	if len(keys) > 0 {
		diags.AddAttributeWarning(path.Root("exclusive"), "Undeclared entries found",
			fmt.Sprintf("In the scope of exclusive, entries does not declare %s. Nothing was deleted. The next plan shows what exclusive deletes.", describeKeys(bucket, keys)))
	}
}

// planExclusive plans what is undeclared: what is not deleted, or what the apply
// finds if the resource only becomes exclusive. It returns what is deleted. The state
// is nil for a creation.
func (r *kvEntriesResource) planExclusive(ctx context.Context, diags *diag.Diagnostics, plan, state *kvEntriesModel, digests *map[string][]byte) (pruned []string) {
	scope := plan.exclusive(ctx)
	switch {
	case plan.Exclusive.IsNull():
		plan.Undeclared = types.ListNull(types.StringType)
		return nil
	case scope != nil && !plan.KeyPrefix.IsUnknown():
		checkPatterns(diags, path.Root("exclusive").AtName("except"), scope.Except, plan.KeyPrefix.ValueString())
	}
	switch {
	case scope == nil && state != nil:
		diags.AddAttributeError(path.Root("exclusive"), "Scope not known yet",
			"The plan must show what exclusive deletes, but exclusive depends on something that is only known after apply. Give it values that are known while planning.")
		return nil
	case state == nil || state.Exclusive.IsNull() || plan.identity() != state.identity():
		// Nothing in a new scope is deleted before a plan has named it.
		plan.Undeclared = types.ListUnknown(types.StringType)
		return nil
	}
	// What is kept does not depend on the entries, which may not be known yet.
	var kept, named []string
	for _, key := range scope.without(keysOf(state.Undeclared)) {
		if digests == nil || (*digests)[key] == nil {
			kept = append(kept, key) // no refresh has read it
		} else {
			named = append(named, key)
		}
	}
	if limit := plan.maxDeletions(); int64(len(named)) > limit {
		diags.AddAttributeWarning(path.Root("exclusive"), "Undeclared entries not deleted",
			fmt.Sprintf("The scope of exclusive holds %s not declared in entries, more than the %d that max_deletions allows. None of them is deleted. To let some stay, name them:\n\n%s\n\nTo delete all, raise the limit for one apply:\n\n  max_deletions = %d",
				quoteEntries(named, ""), limit, exceptText(append(slices.Clone(scope.Except), "PATTERN")), len(named)))
		kept, named = append(kept, named...), nil
	}
	slices.Sort(kept)
	plan.Undeclared = listOfKeys(kept)
	declared, _ := dynamicvalue.Of(plan.Entries).Members()
	return without(named, declared)
}

// prune adds to a change the deletion of the entries that the plan has named as
// undeclared: those that have left the list.
func (r *kvEntriesResource) prune(change *reconcile.Change, plan, state kvEntriesModel, digests *map[string][]byte) {
	if plan.Exclusive.IsNull() || state.Exclusive.IsNull() || plan.Undeclared.IsUnknown() || digests == nil {
		return
	}
	scope := plan.exclusive(context.Background())
	kept := keysOf(plan.Undeclared)
	declared, _ := dynamicvalue.Of(plan.Entries).Members()
	for _, key := range without(scope.without(keysOf(state.Undeclared)), declared) {
		if (*digests)[key] != nil && !slices.Contains(kept, key) {
			change.Prune = append(change.Prune, key)
		}
	}
	change.IsAsPlanned = func(key string, digest quiva.Digest) bool {
		return hmac.Equal(r.gateway.keyedDigest(digest), (*digests)[key])
	}
}

// keysOf is the opposite of listOfKeys.
func keysOf(list types.List) (keys []string) {
	for _, element := range list.Elements() {
		key, _ := element.(types.String)
		keys = append(keys, key.ValueString())
	}
	return keys
}

func listOfKeys(keys []string) types.List {
	values := make([]attr.Value, len(keys))
	for i, key := range keys {
		values[i] = types.StringValue(key)
	}
	return types.ListValueMust(types.StringType, values)
}
