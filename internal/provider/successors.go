package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// successorsKey holds, in the private state of a planned change, which entries
// the plan creates.
//
// It reaches a Delete in two ways. The plan of a Delete has it where the other
// object's creation was planned before. And where Terraform replaces an object
// by deleting it first, Delete gets the plan of the creation that follows.
const successorsKey = "successors"

// successors are entries that an object leaves in place when it lets them go,
// because the plan creates them again.
type successors struct {
	Bucket string   `json:"bucket"`
	Keys   []string `json:"keys"`
	// IsReplacement says that the creation is the one that follows in place of
	// the object itself.
	IsReplacement bool `json:"is_replacement"`
}

// planCreation notes that entries are planned to be created. Those of a bucket
// that is itself deleted or replaced cannot stay in place.
func (g *gateway) planCreation(bucket string, keys []string) successors {
	g.run.PlanCreation(bucket, keys)
	if g.run.IsBucketLeaving(bucket) {
		return successors{}
	}
	return successors{bucket, keys, true}
}

// planDeletion returns those of an object's entries that the plan creates again.
func (g *gateway) planDeletion(ctx context.Context, bucket string, keys []string) successors {
	if g.run.IsBucketLeaving(bucket) {
		return successors{}
	}
	return successors{bucket, g.run.Successors(ctx, bucket, keys), false}
}

// in returns the keys, if they are a bucket's.
func (s successors) in(bucket string) []string {
	if s.Bucket != bucket {
		return nil
	}
	return s.Keys
}

// store puts successors into the private state, and none take away what is
// there.
func (s successors) store(ctx context.Context, private interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}) diag.Diagnostics {
	if len(s.Keys) == 0 {
		return private.SetKey(ctx, successorsKey, nil)
	}
	text, _ := json.Marshal(s) // strings always encode
	return private.SetKey(ctx, successorsKey, text)
}

func successorsOf(ctx context.Context, private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}) (successors, diag.Diagnostics) {
	var s successors
	text, diags := private.GetKey(ctx, successorsKey)
	if text != nil {
		_ = json.Unmarshal(text, &s) // without it, all is deleted
	}
	return s, diags
}
