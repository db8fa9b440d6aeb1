package endtoend_test

import (
	"fmt"
	"slices"
	"testing"
)

// purgedBucket is a bucket that is purged before it is destroyed, and an action
// that purges a part of it.
const purgedBucket = `
resource "quiva_kv_bucket" "previews" {
  bucket = "previews"

  lifecycle {
    action_trigger {
      events  = [%s]
      actions = [action.quiva_kv_bucket_purge.all]
    }
  }
}
action "quiva_kv_bucket_purge" "all" {
  config {
    bucket      = "previews"
    max_entries = %d
  }
}
action "quiva_kv_bucket_purge" "team_a" {
  config {
    bucket     = "previews"
    key_prefix = "team-a/"
  }
}
`

// TestPurgeInvoked: an action that is invoked by hand says in numbers what it does,
// and refuses what is too much.
func TestPurgeInvoked(t *testing.T) {
	needMinor(t, 14)
	gateway := newGateway(t)
	w := newWorkspace(t, gateway)
	w.configure("", fmt.Sprintf(purgedBucket, "after_update", 4))
	w.must("apply", "-auto-approve")
	for i := range 3 {
		gateway.PutEntry("previews", fmt.Sprintf("team-a/%d", i), `{}`)
		gateway.PutEntry("previews", fmt.Sprintf("team-b/%d", i), `{}`)
	}
	gateway.ResetRequests()
	refused := w.run("apply", "-auto-approve", "-invoke=action.quiva_kv_bucket_purge.all")
	if refused.status != 1 || !refused.says(`There are 6 entries in bucket "previews", and at most 4 may be deleted. Nothing was deleted.`) || len(writesOf(gateway)) > 0 {
		t.Errorf("a purge of too many ended with %d:\n%s", refused.status, refused.output)
	}
	invoked := w.must("apply", "-auto-approve", "-invoke=action.quiva_kv_bucket_purge.team_a")
	for _, text := range []string{`Counting the entries of bucket "previews" with the prefix "team-a/"`, `Deleted 3 entries of bucket "previews" with the prefix "team-a/"`} {
		if !invoked.says(text) {
			t.Errorf("it does not say %q:\n%s", text, invoked.output)
		}
	}
	if held := gateway.Entries("previews"); len(held) != 3 || held["team-b/0"] == "" {
		t.Errorf("the gateway holds %v", held)
	}
	// The gateway still counts what was deleted.
	w.configure("", fmt.Sprintf(purgedBucket, "after_update", 6))
	if invoked := w.must("apply", "-auto-approve", "-invoke=action.quiva_kv_bucket_purge.all"); !invoked.says(`Deleting 3 entries of bucket "previews"`) {
		t.Errorf("the purge says:\n%s", invoked.output)
	}
	if held := gateway.Entries("previews"); len(held) > 0 || !slices.Contains(gateway.Buckets(), "previews") {
		t.Errorf("the gateway holds %v in %q", held, gateway.Buckets())
	}
}

// TestPurgeBeforeDestroy: a bucket with foreign entries is destroyed once they are
// purged, and kept where they are too many.
func TestPurgeBeforeDestroy(t *testing.T) {
	needMinor(t, 16)
	gateway := newGateway(t)
	w := newWorkspace(t, gateway)
	w.configure("", fmt.Sprintf(purgedBucket, "before_destroy", 4))
	w.must("apply", "-auto-approve")
	for i := range 5 {
		gateway.PutEntry("previews", fmt.Sprint("k", i), `{}`)
	}
	gateway.ResetRequests()
	refused := w.run("destroy", "-auto-approve")
	// Terraform makes a warning of the action's error, and goes on.
	if refused.status != 1 || !refused.says("Too many entries to delete") || !refused.says("Bucket is not empty") || len(writesOf(gateway)) > 0 {
		t.Errorf("the destroy ended with %d:\n%s", refused.status, refused.output)
	}
	w.configure("", fmt.Sprintf(purgedBucket, "before_destroy", 5))
	gateway.ResetRequests()
	destroyed := w.must("destroy", "-auto-approve")
	if !destroyed.says(`Deleted 5 entries of bucket "previews"`) {
		t.Errorf("the destroy says:\n%s", destroyed.output)
	}
	if writes := writesOf(gateway); !slices.Equal(writes, []string{"DELETE /storage/kv/previews/purge", "DELETE /storage/kv/previews"}) {
		t.Errorf("the destroy wrote %q", writes)
	}
}
