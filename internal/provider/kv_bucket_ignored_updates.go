package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// ignoredUpdatesKey holds, in the private state, what a bucket kept although the
// gateway accepted an update of it. A refresh does not take that for a change, or
// every plan would ask for the same update again.
const ignoredUpdatesKey = "ignored_updates"

// ignoredUpdates are the values that the gateway kept, as text, by argument.
type ignoredUpdates map[string]string

func ignoredUpdatesOf(ctx context.Context, private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}) (ignoredUpdates, diag.Diagnostics) {
	ignored := ignoredUpdates{}
	text, diags := private.GetKey(ctx, ignoredUpdatesKey)
	if text != nil {
		_ = json.Unmarshal(text, &ignored) // without it, the update is planned again
	}
	return ignored, diags
}

func (i ignoredUpdates) store(ctx context.Context, private interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}) diag.Diagnostics {
	if len(i) == 0 {
		return private.SetKey(ctx, ignoredUpdatesKey, nil)
	}
	text, _ := json.Marshal(i) // strings always encode
	return private.SetKey(ctx, ignoredUpdatesKey, text)
}

// updatable are the values that an update can change, as text, by argument.
func updatable(bucket quiva.Bucket) map[string]string {
	values := map[string]string{}
	if bucket.Description != nil {
		values["description"] = strconv.Quote(*bucket.Description)
	}
	for name, number := range map[string]*int64{"max_bytes": bucket.MaxBytes, "max_value_size": bucket.MaxValueSize, "indexing": bucket.IndexPartitions} {
		if number != nil {
			values[name] = strconv.FormatInt(*number, 10)
		}
	}
	return values
}

// compare notes which values of an update the gateway does not have afterwards.
func (i ignoredUpdates) compare(update quiva.BucketUpdate, updated quiva.Bucket) {
	wanted := quiva.Bucket{Description: update.Description, MaxBytes: update.MaxBytes, MaxValueSize: update.MaxValueSize}
	if update.Indexing != nil {
		wanted.IndexPartitions = &update.Indexing.Partitions
	}
	remote := updatable(updated)
	for name, value := range updatable(wanted) {
		delete(i, name)
		if kept, isReported := remote[name]; isReported && kept != value {
			i[name] = kept
		}
	}
}

// hide removes what the gateway kept from what it reports. A value that changed
// since then is a change like any other.
func (i ignoredUpdates) hide(remote *quiva.Bucket) {
	values := updatable(*remote)
	maps.DeleteFunc(i, func(name, kept string) bool { return values[name] != kept })
	for name, number := range map[string]**int64{"max_bytes": &remote.MaxBytes, "max_value_size": &remote.MaxValueSize, "indexing": &remote.IndexPartitions} {
		if i[name] != "" {
			*number = nil
		}
	}
	if i["description"] != "" {
		remote.Description = nil
	}
}

// warn says what the gateway kept.
func (i ignoredUpdates) warn(diags *diag.Diagnostics, bucket string) {
	for _, name := range slices.Sorted(maps.Keys(i)) {
		value := name + " = " + i[name]
		if name == "indexing" {
			value = "an index with partitions = " + i[name]
		}
		diags.AddAttributeWarning(path.Root(name), "Bucket keeps its "+name,
			fmt.Sprintf("The gateway accepted an update of %s, but bucket %q still has %s. Terraform does not plan the same update again.\n\n"+
				"To silence this warning, set %s to what the bucket has. To get a new bucket without it, and without any entries, replace this one:\n\n"+
				"  terraform apply -replace='ADDRESS'\n\n"+
				"ADDRESS stands for the full address that this warning shows.", name, bucket, value, name))
	}
}
