package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// NewKVEntryListResource returns the list resource quiva_kv_entry.
func NewKVEntryListResource() list.ListResource {
	return &kvEntryListResource{gatewayResource{typeName: kvEntryType}}
}

type kvEntryListResource struct{ gatewayResource }

func (l *kvEntryListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the entries of a key-value bucket, each as a `quiva_kv_entry`. " + inClearText +
			" Terraform lists 100 of them unless `limit` is set.",
		Attributes: map[string]schema.Attribute{
			"bucket":     listedBucket,
			"key_prefix": listedKeyPrefix,
			"exclude": schema.ListAttribute{
				MarkdownDescription: "Patterns of keys to leave out, in which `*` stands for any characters: `[\"secrets.*\"]`.",
				ElementType:         types.StringType,
				Optional:            true,
				Validators:          []validator.List{listvalidator.NoNullValues(), listvalidator.ValueStringsAre(patternOfKeys)},
			},
		},
	}
}

// What the lists of entries have in common.
var (
	listedBucket = schema.StringAttribute{
		MarkdownDescription: "Name of the bucket.",
		Required:            true,
		Validators:          []validator.String{bucketName},
	}
	listedKeyPrefix = schema.StringAttribute{
		MarkdownDescription: "Prefix of the keys, such as `team-a.`. If omitted, all keys are listed.",
		Optional:            true,
		Validators:          []validator.String{keyPrefix},
	}
)

// inClearText warns of what a query that includes the resources writes.
const inClearText = "The configuration that `terraform query` generates holds the values in clear text, and so does the state after the import: leave out secrets."

// kvEntryListModel is the configuration of the list resource quiva_kv_entry.
type kvEntryListModel struct {
	Bucket    types.String `tfsdk:"bucket"`
	KeyPrefix types.String `tfsdk:"key_prefix"`
	Exclude   []string     `tfsdk:"exclude"`
}

func (l *kvEntryListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	stream.Results = func(push func(list.ListResult) bool) {
		var config kvEntryListModel
		diags := req.Config.Get(ctx, &config)
		entries := l.find(ctx, &diags, config, int(req.Limit))
		warnOfValues(&diags, config.Bucket.ValueString(), entries)
		if req.IncludeResource {
			warnOfFor(&diags, config.Bucket.ValueString(), entries)
		}
		if !pushDiagnostics(push, diags) {
			return
		}
		for _, entry := range entries {
			result := req.NewListResult(ctx)
			checkRepresentable(&result.Diagnostics, config.Bucket.ValueString(), entry.Key)
			model := unreadEntry(config.Bucket.ValueString(), entry.Key)
			result.DisplayName = model.ID.ValueString()
			result.Diagnostics.Append(result.Identity.Set(ctx, model.identity())...)
			if req.IncludeResource {
				model.Value = refreshValue(&result.Diagnostics, entry.Key, dynamicvalue.Null, entry.Value).Attribute()
				result.Diagnostics.Append(result.Resource.Set(ctx, model)...)
			}
			if !push(result) {
				return
			}
		}
	}
}

// find returns the entries to list.
func (l *kvEntryListResource) find(ctx context.Context, diags *diag.Diagnostics, config kvEntryListModel, limit int) []quiva.Entry {
	bucket, prefix := config.Bucket.ValueString(), config.KeyPrefix.ValueString()
	checkPatterns(diags, path.Root("exclude"), config.Exclude, prefix)
	asked := limit
	if len(config.Exclude) > 0 {
		asked = quiva.MaxListLimit
	}
	found := l.gateway.findEntries(ctx, diags, bucket, prefix, asked)
	count := 0
	if n := len(found.Entries); n > 0 && n == asked && n < quiva.MaxListLimit {
		all, _ := latestEntries(ctx, l.gateway.client, bucket, prefix, quiva.MaxListLimit)
		count = len(all)
	}
	excluded := anyOf(config.Exclude)
	entries := slices.DeleteFunc(found.Entries, func(entry quiva.Entry) bool { return excluded.MatchString(entry.Key) })
	if len(entries) < limit {
		warnOfMissing(diags, bucket, found)
	}
	slices.SortFunc(entries, func(a, b quiva.Entry) int { return cmp.Compare(a.Key, b.Key) })
	warnOfLimit(diags, max(count, len(entries)), limit, "entries")
	return entries[:min(len(entries), limit)]
}

