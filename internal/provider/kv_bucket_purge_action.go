package provider

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

const (
	// defaultMaxEntries is the default of max_entries.
	defaultMaxEntries = 1000
	// purgeProgress is the number of deletions after which progress is reported.
	purgeProgress = 100
)

var (
	_ action.ActionWithConfigure  = (*kvBucketPurgeAction)(nil)
	_ action.ActionWithModifyPlan = (*kvBucketPurgeAction)(nil)
)

// NewKVBucketPurgeAction returns the action quiva_kv_bucket_purge.
func NewKVBucketPurgeAction() action.Action { return &kvBucketPurgeAction{} }

type kvBucketPurgeAction struct{ gateway *gateway }

func (a *kvBucketPurgeAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_kv_bucket_purge"
}

func (a *kvBucketPurgeAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Deletes all entries of a key-value bucket, or those whose keys begin with a prefix, and keeps the bucket. It counts them first, and deletes nothing if there are more than `max_entries`.",
		Attributes: map[string]schema.Attribute{
			"bucket": schema.StringAttribute{
				MarkdownDescription: "Name of the bucket.",
				Required:            true,
				Validators:          []validator.String{bucketName},
			},
			"key_prefix": schema.StringAttribute{
				MarkdownDescription: "Prefix of the keys of the entries to delete, such as `preview.`. They are deleted one by one. If omitted, all entries are deleted in one request.",
				Optional:            true,
				Validators:          []validator.String{keyPrefix},
			},
			"max_entries": schema.NumberAttribute{
				MarkdownDescription: fmt.Sprintf("Maximum number of entries to delete, at least 1. If there are more, nothing is deleted. Defaults to `%d`.", defaultMaxEntries),
				Optional:            true,
				Validators:          []validator.Number{wholeNumber{min: 1, max: math.MaxInt64}},
			},
		},
	}
}

// kvBucketPurgeModel is the configuration of the action.
type kvBucketPurgeModel struct {
	Bucket     types.String `tfsdk:"bucket"`
	KeyPrefix  types.String `tfsdk:"key_prefix"`
	MaxEntries types.Number `tfsdk:"max_entries"`
}

// scope names what is to be deleted within a sentence.
func (m kvBucketPurgeModel) scope() string {
	if m.KeyPrefix.IsNull() {
		return fmt.Sprintf("bucket %q", m.Bucket.ValueString())
	}
	return fmt.Sprintf("bucket %q with the prefix %q", m.Bucket.ValueString(), m.KeyPrefix.ValueString())
}

func (m kvBucketPurgeModel) maxEntries() int64 {
	return *cmp.Or(int64Of(m.MaxEntries), new(int64(defaultMaxEntries)))
}

func (a *kvBucketPurgeAction) Configure(_ context.Context, req action.ConfigureRequest, _ *action.ConfigureResponse) {
	a.gateway = gatewayFrom(req.ProviderData)
}

// ModifyPlan says what the action would delete now. A bucket that cannot be listed may
// be created by the same apply; if it is not, the action says why.
func (a *kvBucketPurgeAction) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	var config kvBucketPurgeModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if a.gateway.client == nil || resp.Diagnostics.HasError() || config.Bucket.IsUnknown() || config.KeyPrefix.IsUnknown() || config.MaxEntries.IsUnknown() {
		return
	}
	found, keys, err := config.count(ctx, a.gateway.client)
	if err != nil || len(keys) == 0 {
		return
	}
	detail := fmt.Sprintf("The action deletes %s.", describeKeys(config.Bucket.ValueString(), keys))
	if !found.Complete {
		detail += " There may be more."
	}
	if int64(len(keys)) > config.maxEntries() {
		detail = fmt.Sprintf("The action would delete %s. It refuses that: max_entries is %d.", describeKeys(config.Bucket.ValueString(), keys), config.maxEntries())
	}
	resp.Diagnostics.AddAttributeWarning(path.Root("bucket"), "This action deletes "+fmt.Sprintf("%s of %q", countEntries(len(keys)), config.Bucket.ValueString()), detail)
}

// count finds the entries to delete, and their keys.
func (m kvBucketPurgeModel) count(ctx context.Context, client *quiva.Client) (found quiva.Enumeration, keys []string, err error) {
	found, err = client.EnumerateEntries(ctx, m.Bucket.ValueString(), m.KeyPrefix.ValueString())
	if err == nil && m.KeyPrefix.IsNull() && found.Complete {
		// A list may be cut short unseen, and a purge deletes what it does not show.
		if counted, err := client.GetBucket(ctx, m.Bucket.ValueString()); err == nil && counted.EntryTotal != nil && *counted.EntryTotal > int64(len(found.Entries)) {
			found.Complete, found.Counted = false, counted.EntryTotal
		}
	}
	for _, entry := range found.Entries {
		keys = append(keys, entry.Key)
	}
	return found, keys, err
}

