package provider

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// ImportState takes "bucket" or "bucket/prefix*", or the identity.
func (r *kvEntriesResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	identity, given := parseEntriesID(req.ID), strconv.Quote(req.ID)
	if isByIdentity(req) {
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
		given = fmt.Sprintf("bucket = %q, key_prefix = %q", identity.Bucket.ValueString(), identity.KeyPrefix.ValueString())
	}
	bucket, prefix := identity.Bucket.ValueString(), identity.KeyPrefix.ValueString()
	problem := bucketName.problem(bucket)
	switch {
	case problem != "" || identity.KeyPrefix.IsNull():
	case prefix == "":
		problem = "A prefix must not be empty, and must be followed by \"*\"."
	default:
		problem = keyPrefix.problem(prefix)
	}
	if problem != "" {
		resp.Diagnostics.AddError("Invalid import ID",
			fmt.Sprintf("Entries are imported by their bucket, as BUCKET, or by a prefix of their keys, as BUCKET/PREFIX*, such as feature-flags/checkout/*. Got %s. %s", given, problem))
		return
	}
	found := r.gateway.findEntries(ctx, &resp.Diagnostics, bucket, prefix, quiva.MaxListLimit)
	warnOfMissing(&resp.Diagnostics, bucket, found)
	imported := importedEntries(&resp.Diagnostics, identity, found.Entries)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(storeModel(ctx, imported, &resp.State, resp.Identity)...)
	}
}

// parseEntriesID is the opposite of kvEntriesIdentity.id. A bucket's name has no
// slash, a prefix may. For an invalid ID, the prefix is empty.
func parseEntriesID(id string) kvEntriesIdentity {
	bucket, pattern, hasPattern := strings.Cut(id, "/")
	identity := kvEntriesIdentity{Bucket: types.StringValue(bucket)}
	if hasPattern {
		prefix, isPrefix := strings.CutSuffix(pattern, "*")
		if !isPrefix {
			prefix = ""
		}
		identity.KeyPrefix = types.StringValue(prefix)
	}
	return identity
}

// importedEntries returns the resource for the listed entries.
func importedEntries(diags *diag.Diagnostics, identity kvEntriesIdentity, listed []quiva.Entry) kvEntriesModel {
	entries := make(map[string]dynamicvalue.Value, len(listed))
	for _, entry := range listed {
		checkRepresentable(diags, identity.Bucket.ValueString(), entry.Key)
		entries[entry.Key] = refreshValue(diags, entry.Key, dynamicvalue.Null, entry.Value)
	}
	return kvEntriesModel{
		Bucket:    identity.Bucket,
		KeyPrefix: identity.KeyPrefix,
		Entries:   objectOf(diags, entries),
		// The default, so that the first plan after an import is empty.
		Overwrite:    types.BoolValue(false),
		MaxDeletions: types.NumberNull(),
		Exclusive:    noExclusive,
		Undeclared:   types.ListNull(types.StringType),
		ID:           identity.id(),
	}
}

// addListError adds the error for entries that could not be listed; rejected is
// the attribute that a 400 is about.
func (g *gateway) addListError(diags *diag.Diagnostics, bucket string, rejected path.Path, err error) {
	g.addBucketError(diags, bucket, operation{doing: fmt.Sprintf("list the entries of the bucket %q", bucket), rejected: rejected}, err)
}

// warnOfMissing says why there may be more entries than were found.
func warnOfMissing(diags *diag.Diagnostics, bucket string, found quiva.Enumeration) {
	if found.Complete {
		return
	}
	reason := "Whether these are all cannot be confirmed: the gateway counts only the keys of a whole bucket, and only for a credential that may read the bucket."
	if found.Counted != nil {
		reason = fmt.Sprintf("The gateway counts %d keys in the bucket. It also counts deleted keys for some time, which may be the difference.", *found.Counted)
	}
	diags.AddWarning("Some entries may be missing",
		fmt.Sprintf("The gateway lists at most %d entries at once. Searches by prefix found %d entries in bucket %q. %s", quiva.MaxListLimit, len(found.Entries), bucket, reason))
}
