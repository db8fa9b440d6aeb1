package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

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
		bucket, limit := config.Bucket.ValueString(), 1 // which tells that there are some
		if req.IncludeResource {
			limit = quiva.MaxListLimit
		}
		found := l.gateway.findEntries(ctx, &diags, bucket, config.KeyPrefix.ValueString(), limit)
		warnOfMissing(&diags, bucket, found)
		warnOfValues(&diags, bucket, found.Entries)
		if req.IncludeResource {
			warnOfFor(&diags, bucket, found.Entries)
		}
		if !pushDiagnostics(push, diags) || len(found.Entries) == 0 {
			return
		}
		result := req.NewListResult(ctx)
		result.DisplayName = config.id().ValueString()
		result.Diagnostics.Append(result.Identity.Set(ctx, config)...)
		if req.IncludeResource {
			result.Diagnostics.Append(result.Resource.Set(ctx, importedEntries(&result.Diagnostics, config, found.Entries))...)
		}
		push(result)
	}
}
