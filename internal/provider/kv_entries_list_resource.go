package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

var _ list.ListResourceWithConfigure = (*kvEntriesListResource)(nil)

// NewKVEntriesListResource returns the list resource quiva_kv_entries.
func NewKVEntriesListResource() list.ListResource {
	return &kvEntriesListResource{gatewayResource{typeName: kvEntriesType}}
}

type kvEntriesListResource struct{ gatewayResource }

func (l *kvEntriesListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists all entries of a key-value bucket, or those whose keys begin with a prefix, as one `quiva_kv_entries`, however many they are. " + inClearText,
		Attributes: map[string]schema.Attribute{
			"bucket":     listedBucket,
			"key_prefix": listedKeyPrefix,
		},
	}
}

// List gives one result, or none where there is no entry.
func (l *kvEntriesListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	stream.Results = func(push func(list.ListResult) bool) {
		var config kvEntriesIdentity
		diags := req.Config.Get(ctx, &config)
		entries := l.find(ctx, &diags, config, req.IncludeResource)
		if !pushDiagnostics(push, diags) || len(entries) == 0 {
			return
		}
		result := req.NewListResult(ctx)
		result.DisplayName = config.id().ValueString()
		result.Diagnostics.Append(result.Identity.Set(ctx, config)...)
		if req.IncludeResource {
			result.Diagnostics.Append(result.Resource.Set(ctx, importedEntries(&result.Diagnostics, config, entries))...)
		}
		push(result)
	}
}

// find returns the entries: all of them, or one that tells that there are some.
func (l *kvEntriesListResource) find(ctx context.Context, diags *diag.Diagnostics, config kvEntriesIdentity, all bool) []quiva.Entry {
	client, ok := l.gateway.configuredClient(diags)
	if !ok || diags.HasError() {
		return nil
	}
	bucket, prefix := config.Bucket.ValueString(), config.KeyPrefix.ValueString()
	found := quiva.Enumeration{Complete: true}
	var err error
	if all {
		found, err = client.EnumerateEntries(ctx, bucket, prefix)
	} else {
		found.Entries, err = latestEntries(ctx, client, bucket, prefix, 1)
	}
	if err != nil {
		l.gateway.addListError(diags, bucket, path.Root("bucket"), err)
		return nil
	}
	warnOfMissing(diags, bucket, found)
	warnOfValues(diags, bucket, found.Entries)
	if all {
		warnOfFor(diags, bucket, found.Entries)
	}
	return found.Entries
}
