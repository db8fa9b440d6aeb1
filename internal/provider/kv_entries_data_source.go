package provider

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// NewKVEntriesDataSource returns the data source quiva_kv_entries.
func NewKVEntriesDataSource() datasource.DataSource {
	return &kvEntriesDataSource{gatewayDataSource{typeName: kvEntriesType}}
}

type kvEntriesDataSource struct{ gatewayDataSource }

func (d *kvEntriesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: fmt.Sprintf("Reads the entries of a key-value bucket: all of them, those whose keys match a pattern, or those with a text or a number in an indexed field. The gateway lists at most %d entries and has no paging; "+
			"more are found by searches for longer and longer prefixes of the keys. `truncated` says whether there may be others.", quiva.MaxListLimit),
		Attributes: map[string]schema.Attribute{
			"bucket": requiredName(bucketName, "Name of the bucket."),
			"key_pattern": schema.StringAttribute{
				MarkdownDescription: "Pattern of the keys, in which `*` stands for any characters: `team-a.*`. If omitted, all keys match.",
				Optional:            true,
				Validators:          []validator.String{patternOfKeys},
			},
			"search": entriesSearchAttribute(),
			"limit": schema.NumberAttribute{
				MarkdownDescription: fmt.Sprintf("Maximum number of entries to read, 1 to %d. If there are more, the most recent are returned. If omitted, all are read, or up to %d for a `search` and for a `key_pattern` that is not a prefix with a `*` after it.", quiva.MaxListLimit, quiva.MaxListLimit),
				Optional:            true,
				Validators:          []validator.Number{wholeNumber{min: 1, max: quiva.MaxListLimit}},
			},
			"values": schema.BoolAttribute{
				MarkdownDescription: "Whether to return the values. With `false`, `entries` is null and only `keys` are stored in the state, so a bucket of secrets can be listed. Defaults to `true`.",
				Optional:            true,
			},
			"keys": schema.ListAttribute{
				MarkdownDescription: "Keys of the entries, sorted.",
				ElementType:         types.StringType,
				Computed:            true,
			},
			"entries": schema.DynamicAttribute{
				MarkdownDescription: "Values of the entries, as an object of native values by key: `data.quiva_kv_entries.example.entries[\"team-a.checkout\"].rollout`. Numbers keep up to 153 digits. It is stored in the state.",
				Computed:            true,
			},
			"truncated": computedBool("Whether there may be more entries than were read: the `limit` was reached, a `search` found 1,000 entries or, without a `limit`, fewer entries were found than the gateway counts. It also counts deleted keys for some time."),
		},
	}
}

// kvEntriesDataSourceModel is the data source quiva_kv_entries.
type kvEntriesDataSourceModel struct {
	Bucket     types.String   `tfsdk:"bucket"`
	KeyPattern types.String   `tfsdk:"key_pattern"`
	Search     *entriesSearch `tfsdk:"search"`
	Limit      types.Number   `tfsdk:"limit"`
	Values     types.Bool     `tfsdk:"values"`
	Keys       []string       `tfsdk:"keys"`
	Entries    types.Dynamic  `tfsdk:"entries"`
	Truncated  types.Bool     `tfsdk:"truncated"`
}

func (d *kvEntriesDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model kvEntriesDataSourceModel
	client, ok := d.gateway.clientFor(ctx, &resp.Diagnostics, req.Config, &model)
	if !ok {
		return
	}
	bucket, rejected := model.Bucket.ValueString(), path.Root("bucket")
	if !model.KeyPattern.IsNull() {
		rejected = path.Root("key_pattern")
	}
	found, truncated, err := model.find(ctx, client)
	switch {
	case err != nil && model.Search != nil:
		d.gateway.addSearchError(&resp.Diagnostics, bucket, model.Search.wanted(), err)
		return
	case err != nil:
		d.gateway.addListError(&resp.Diagnostics, bucket, rejected, err)
		return
	}

	withValues := model.Values.IsNull() || model.Values.ValueBool()
	model.Keys = []string{}
	entries := make(map[string]dynamicvalue.Value, len(found))
	for _, entry := range found {
		checkRepresentable(&resp.Diagnostics, bucket, entry.Key)
		model.Keys = append(model.Keys, entry.Key)
		if withValues {
			entries[entry.Key] = refreshValue(&resp.Diagnostics, entry.Key, dynamicvalue.Null, entry.Value)
		}
	}
	slices.Sort(model.Keys)
	if model.Entries = types.DynamicNull(); withValues {
		model.Entries = objectOf(&resp.Diagnostics, entries)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	model.Truncated = types.BoolValue(truncated)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// find returns the entries that are asked for, and whether there may be others.
func (m kvEntriesDataSourceModel) find(ctx context.Context, client *quiva.Client) (entries []quiva.Entry, truncated bool, err error) {
	bucket, pattern := m.Bucket.ValueString(), cmp.Or(m.KeyPattern.ValueString(), "*") // a pattern is never empty
	limit := int(*cmp.Or(int64Of(m.Limit), new(int64(quiva.MaxListLimit))))
	if m.Search != nil {
		return client.SearchIndex(ctx, bucket, m.Search.wanted(), limit)
	}
	if prefix, isPrefix := strings.CutSuffix(pattern, "*"); m.Limit.IsNull() && isPrefix && !strings.Contains(prefix, "*") {
		found, err := client.EnumerateEntries(ctx, bucket, prefix)
		return found.Entries, !found.Complete, err
	}
	if m.KeyPattern.IsNull() {
		entries, err = client.ListEntries(ctx, bucket, limit)
	} else {
		entries, err = client.SearchEntries(ctx, bucket, pattern, limit)
	}
	// The total that the gateway reports is not documented to include entries over
	// the limit.
	return entries, len(entries) >= limit, err
}
