package provider

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// NewKVBucketListResource returns the list resource quiva_kv_bucket.
func NewKVBucketListResource() list.ListResource {
	return &kvBucketListResource{gatewayResource{typeName: kvBucketType}}
}

type kvBucketListResource struct{ gatewayResource }

func (l *kvBucketListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the key-value buckets that the credential can see, each as a `quiva_kv_bucket`. Terraform lists 100 of them unless `limit` is set.",
		Attributes: map[string]schema.Attribute{
			"name_prefix": schema.StringAttribute{
				MarkdownDescription: "Prefix of the names, such as `team-a-`. If omitted, all buckets are listed.",
				Optional:            true,
			},
		},
	}
}

func (l *kvBucketListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	stream.Results = func(push func(list.ListResult) bool) {
		var prefix types.String
		diags := req.Config.GetAttribute(ctx, path.Root("name_prefix"), &prefix)
		buckets := l.gateway.listBuckets(ctx, &diags, path.Root("name_prefix"))
		buckets = slices.DeleteFunc(buckets, func(bucket quiva.Bucket) bool {
			return !strings.HasPrefix(bucket.Name, prefix.ValueString())
		})
		warnOfLimit(&diags, len(buckets), int(req.Limit), "buckets")
		if !pushDiagnostics(push, diags) {
			return
		}
		for _, bucket := range buckets[:min(len(buckets), int(req.Limit))] {
			result := req.NewListResult(ctx)
			result.DisplayName = bucket.Name
			result.Diagnostics.Append(result.Identity.SetAttribute(ctx, path.Root("bucket"), bucket.Name)...)
			if req.IncludeResource && !l.include(ctx, &result.Diagnostics, result.Resource, bucket.Name) {
				continue
			}
			if !push(result) || result.Diagnostics.HasError() {
				return
			}
		}
	}
}

// include reads a bucket into a result. It reports false if the bucket does not
// exist any more.
func (l *kvBucketListResource) include(ctx context.Context, diags *diag.Diagnostics, target *tfsdk.Resource, bucket string) bool {
	remote, err := l.gateway.client.GetBucket(ctx, bucket)
	if errors.Is(err, quiva.ErrNotFound) {
		return false
	}
	diags.Append(setUnreadBucket(ctx, target, bucket)...)
	var model kvBucketModel
	diags.Append(target.Get(ctx, &model)...)
	if err != nil {
		l.gateway.addError(diags, operation{doing: "read " + model.name(), rejected: path.Root("name_prefix")}, err)
		return true
	}
	model.refresh(ctx, diags, remote)
	diags.Append(target.Set(ctx, model)...)
	return true
}
