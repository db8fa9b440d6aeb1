package provider

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

// planDeclaration notes what an object is planned to have, or adds an error if
// another one is in the way. The plan of a creation notes its entries for the
// object that it replaces.
func (g *gateway) planDeclaration(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse, d reconcile.Declaration) {
	isCreated := req.State.Raw.IsNull()
	if mark, _ := markNote.read(ctx, req.Private); isCreated && mark == nil && g.plansTwice {
		d.Mark = fmt.Sprint(d.Type, req.Plan.Raw)
	}
	if conflict := g.plan.Declare(d); conflict != nil {
		resp.Diagnostics.Append(describeConflict(d, conflict))
		return
	}
	if isCreated && d.Properties == nil {
		keys := d.Keys
		if g.plan.IsBucketDeleted(d.Bucket) {
			keys = nil
		}
		resp.Diagnostics.Append(noteSuccessors(ctx, resp.Private, d.Bucket, keys)...)
	}
}

// planDeletion notes that an object of the state is planned to be deleted, and which
// of its entries other objects have or are planned to have.
func (g *gateway) planDeletion(ctx context.Context, resp *resource.ModifyPlanResponse, owner reconcile.Owner, bucket string, keys []string) (left []string) {
	left, conflict := g.plan.Delete(owner, bucket, keys)
	if conflict != nil {
		resp.Diagnostics.Append(describeConflict(reconcile.Declaration{Owner: owner, Bucket: bucket}, conflict))
	}
	resp.Diagnostics.Append(noteSuccessors(ctx, resp.Private, bucket, left)...)
	return left
}

// change makes a change of a resource's entries, and adds an error for what was not
// done, and a warning for what was left in place. It is not ok if nothing was tried.
func (g *gateway) change(ctx context.Context, diags *diag.Diagnostics, s subject, change reconcile.Change) (_ reconcile.Outcome, ok bool) {
	if _, ok := g.configuredClient(diags); !ok {
		return reconcile.Outcome{}, false
	}
	change.Bucket = s.bucket
	outcome := g.apply.Change(ctx, change)
	g.addOutcome(diags, s, outcome)
	return outcome, true
}

// noteSuccessors notes which entries of a bucket an object leaves in place.
func noteSuccessors(ctx context.Context, private privateState, bucket string, keys []string) diag.Diagnostics {
	if len(keys) == 0 {
		return successorsNote.write(ctx, private, successors{})
	}
	return successorsNote.write(ctx, private, successors{bucket, keys})
}

// successorsOf returns those of an object's entries that it leaves in place when it
// is deleted.
func successorsOf(ctx context.Context, private privateState, bucket string, keys []string) []string {
	switch noted, ok := successorsNote.read(ctx, private); {
	case !ok:
		return keys
	case noted == nil || noted.Bucket != bucket:
		return nil
	default:
		return noted.Keys
	}
}

// markCreated gives a new object its mark, in place of what its plan has noted.
func markCreated(ctx context.Context, private privateState) diag.Diagnostics {
	diags := markNote.write(ctx, private, newMark())
	diags.Append(successorsNote.write(ctx, private, successors{})...)
	diags.Append(unknownOutcomeNote.write(ctx, private, false)...)
	return diags
}

// describeConflict says why an object cannot be planned beside another one.
func describeConflict(d reconcile.Declaration, conflict *reconcile.Conflict) diag.Diagnostic {
	entries := describeKeys(d.Bucket, conflict.Keys)
	switch conflict.Kind {
	case reconcile.InProperties:
		return managedTwice(entries)
	case reconcile.InTwoObjects:
		return diag.NewErrorDiagnostic("KV entry in two resources", fmt.Sprintf("Two resources in the state hold %s, and one of them, a %s, is to give it up: that would delete it for both. "+
			"An import of an entry that another resource manages leaves this behind, and so does an apply that was cut off.\n\n"+
			"If it was imported to move it to this resource, remove the import: the resource adopts what is there. Else plan again without -refresh=false and -minimal-refresh: one of the two then gives way.", entries, conflict.Other.Type))
	case reconcile.InScope:
		return inScope(d, conflict)
	}
	if len(conflict.Properties) > 0 {
		return declaredTwice(path.Root("properties"), true, quoteProperties(conflict.Properties)+" of "+entries)
	}
	at := path.Root("key")
	if d.Type == kvEntriesType {
		at = path.Root("entries")
	}
	return declaredTwice(at, false, entries, fmt.Sprintf(": this %s, and a %s that was planned before", d.Type, conflict.Other.Type))
}

// inScope says how an exclusive resource leaves the keys of another one alone.
func inScope(d reconcile.Declaration, conflict *reconcile.Conflict) diag.Diagnostic {
	owner, scope := "a "+conflict.Other.Type, "this resource is exclusive"
	if conflict.IsScopeOfOther {
		owner, scope = "this "+d.Type, "a quiva_kv_entries that was planned before is exclusive"
	}
	return diag.NewErrorDiagnostic("KV entry in an exclusive scope", fmt.Sprintf("In bucket %q, %s, and %s of this configuration declares %s in its scope. An exclusive resource deletes what it does not declare itself. "+
		"Let it leave the others' entries alone:\n\n%s", d.Bucket, scope, owner, quoteEntries(conflict.Keys, ""), exceptText(conflict.Except)))
}

// exceptText is the argument exclusive with exceptions, to be pasted.
func exceptText(patterns []string) string {
	quoted := make([]string, len(patterns))
	for i, pattern := range patterns {
		quoted[i] = strconv.Quote(pattern)
	}
	return "  exclusive = {\n    except = [" + strings.Join(quoted, ", ") + "]\n  }"
}
