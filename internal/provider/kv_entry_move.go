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

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// MoveState takes over entries that resources of other providers manage. The name of
// a resource's type tells which provider it belongs to: a provider has a different
// address in each registry.
func (r *kvEntryResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveEntry}}
}

// movedEntry are the attributes of another provider's resource.
type movedEntry map[string]json.RawMessage

// text returns an attribute, empty unless it is a string.
func (e movedEntry) text(name string) (text string) {
	_ = json.Unmarshal(e[name], &text)
	return text
}

// entrySources are the types that an entry can be moved from, and how each says
// at which URL it is read.
var entrySources = map[string]func(movedEntry) string{
	"restapi_object":   movedEntry.restapiURL,
	"restful_resource": func(e movedEntry) string { return e.text("id") },
}

// moveEntry leaves the value to the refresh that follows, as an import does:
// Terraform moves before it configures the provider.
func moveEntry(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	urlOf, ok := entrySources[req.SourceTypeName]
	if !ok {
		cannotMove(&resp.Diagnostics, req, fmt.Sprintf("Only a restapi_object or restful_resource can be moved to a quiva_kv_entry; got a %s.", req.SourceTypeName))
		return
	}
	var source movedEntry
	if json.Unmarshal(req.SourceRawState.JSON, &source) != nil { // whose error may show a secret
		resp.Diagnostics.AddError("State to move is not readable",
			fmt.Sprintf("The state of the %s is not the JSON object that its provider writes. Refresh it with that provider first: it may be from an old release.", req.SourceTypeName))
		return
	}
	bucket, key, origin, problem := entryAt(urlOf(source))
	if problem != "" {
		cannotMove(&resp.Diagnostics, req, fmt.Sprintf("A %s is moved by the URL of its entry, which ends in /storage/kv/BUCKET/entries/KEY with bucket and key percent-encoded, and this one has %s.", req.SourceTypeName, problem))
		return
	}
	moved := unreadEntry(bucket, key)
	resp.Diagnostics.Append(storeModel(ctx, moved, &resp.TargetState, resp.TargetIdentity)...)
	resp.Diagnostics.Append(movedFromNote.write(ctx, resp.TargetPrivate, origin)...)
}

// refuseMovedFrom adds an error if an entry was moved from a resource of another
// gateway.
func (g *gateway) refuseMovedFrom(ctx context.Context, diags *diag.Diagnostics, private privateState) (refused bool) {
	from, ok := movedFromNote.read(ctx, private)
	endpoint, err := url.Parse(g.endpoint)
	switch {
	case err != nil || ok && from == nil:
		return false
	case !ok:
		from = new("a gateway that cannot be read from the state")
	case *from == quiva.Origin(endpoint):
		return false
	}
	diags.AddError("Resource cannot be moved",
		fmt.Sprintf("The moved resource belongs to %s, but this provider's endpoint is %s. Nothing was changed. Remove the moved block, or move it to a resource whose provider block has that endpoint.", *from, g.endpoint))
	return true
}

// restapiURL returns where a restapi_object is read: at read_path, or below path
// by its ID.
func (e movedEntry) restapiURL() string {
	location := e.text("read_path")
	if location == "" {
		location, _, _ = strings.Cut(e.text("path"), "?")
		if !strings.Contains(location, "{id}") {
			location += "/{id}"
		}
	}
	return strings.ReplaceAll(location, "{id}", e.text("id"))
}

// entryAt returns the entry that a URL names by the last segments of its path;
// those before them are the endpoint's. The origin is its scheme and host, if it has
// any. The problem completes a sentence that ends in "this one has", and shows the
// first segment alone: anything else may be a secret.
func entryAt(text string) (bucket, key, origin, problem string) {
	location, err := url.Parse(text)
	if err != nil {
		return "", "", "", "none that can be parsed"
	}
	if location.Host != "" {
		origin = quiva.Origin(location)
	}
	segments := strings.Split(location.EscapedPath(), "/")
	if len(segments) >= 5 {
		last := segments[len(segments)-5:]
		bucket, _ = url.PathUnescape(last[2]) // what EscapedPath returns always decodes
		key, _ = url.PathUnescape(last[4])
		if last[0] == "storage" && last[1] == "kv" && last[3] == "entries" && bucketName.problem(bucket) == "" && entryKey.problem(key) == "" {
			return bucket, key, origin, ""
		}
	}
	if len(segments) > 2 {
		segments = append(segments[:2], "…")
	}
	return "", "", "", strconv.Quote(strings.Join(segments, "/"))
}

// MoveState refuses all moves with the block to use instead.
func (r *gatewayResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: func(_ context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
		cannotMove(&resp.Diagnostics, req, fmt.Sprintf("A %s cannot become a %s.", req.SourceTypeName, r.typeName))
	}}}
}

// cannotMove adds an error with what to do instead of the move.
func cannotMove(diags *diag.Diagnostics, req resource.MoveStateRequest, problem string) {
	diags.AddError("Resource cannot be moved",
		fmt.Sprintf("%s\n\nWithout a move, the new resource adopts an entry with an equal value; a bucket has to be imported. Instead of the moved block, use this block, which removes the old resource from the state and deletes nothing:\n\n"+
			"  removed {\n    from = %s.NAME\n    lifecycle {\n      destroy = false\n    }\n  }", problem, req.SourceTypeName))
}