// findEntries returns the entries whose keys begin with a prefix: the latest up to a
// limit below that of a list, else all of them. If there is an error, it returns none.
func (g *gateway) findEntries(ctx context.Context, diags *diag.Diagnostics, bucket, prefix string, limit int) quiva.Enumeration {
	found := quiva.Enumeration{Complete: true}
	client, ok := g.configuredClient(diags)
	if !ok || diags.HasError() {
		return found
	}
	var err error
	if limit < quiva.MaxListLimit {
		found.Entries, err = latestEntries(ctx, client, bucket, prefix, limit)
	} else {
		found, err = client.EnumerateEntries(ctx, bucket, prefix)
	}
	if err != nil {
		g.addListError(diags, bucket, path.Root("bucket"), err)
		found = quiva.Enumeration{Complete: true}
	}
	return found
}

// warnOfLimit says that a list is cut off: Terraform itself lists 100, and does not
// say so.
func warnOfLimit(diags *diag.Diagnostics, found, limit int, noun string) {
	if found <= limit {
		return
	}
	count := fmt.Sprint(found)
	if found == quiva.MaxListLimit {
		count = "at least " + count
	}
	diags.AddWarning("List is cut off",
		fmt.Sprintf("The list has %d of %s %s. Terraform lists 100 unless the list block sets a limit:\n\n  limit = %d", limit, count, noun, found))
}

// latestEntries returns entries whose keys begin with a prefix, up to a limit of
// one list.
func latestEntries(ctx context.Context, client *quiva.Client, bucket, prefix string, limit int) ([]quiva.Entry, error) {
	if prefix == "" {
		return client.ListEntries(ctx, bucket, limit)
	}
	return client.SearchEntries(ctx, bucket, prefix+"*", limit)
}

// anyOf returns patterns of keys, in which * stands for any characters, as a regular
// expression that matches what any of them matches.
func anyOf(patterns []string) *regexp.Regexp {
	alternatives := regexp.QuoteMeta(strings.Join(patterns, "|"))
	alternatives = strings.NewReplacer(`\*`, ".*", `\|`, "|").Replace(alternatives)
	return regexp.MustCompile(`(?s)\A(?:` + alternatives + `)\z`)
}

// warnOfValues says which of the listed entries no configuration can declare.
func warnOfValues(diags *diag.Diagnostics, bucket string, entries []quiva.Entry) {
	var keys []string
	for _, entry := range entries {
		if entry.Value[0] != '{' {
			keys = append(keys, entry.Key)
		}
	}
	if len(keys) > 0 {
		diags.AddWarning("Value is not an object",
			"A configuration can only declare JSON objects, so the generated one cannot be applied with "+describeKeys(bucket, keys)+". Exclude these keys.")
	}
}

// warnOfFor says for which of the listed entries Terraform generates a file that it
// cannot read: it writes property names without quotation marks, sorted, and takes an
// object that begins with the property "for" for an expression.
func warnOfFor(diags *diag.Diagnostics, bucket string, entries []quiva.Entry) {
	var keys []string
	for _, entry := range entries {
		var value any
		if json.Unmarshal(entry.Value, &value) == nil && beginsWithFor(value) {
			keys = append(keys, entry.Key)
		}
	}
	if len(keys) > 0 {
		diags.AddWarning("Generated configuration needs quotation marks",
			"In the generated configuration, Terraform takes the property \"for\" at the beginning of an object for an expression, and reports an error. Put it in quotation marks there, in the value of "+
				describeKeys(bucket, keys)+":\n\n  \"for\" = …")
	}
}

// beginsWithFor reports whether "for" is the first property of an object within a
// value.
func beginsWithFor(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		names := slices.Sorted(maps.Keys(value))
		return len(names) > 0 && names[0] == "for" ||
			slices.ContainsFunc(names, func(name string) bool { return beginsWithFor(value[name]) })
	case []any:
		return slices.ContainsFunc(value, beginsWithFor)
	}
	return false
}

// pushDiagnostics pushes a result with only diagnostics, if there are any, and
// reports whether others may follow. This is the only way to send diagnostics in a
// stream, and Terraform stops reading once it has as many results as it wants.
func pushDiagnostics(push func(list.ListResult) bool, diags diag.Diagnostics) bool {
	return len(diags) == 0 || push(list.ListResult{Diagnostics: diags})
}
