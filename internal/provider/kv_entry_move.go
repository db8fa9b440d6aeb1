package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

var _ resource.ResourceWithMoveState = (*kvEntryResource)(nil)

// MoveState takes over entries that resources of other providers manage. The
// name of a resource's type says which provider it is of: the same provider has
// other addresses in other registries.
func (r *kvEntryResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveEntry}}
}

// movedEntry is what the states of other providers say of an entry.
type movedEntry struct {
	ID       string `json:"id"`
	Path     string `json:"path"`
	ReadPath string `json:"read_path"`
}

// entrySources are the types that an entry can be moved from, and how each says
// at which URL it is read.
var entrySources = map[string]func(movedEntry) string{
	"restapi_object":   movedEntry.restapiURL,
	"restful_resource": func(e movedEntry) string { return e.ID },
}

// moveEntry leaves the value to the refresh that follows, as an import does:
// Terraform moves before it configures the provider.
func moveEntry(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	urlOf, ok := entrySources[req.SourceTypeName]
	if !ok {
		cannotMove(&resp.Diagnostics, req, fmt.Sprintf("Only a restapi_object or restful_resource can be moved to a quiva_kv_entry, and this is a %s.", req.SourceTypeName))
		return
	}
	var source movedEntry
	if json.Unmarshal(req.SourceRawState.JSON, &source) != nil { // whose error may show a secret
		resp.Diagnostics.AddError("State to move is not readable",
			fmt.Sprintf("The state of the %s is not the JSON object that its provider writes. Refresh it with that provider first: it may be from an old release.", req.SourceTypeName))
		return
	}
	bucket, key, problem := entryAt(urlOf(source))
	if problem != "" {
		cannotMove(&resp.Diagnostics, req, fmt.Sprintf("A %s is moved by the URL of its entry, which ends in /storage/kv/BUCKET/entries/KEY with bucket and key percent-encoded, and this one has %s.", req.SourceTypeName, problem))
		return
	}
	moved := unreadEntry(bucket, key)
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, moved)...)
	resp.Diagnostics.Append(resp.TargetIdentity.Set(ctx, moved.identity())...)
}

// restapiURL returns where a restapi_object is read: at read_path, or below path
// by its ID.
func (e movedEntry) restapiURL() string {
	location := e.ReadPath
	if location == "" {
		location, _, _ = strings.Cut(e.Path, "?")
		if !strings.Contains(location, "{id}") {
			location += "/{id}"
		}
	}
	return strings.ReplaceAll(location, "{id}", e.ID)
}

// entryAt returns the entry that a URL names by the last segments of its path;
// those before them are the endpoint's. The problem completes a sentence that ends
// in "this one has", and shows the path alone: a query or a user name may be a
// secret.
func entryAt(text string) (bucket, key, problem string) {
	location, err := url.Parse(text)
	if err != nil {
		return "", "", "none that can be parsed"
	}
	path := location.EscapedPath()
	if segments := strings.Split(path, "/"); len(segments) >= 5 {
		last := segments[len(segments)-5:]
		bucket, _ = url.PathUnescape(last[2]) // what EscapedPath returns always decodes
		key, _ = url.PathUnescape(last[4])
		if last[0] == "storage" && last[1] == "kv" && last[3] == "entries" && bucketName.problem(bucket) == "" && entryKey.problem(key) == "" {
			return bucket, key, ""
		}
	}
	return "", "", strconv.Quote(path)
}

// cannotMove adds an error with what to do instead of the move.
func cannotMove(diags *diag.Diagnostics, req resource.MoveStateRequest, problem string) {
	diags.AddError("Resource cannot be moved",
		fmt.Sprintf("%s\n\nWithout a move, the new resource adopts an entry with an equal value. Instead of the moved block, use this block, which removes the old resource from the state and deletes nothing:\n\n"+
			"  removed {\n    from = %s.NAME\n    lifecycle {\n      destroy = false\n    }\n  }", problem, req.SourceTypeName))
}
