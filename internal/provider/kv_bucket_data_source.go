package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// NewKVBucketDataSource returns the data source quiva_kv_bucket.
func NewKVBucketDataSource() datasource.DataSource {
	return &kvBucketDataSource{gatewayDataSource{typeName: kvBucketType}}
}

type kvBucketDataSource struct{ gatewayDataSource }

func (d *kvBucketDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads how a key-value bucket is configured and how much it holds. A bucket that does not exist is an error.",
		Attributes: map[string]schema.Attribute{
			"bucket":           requiredName(bucketName, "Name of the bucket."),
			"description":      computedString("Description of the bucket, null if it has none."),
			"history":          computedInt64("Number of revisions that the bucket keeps of each entry."),
			"max_bytes":        computedInt64("Maximum size of the whole bucket in bytes, including all kept revisions. Null if there is no limit."),
			"max_value_size":   computedInt64("Maximum size of one value in bytes, as JSON text. Null if there is no limit."),
			"replicas":         computedInt64("Number of copies of the bucket in the gateway's cluster."),
			"storage":          computedString("Storage of the bucket: `file`, on disk, or `memory`."),
			"compression":      computedBool("Whether the bucket is kept compressed."),
			"index_partitions": computedInt64("Number of partitions of the bucket's index, which is all that the gateway reports of an index. Null if it reports none."),
			"entry_total":      computedInt64("Number of keys. It may include deleted keys for as long as the store behind the gateway keeps the marks of their deletion."),
			"bytes":            computedInt64("Size of what the bucket holds in bytes, including all kept revisions."),
			"created":          computedString("Time at which the bucket was created, in RFC 3339 format."),
		},
	}
}

func (d *kvBucketDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var name string
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("bucket"), &name)...)
	bucket, ok := d.gateway.readBucket(ctx, &resp.Diagnostics, name)
	if !ok {
		return
	}
	for attribute, value := range map[string]any{
		"description":      descriptionValue(bucket.Description),
		"history":          bucket.History,
		"max_bytes":        limitOf(bucket.MaxBytes),
		"max_value_size":   limitOf(bucket.MaxValueSize),
		"replicas":         bucket.Replicas,
		"storage":          bucket.Storage,
		"compression":      bucket.Compression,
		"index_partitions": bucket.IndexPartitions,
		"entry_total":      bucket.EntryTotal,
		"bytes":            bucket.Bytes,
		"created":          bucket.Created,
	} {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(attribute), value)...)
	}
}

// readBucket returns what the gateway says of a bucket. One that does not exist is an
// error.
func (g *gateway) readBucket(ctx context.Context, diags *diag.Diagnostics, name string) (quiva.Bucket, bool) {
	client, ok := g.configuredClient(diags)
	if !ok || diags.HasError() {
		return quiva.Bucket{}, false
	}
	bucket, err := client.GetBucket(ctx, name)
	g.addBucketError(diags, name, operation{doing: fmt.Sprintf("read the bucket %q", name), rejected: path.Root("bucket")}, err)
	return bucket, err == nil
}

func requiredName(accepted nameValidator, description string) schema.StringAttribute {
	return schema.StringAttribute{MarkdownDescription: description, Required: true, Validators: []validator.String{accepted}}
}

func computedString(description string) schema.StringAttribute {
	return schema.StringAttribute{MarkdownDescription: description, Computed: true}
}

func computedInt64(description string) schema.Int64Attribute {
	return schema.Int64Attribute{MarkdownDescription: description, Computed: true}
}

func computedBool(description string) schema.BoolAttribute {
	return schema.BoolAttribute{MarkdownDescription: description, Computed: true}
}