func (a *kvBucketPurgeAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var config kvBucketPurgeModel
	client, ok := a.gateway.clientFor(ctx, &resp.Diagnostics, req.Config, &config)
	if !ok {
		return
	}
	progress := func(format string, values ...any) {
		resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf(format, values...)})
	}

	progress("Counting the entries of %s", config.scope())
	bucket := config.Bucket.ValueString()
	found, keys, err := config.count(ctx, client)
	if err != nil {
		a.gateway.addListError(&resp.Diagnostics, bucket, path.Root("bucket"), err)
		return
	}
	config.refuseMore(&resp.Diagnostics, found)
	if resp.Diagnostics.HasError() {
		return
	}
	if len(keys) == 0 {
		progress("There are no entries: nothing was deleted")
		return
	}
	progress("Deleting %s of %s", countEntries(len(keys)), config.scope())
	if config.KeyPrefix.IsNull() {
		err := a.gateway.apply.PurgeBucket(ctx, bucket, keys)
		a.gateway.addBucketError(&resp.Diagnostics, bucket, operation{doing: fmt.Sprintf("delete the entries of bucket %q", bucket), rejected: path.Root("bucket")}, err)
	} else {
		requests := quiva.BatchResult{Failed: map[string]error{}}
		for part := range slices.Chunk(keys, purgeProgress) {
			if len(requests.Untried) > 0 { // a failure that would have met these too
				requests.Untried = append(requests.Untried, part...)
				continue
			}
			requests = requests.And(a.gateway.apply.DeleteEntries(ctx, bucket, part))
			if deleted := len(requests.Done); deleted < len(keys) {
				progress("Deleted %d of %d entries", deleted, len(keys))
			}
		}
		if requests.Err() != nil {
			a.gateway.addError(&resp.Diagnostics, operation{
				doing:    fmt.Sprintf("delete the entries of bucket %q", bucket),
				rejected: path.Root("key_prefix"),
				details:  describeBatch("deleted", len(keys), requests),
			}, requests.Err())
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	progress("Deleted %s of %s", countEntries(len(keys)), config.scope())
	if !found.Complete && !config.KeyPrefix.IsNull() {
		resp.Diagnostics.AddWarning("Some entries may be left",
			fmt.Sprintf("The gateway lists at most %d entries at once, so there may be more than the %d that were found and deleted. Invoke the action again until it finds none.", quiva.MaxListLimit, len(keys)))
	}
}

// refuseMore adds an error if there are more entries than may be deleted. A purge
// also deletes entries that were not found, so it is refused too if the entries
// cannot be counted.
func (m kvBucketPurgeModel) refuseMore(diags *diag.Diagnostics, found quiva.Enumeration) {
	count, limit := int64(len(found.Entries)), m.maxEntries()
	atLeast := ""
	if !found.Complete {
		atLeast = "at least "
	}
	switch isSure := found.Complete || !m.KeyPrefix.IsNull(); {
	case count > limit:
		diags.AddAttributeError(path.Root("max_entries"), "Too many entries to delete",
			fmt.Sprintf("There are %s%d entries in %s, and at most %d may be deleted. Nothing was deleted.\n\nTo delete them, raise the limit:\n\n  max_entries = %[2]d", atLeast, count, m.scope(), limit))
	case !isSure && found.Counted == nil:
		diags.AddAttributeError(path.Root("max_entries"), "Entries cannot be counted",
			fmt.Sprintf("%d entries were found in %s, but the gateway lists at most %d at once, and its count of all cannot be read. There may be more, which would be deleted too. Nothing was deleted.\n\n"+
				"Use a credential that may read the bucket, or delete the entries by their key_prefix.", count, m.scope(), quiva.MaxListLimit))
	case !isSure && *found.Counted > limit:
		diags.AddAttributeError(path.Root("max_entries"), "Entries cannot be counted",
			fmt.Sprintf("%d entries were found in %s, but the gateway counts %d keys, which include deleted ones for a time, and at most %d may be deleted. Nothing was deleted.\n\n"+
				"To delete them, raise the limit to what it counts:\n\n  max_entries = %[3]d", count, m.scope(), *found.Counted, limit))
	}
}
