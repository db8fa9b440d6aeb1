package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// replacedBy returns the arguments whose planned change requires a new bucket.
func (m kvBucketModel) replacedBy(plan kvBucketModel) (names []string) {
	for _, argument := range []struct {
		name        string
		state, plan attr.Value
	}{
		{"bucket", m.Bucket, plan.Bucket},
		{"history", m.History, plan.History},
		{"replicas", m.Replicas, plan.Replicas},
		{"storage", m.Storage, plan.Storage},
		{"compression", m.Compression, plan.Compression},
	} {
		if !argument.state.Equal(argument.plan) {
			names = append(names, argument.name)
		}
	}
	return names
}

// warnOfReplacement warns of the entries of a bucket that is planned to be
// replaced because of some arguments: Terraform shows the bucket alone.
func (r *kvBucketResource) warnOfReplacement(ctx context.Context, diags *diag.Diagnostics, state kvBucketModel, arguments []string) {
	// The entries of a renamed bucket are usually replaced with it: their bucket
	// refers to it. Those that are not make its deletion fail and lose nothing.
	forced, isRenamed := state.ForceDestroy.ValueBool(), slices.Contains(arguments, "bucket")
	example, hasEntries := "", forced // where that cannot be known
	if client := r.gateway.client; client != nil {
		if entries, err := client.ListEntries(ctx, state.Bucket.ValueString(), 1); err == nil {
			if hasEntries = len(entries) > 0; hasEntries {
				example = fmt.Sprintf(", such as %q", entries[0].Key)
			}
		}
	}
	if !hasEntries || isRenamed && !forced {
		return
	}
	advice := "An entry that this plan replaces as well is deleted before the bucket and created after it, in the same apply. "
	if isRenamed {
		advice += "That is the case if its resource refers to the bucket:\n\n  bucket = ADDRESS.bucket"
	} else {
		advice += "To have an entry replaced, add this to its resource, with the bucket's address as ADDRESS:\n\n" +
			"  lifecycle {\n    replace_triggered_by = [ADDRESS." + strings.Join(arguments, ", ADDRESS.") + "]\n  }"
	}
	summary := "Bucket to be replaced holds entries"
	detail := fmt.Sprintf("Since force_destroy is not set, the bucket %q is not replaced while it holds entries%s.", state.Bucket.ValueString(), example)
	if forced {
		summary = "Replacing the bucket deletes its entries"
		detail = fmt.Sprintf("Since force_destroy is set, the bucket %q is deleted with all its entries%s. Declared entries that this plan does not replace are missing until the next apply.", state.Bucket.ValueString(), example)
	}
	diags.AddAttributeWarning(path.Root(arguments[0]), summary, detail+"\n\n"+advice)
}
