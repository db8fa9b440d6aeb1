package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// ignoredUpdates are the values that the gateway kept although it accepted an update of
// them, as text, by argument. A refresh does not take them for changes, or every plan
// would ask for the same update again.
type ignoredUpdates map[string]string

func ignoredUpdatesOf(ctx context.Context, private privateState) ignoredUpdates {
	if ignored, _ := ignoredUpdatesNote.read(ctx, private); ignored != nil {
		return *ignored
	}
	return ignoredUpdates{} // without it, the update is planned again
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
		bucketKeeps(diags, name, name+" to what the bucket has",
			fmt.Sprintf("The gateway accepted an update of %s, but bucket %q still has %s. Terraform does not plan the same update again.", name, bucket, value))
	}
}
