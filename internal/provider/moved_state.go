package provider

import (
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// movedState decodes the state of another provider's resource into a struct
// whose fields are its attributes, absent ones included. The error shows no
// value: any may be a secret.
func movedState[T any](diags *diag.Diagnostics, req resource.MoveStateRequest) (state T, ok bool) {
	if json.Unmarshal(req.SourceRawState.JSON, &state) == nil {
		return state, true
	}
	diags.AddError("State to move is not readable",
		fmt.Sprintf("The state of the %s is not the JSON object that its provider writes. Refresh it with that provider first: it may be from an old release.", req.SourceTypeName))
	return state, false
}

// cannotMove adds an error with what to do instead of the move.
func cannotMove(diags *diag.Diagnostics, req resource.MoveStateRequest, problem, instead string) {
	diags.AddError("Resource cannot be moved",
		fmt.Sprintf("%s\n\n%s Instead of the moved block, use this block, which removes the old resource from the state and deletes nothing:\n\n"+
			"  removed {\n    from = %s.NAME\n    lifecycle {\n      destroy = false\n    }\n  }", problem, instead, req.SourceTypeName))
}
