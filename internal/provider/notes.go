package provider

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

// note is the name of something that the provider keeps in an object's private
// state. A note that cannot be read never has anything deleted or overwritten.
type note[T any] string

const (
	// markNote has the mark by which calls about one object are known: see
	// [reconcile.Owner]. It is random, set when the object comes into the state, and
	// never changes.
	markNote note[string] = "mark"
	// writeOnlyNote is set on an entry whose value Terraform must not hold. Without
	// it a refresh could not tell such an entry from one that was just imported.
	writeOnlyNote note[bool] = "write_only"
	// unknownOutcomeNote is set on such an entry if the response to a write was
	// lost: the next plan writes it again.
	unknownOutcomeNote note[bool] = "unknown_outcome"
	// successorsNote has the entries of a planned change that another object has, or
	// that the plan creates. It reaches a Delete in two ways: the plan of the Delete
	// has it, and where Terraform replaces an object by deleting it first, Delete gets
	// the plan of the creation that follows.
	successorsNote note[successors] = "successors"
	// undeclaredNote has the keyed digests of the entries that the refresh found
	// undeclared. An entry that has changed since is not deleted.
	undeclaredNote note[map[string][]byte] = "undeclared"
	// movedFromNote has, on an entry that was just moved, the scheme and host that its old
	// resource named. Only the refresh that follows can compare them with the gateway's.
	movedFromNote note[string] = "moved_from"
	// existsNote is set in the plan of a bucket that exists. When -replace asks for
	// its replacement, Terraform plans that as a creation and passes on the private
	// state of the previous plan.
	existsNote note[bool] = "exists"
	// ignoredUpdatesNote has what a bucket kept although the gateway accepted an update
	// of it.
	ignoredUpdatesNote note[ignoredUpdates] = "ignored_updates"
)

// successors are entries of a bucket that an object leaves in place.
type successors struct {
	Bucket string   `json:"bucket,omitempty"`
	Keys   []string `json:"keys,omitempty"`
}

// privateState is that of a resource. The framework's own type for it is internal.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// read returns what was noted, nil if nothing was. It is not ok if that cannot be
// read.
func (n note[T]) read(ctx context.Context, private privateState) (noted *T, ok bool) {
	text, diags := private.GetKey(ctx, string(n))
	if diags.HasError() {
		return nil, false
	}
	if text == nil {
		return nil, true
	}
	noted = new(T)
	if json.Unmarshal(text, noted) != nil {
		return nil, false
	}
	return noted, true
}

// isSet reports whether anything was noted, even if it cannot be read.
func (n note[T]) isSet(ctx context.Context, private privateState) bool {
	noted, ok := n.read(ctx, private)
	return noted != nil || !ok
}

// write stores a note, or removes it if there is nothing to note: every byte of a state
// is written again and again.
func (n note[T]) write(ctx context.Context, private privateState, noted T) diag.Diagnostics {
	text, _ := json.Marshal(noted) // strings, bools and bytes always encode
	if slices.Contains([]string{`false`, `""`, `{}`, `null`}, string(text)) {
		text = nil
	}
	return private.SetKey(ctx, string(n), text)
}

// newMark returns a random mark.
func newMark() string { return rand.Text()[:12] }

// ownerOf returns the object to which a private state belongs. An object without a
// mark is new to the state, and gets one.
func ownerOf(ctx context.Context, private privateState, typeName string) (owner reconcile.Owner, isNew bool) {
	mark, _ := markNote.read(ctx, private)
	if mark == nil {
		return reconcile.Owner{Mark: newMark(), Type: typeName}, true
	}
	return reconcile.Owner{Mark: *mark, Type: typeName}, false
}
