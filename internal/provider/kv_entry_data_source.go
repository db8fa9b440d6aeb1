package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// NewKVEntryDataSource returns the data source quiva_kv_entry.
func NewKVEntryDataSource() datasource.DataSource {
	return &kvEntryDataSource{gatewayDataSource{typeName: kvEntryType}}
}

type kvEntryDataSource struct{ gatewayDataSource }

func (d *kvEntryDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads one entry of a key-value bucket. An entry that does not exist is an error. A secret is better read with the ephemeral resource of the same name.",
		Attributes: map[string]schema.Attribute{
			"bucket": requiredName(bucketName, "Name of the bucket."),
			"key":    requiredName(entryKey, "Key of the entry."),
			"value": schema.DynamicAttribute{
				MarkdownDescription: "Value of the entry, as a native value: `data.quiva_kv_entry.example.value.rollout`. Numbers keep up to 153 digits. It is stored in the state.",
				Computed:            true,
			},
		},
	}
}

// kvEntryValueModel is an entry that is read: by the data source or by the
// ephemeral resource.
type kvEntryValueModel struct {
	Bucket types.String  `tfsdk:"bucket"`
	Key    types.String  `tfsdk:"key"`
	Value  types.Dynamic `tfsdk:"value"`
}

func (d *kvEntryDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	model, ok := d.gateway.readValue(ctx, &resp.Diagnostics, req.Config,
		"If this configuration creates the entry, take its value from the resource instead of reading it.")
	if ok {
		resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	}
}

// readValue returns the entry that a configuration names. One that does not exist is an
// error, and missing says what to do about it.
func (g *gateway) readValue(
	ctx context.Context, diags *diag.Diagnostics, config tfsdk.Config, missing string,
) (model kvEntryValueModel, ok bool) {
	if _, ok := g.clientFor(ctx, diags, config, &model); !ok {
		return model, false
	}
	entry, ok := g.getEntry(ctx, diags, model.Bucket.ValueString(), model.Key.ValueString(), missing)
	if ok {
		model.Value = refreshValue(diags, entry.Key, dynamicvalue.Null, entry.Value).Attribute()
	}
	return model, ok && !diags.HasError()
}

// getEntry reads an entry. One that does not exist is an error, as in readValue.
func (g *gateway) getEntry(ctx context.Context, diags *diag.Diagnostics, bucket, key, missing string) (quiva.Entry, bool) {
	entry, err := g.client.GetEntry(ctx, bucket, key)
	switch {
	case errors.Is(err, quiva.ErrNotFound):
		diags.AddAttributeError(path.Root("key"), "KV entry does not exist",
			fmt.Sprintf("The gateway at %s has no entry %q in bucket %q, or no such bucket. %s", g.endpoint, key, bucket, missing))
	case err != nil:
		g.addError(diags, readingEntry(bucket, key), err)
	}
	return entry, err == nil
}

// readingEntry is what a request that reads an entry does.
func readingEntry(bucket, key string) operation {
	return operation{doing: fmt.Sprintf("read entry %q in bucket %q", key, bucket), rejected: path.Root("key")}
}
