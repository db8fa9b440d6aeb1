package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

var _ datasource.DataSourceWithConfigure = (*kvBucketDataSource)(nil)

// NewKVBucketDataSource returns the data source quiva_kv_bucket.
func NewKVBucketDataSource() datasource.DataSource {
	return &kvBucketDataSource{}
}

type kvBucketDataSource struct{ gatewayDataSource }

func (d *kvBucketDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_kv_bucket"
}

func (d *kvBucketDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads how a key-value bucket is configured and how much it holds. A bucket that does not exist is an error.",
		Attributes: map[string]schema.Attribute{
			"bucket": schema.StringAttribute{
				MarkdownDescription: "Name of the bucket.",
				Required:            true,
				Validators:          []validator.String{bucketName},
			},
			"description": schema.StringAttribute{
				MarkdownDescription: "Description of the bucket, null if it has none.",
				Computed:            true,
			},
			"history": schema.Int64Attribute{
				MarkdownDescription: "Number of revisions that the bucket keeps of each entry.",
				Computed:            true,
			},
			"max_bytes": schema.Int64Attribute{
				MarkdownDescription: "Maximum size of the whole bucket in bytes, including all kept revisions. Null if there is no limit.",
				Computed:            true,
			},
			"max_value_size": schema.Int64Attribute{
				MarkdownDescription: "Maximum size of one value in bytes, as JSON text. Null if there is no limit.",
				Computed:            true,
			},
			"replicas": schema.Int64Attribute{
				MarkdownDescription: "Number of copies of the bucket in the gateway's cluster.",
				Computed:            true,
			},
			"storage": schema.StringAttribute{
				MarkdownDescription: "Storage of the bucket: `file`, on disk, or `memory`.",
				Computed:            true,
			},
			"compression": schema.BoolAttribute{
				MarkdownDescription: "Whether the bucket is kept compressed.",
				Computed:            true,
			},
			"index_partitions": schema.Int64Attribute{
				MarkdownDescription: "Number of partitions of the bucket's index, which is all that the gateway reports of an index. Null if it reports none.",
				Computed:            true,
			},
			"entry_total": schema.Int64Attribute{
				MarkdownDescription: "Number of keys. It may include deleted keys for as long as the store behind the gateway keeps the marks of their deletion.",
				Computed:            true,
			},
			"bytes": schema.Int64Attribute{
				MarkdownDescription: "Size of what the bucket holds in bytes, including all kept revisions.",
				Computed:            true,
			},
			"created": schema.StringAttribute{
				MarkdownDescription: "Time at which the bucket was created, in RFC 3339 format.",
				Computed:            true,
			},
		},
	}
}

// kvBucketDataSourceModel is the data source quiva_kv_bucket.
type kvBucketDataSourceModel struct {
	Bucket          types.String `tfsdk:"bucket"`
	Description     types.String `tfsdk:"description"`
	History         types.Int64  `tfsdk:"history"`
	MaxBytes        types.Int64  `tfsdk:"max_bytes"`
	MaxValueSize    types.Int64  `tfsdk:"max_value_size"`
	Replicas        types.Int64  `tfsdk:"replicas"`
	Storage         types.String `tfsdk:"storage"`
	Compression     types.Bool   `tfsdk:"compression"`
	IndexPartitions types.Int64  `tfsdk:"index_partitions"`
	EntryTotal      types.Int64  `tfsdk:"entry_total"`
	Bytes           types.Int64  `tfsdk:"bytes"`
	Created         types.String `tfsdk:"created"`
}

func (d *kvBucketDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model kvBucketDataSourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client, ok := d.gateway.configuredClient(&resp.Diagnostics)
	if !ok {
		return
	}
	name := model.Bucket.ValueString()
	bucket, err := client.GetBucket(ctx, name)
	switch {
	case errors.Is(err, quiva.ErrNotFound):
		d.gateway.noSuchBucket(&resp.Diagnostics, name)
		return
	case err != nil:
		d.gateway.addError(&resp.Diagnostics, operation{doing: fmt.Sprintf("read the bucket %q", name), rejected: path.Root("bucket")}, err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, kvBucketDataSourceModel{
		Bucket:          model.Bucket,
		Description:     descriptionValue(bucket.Description),
		History:         types.Int64PointerValue(bucket.History),
		MaxBytes:        types.Int64PointerValue(limitOf(bucket.MaxBytes)),
		MaxValueSize:    types.Int64PointerValue(limitOf(bucket.MaxValueSize)),
		Replicas:        types.Int64PointerValue(bucket.Replicas),
		Storage:         types.StringPointerValue(bucket.Storage),
		Compression:     types.BoolPointerValue(bucket.Compression),
		IndexPartitions: types.Int64PointerValue(bucket.IndexPartitions),
		EntryTotal:      types.Int64PointerValue(bucket.EntryTotal),
		Bytes:           types.Int64PointerValue(bucket.Bytes),
		Created:         types.StringPointerValue(bucket.Created),
	})...)
}
