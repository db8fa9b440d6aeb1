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
      events  = [before_destroy]
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

// TestPurge: an action that is invoked by hand deletes its part. A bucket with foreign
// entries is destroyed once they are purged, and kept where they are too many.
func TestPurge(t *testing.T) {
	needMinor(t, 16)
	gateway := newGateway(t)
	w := newWorkspace(t, gateway)
	w.configure("", fmt.Sprintf(purgedBucket, 4))
	w.must("apply", "-auto-approve")
	for i := range 5 {
		gateway.PutEntry("previews", fmt.Sprint("team-a/", i), `{}`)
		gateway.PutEntry("previews", fmt.Sprint("team-b/", i), `{}`)
	}
	invoked := w.must("apply", "-auto-approve", "-invoke=action.quiva_kv_bucket_purge.team_a")
	if held := gateway.Entries("previews"); len(held) != 5 || held["team-b/0"] == "" || !invoked.says(`Deleted 5 entries of bucket "previews" with the prefix "team-a/"`) {
		t.Errorf("the gateway holds %v after:\n%s", held, invoked.output)
	}
	gateway.ResetRequests()
	refused := w.run("destroy", "-auto-approve")
	// Terraform makes a warning of the action's error, and goes on.
	if refused.status != 1 || !refused.says("Too many entries to delete") || !refused.says("Bucket is not empty") || len(writesOf(gateway)) > 0 {
		t.Errorf("the destroy ended with %d:\n%s", refused.status, refused.output)
	}
	w.configure("", fmt.Sprintf(purgedBucket, 10)) // the gateway still counts what was deleted
	gateway.ResetRequests()
	destroyed := w.must("destroy", "-auto-approve")
	if !destroyed.says(`Deleted 5 entries of bucket "previews"`) {
		t.Errorf("the destroy says:\n%s", destroyed.output)
	}
	if writes := writesOf(gateway); !slices.Equal(writes, []string{"DELETE /storage/kv/previews/purge", "DELETE /storage/kv/previews"}) {
		t.Errorf("the destroy wrote %q", writes)
	}
}
