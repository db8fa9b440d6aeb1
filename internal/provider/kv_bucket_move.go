package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ resource.ResourceWithMoveState = (*kvBucketResource)(nil)

// MoveState takes over buckets that the provider of NATS manages, whatever
// registry that is from.
func (r *kvBucketResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveBucket}}
}

// moveBucket leaves all but the name to the refresh that follows, as an import
// does.
func moveBucket(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	const instead = "Without a move, import the bucket."
	if req.SourceTypeName != "jetstream_kv_bucket" {
		cannotMove(&resp.Diagnostics, req,
			fmt.Sprintf("Only a jetstream_kv_bucket can be moved to a quiva_kv_bucket, and this is a %s.", req.SourceTypeName), instead)
		return
	}
	source, ok := movedState[struct {
		Name string `json:"name"`
	}](&resp.Diagnostics, req)
	if !ok {
		return
	}
	if newBucketName.problem(source.Name) != "" {
		cannotMove(&resp.Diagnostics, req,
			fmt.Sprintf("A jetstream_kv_bucket is moved by its name, and this one has the name %q.", source.Name), instead)
		return
	}
	resp.Diagnostics.Append(storeUnreadBucket(ctx, types.StringValue(source.Name), &resp.TargetState, resp.TargetIdentity)...)
}
