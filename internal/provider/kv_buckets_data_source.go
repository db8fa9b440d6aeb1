package provider

import (
	"cmp"
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

var _ datasource.DataSourceWithConfigure = (*kvBucketsDataSource)(nil)

// NewKVBucketsDataSource returns the data source quiva_kv_buckets.
func NewKVBucketsDataSource() datasource.DataSource {
	return &kvBucketsDataSource{gatewayDataSource{suffix: "_kv_buckets"}}
}

type kvBucketsDataSource struct{ gatewayDataSource }

func (d *kvBucketsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists all key-value buckets that the credential can see.",
		Attributes: map[string]schema.Attribute{
			"buckets": schema.ListNestedAttribute{
				MarkdownDescription: "The buckets, sorted by name.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{
					Attributes: map[string]schema.Attribute{
						"name":        computedString("Name of the bucket."),
						"description": computedString("Description of the bucket, null if it has none."),
						"entry_total": computedInt64("Number of entries, as the gateway counts them."),
						"created":     computedString("Time at which the bucket was created, in RFC 3339 format."),
					},
				},
			},
		},
	}
}

// kvBucketsDataSourceModel is the data source quiva_kv_buckets.
type kvBucketsDataSourceModel struct {
	Buckets []kvBucketSummaryModel `tfsdk:"buckets"`
}

type kvBucketSummaryModel struct {
	Name        types.String `tfsdk:"name"`
	Description types.String `tfsdk:"description"`
	EntryTotal  types.Int64  `tfsdk:"entry_total"`
	Created     types.String `tfsdk:"created"`
}

func (d *kvBucketsDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	buckets := d.gateway.listBuckets(ctx, &resp.Diagnostics, path.Root("buckets"))
	if resp.Diagnostics.HasError() {
		return
	}
	model := kvBucketsDataSourceModel{Buckets: make([]kvBucketSummaryModel, len(buckets))}
	for i, bucket := range buckets {
		model.Buckets[i] = kvBucketSummaryModel{
			Name:        types.StringValue(bucket.Name),
			Description: descriptionValue(bucket.Description),
			EntryTotal:  types.Int64PointerValue(bucket.EntryTotal),
			Created:     types.StringPointerValue(bucket.Created),
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// listBuckets returns all buckets, sorted by name: the gateway documents no order, and
// a changing one would be noise in a plan.
func (g *gateway) listBuckets(ctx context.Context, diags *diag.Diagnostics, rejected path.Path) []quiva.Bucket {
	client, ok := g.configuredClient(diags)
	if !ok || diags.HasError() {
		return nil
	}
	buckets, err := client.ListBuckets(ctx)
	if err != nil {
		g.addError(diags, operation{doing: "list the buckets", rejected: rejected}, err)
	}
	slices.SortFunc(buckets, func(a, b quiva.Bucket) int { return cmp.Compare(a.Name, b.Name) })
	return buckets
}
