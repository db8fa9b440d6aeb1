package provider

import (
	"context"
	"fmt"
	"net/url"
	"strings"

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
	// Of restapi_object and restful_resource.
	ID       string `json:"id"`
	Path     string `json:"path"`
	ReadPath string `json:"read_path"`
	// Of jetstream_kv_entry.
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
}

// entrySources are the types that an entry can be moved from, and how each says
// which entry it is. A problem completes the sentence "A restapi_object is moved
// by …".
var entrySources = map[string]func(movedEntry) (bucket, key, problem string){
	"jetstream_kv_entry": movedEntry.inBucket,
	"restapi_object":     func(e movedEntry) (string, string, string) { return entryAt(e.restapiURL()) },
	"restful_resource":   func(e movedEntry) (string, string, string) { return entryAt(e.ID) },
}

// moveEntry leaves the value to the refresh that follows, as an import does:
// Terraform moves before it configures the provider.
func moveEntry(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	const instead = "Without a move, the new resource adopts an entry with an equal value."
	locate, ok := entrySources[req.SourceTypeName]
	if !ok {
		cannotMove(&resp.Diagnostics, req,
			fmt.Sprintf("Only a restapi_object, restful_resource or jetstream_kv_entry can be moved to a quiva_kv_entry, and this is a %s.", req.SourceTypeName), instead)
		return
	}
	source, ok := movedState[movedEntry](&resp.Diagnostics, req)
	if !ok {
		return
	}
	bucket, key, problem := locate(source)
	if problem != "" {
		cannotMove(&resp.Diagnostics, req, fmt.Sprintf("A %s is moved by %s.", req.SourceTypeName, problem), instead)
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

// inBucket returns the entry of a jetstream_kv_entry.
func (e movedEntry) inBucket() (bucket, key, problem string) {
	if bucketName.problem(e.Bucket) != "" || entryKey.problem(e.Key) != "" {
		return "", "", fmt.Sprintf("its bucket and key, and this one has the bucket %q and the key %q", e.Bucket, e.Key)
	}
	return e.Bucket, e.Key, ""
}

// entryAt returns the entry that a URL names by the last segments of its path;
// those before them are the endpoint's. The problem shows the path alone: a query
// or a user name may be a secret.
func entryAt(text string) (bucket, key, problem string) {
	const expected = "the URL of its entry, which ends in /storage/kv/BUCKET/entries/KEY with bucket and key percent-encoded, and this one has "
	location, err := url.Parse(text)
	if err != nil {
		return "", "", expected + "none that can be parsed"
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
	return "", "", fmt.Sprintf("%s%q", expected, path)
}
