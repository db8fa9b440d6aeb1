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

// NewKVBucketsDataSource returns the data source quiva_kv_buckets.
func NewKVBucketsDataSource() datasource.DataSource {
	return &kvBucketsDataSource{gatewayDataSource{typeName: "quiva_kv_buckets"}}
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

// kvBucketSummaryModel is one of the buckets.
type kvBucketSummaryModel struct {
	Name        string       `tfsdk:"name"`
	Description types.String `tfsdk:"description"`
	EntryTotal  *int64       `tfsdk:"entry_total"`
	Created     *string      `tfsdk:"created"`
}

func (d *kvBucketsDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	buckets := d.gateway.listBuckets(ctx, &resp.Diagnostics, path.Root("buckets"))
	if resp.Diagnostics.HasError() {
		return
	}
	models := make([]kvBucketSummaryModel, len(buckets))
	for i, bucket := range buckets {
		models[i] = kvBucketSummaryModel{bucket.Name, descriptionValue(bucket.Description), bucket.EntryTotal, bucket.Created}
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("buckets"), models)...)
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
