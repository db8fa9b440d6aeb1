package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// ImportState takes "bucket", for what its list shows, or "bucket/pattern".
func (r *kvEntriesResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	bucket, pattern, hasPattern := strings.Cut(req.ID, "/")
	if bucketName.problem(bucket) != "" || hasPattern && entryKey.problem(pattern) != "" {
		resp.Diagnostics.AddError("Invalid import ID",
			fmt.Sprintf("Entries are imported by their bucket, as BUCKET, or by a prefix of their keys, as BUCKET/PREFIX*: feature-flags/checkout/*. What was given is %q.", req.ID))
		return
	}
	client, ok := r.gateway.configuredClient(&resp.Diagnostics)
	if !ok {
		return
	}
	var listed []quiva.Entry
	var err error
	if hasPattern {
		listed, err = client.SearchEntries(ctx, bucket, pattern, quiva.MaxListLimit)
	} else {
		listed, err = client.ListEntries(ctx, bucket, quiva.MaxListLimit)
	}
	switch {
	case errors.Is(err, quiva.ErrNotFound):
		r.gateway.missingBucket(&resp.Diagnostics, bucket)
		return
	case err != nil:
		r.gateway.addError(&resp.Diagnostics, operation{doing: fmt.Sprintf("list the entries of the bucket %q", bucket), rejected: path.Root("entries")}, err)
		return
	case len(listed) == quiva.MaxListLimit:
		resp.Diagnostics.AddWarning("Some entries may be missing",
			fmt.Sprintf("The gateway lists at most %d entries at once, and these are as many. Entries of the configuration that are not among them are created, or adopted if they are equal. To import less at a time, give a prefix: %s.",
				quiva.MaxListLimit, shellQuote(bucket+"/PREFIX*")))
	}
	entries := make(map[string]dynamicvalue.Value, len(listed))
	for _, entry := range listed {
		entries[entry.Key] = decodeValue(&resp.Diagnostics, entry.Key, entry.Value)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, kvEntriesModel{
		Bucket:  types.StringValue(bucket),
		Entries: dynamicvalue.Object(entries).Attribute(),
		// The default, so that the first plan after an import is empty.
		Overwrite: types.BoolValue(false),
		ID:        types.StringValue(bucket),
	})...)
}
