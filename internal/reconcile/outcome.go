package reconcile

import (
	"encoding/json"

	"github.com/quivaworks/terraform-provider-quiva/internal/properties"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// Outcome is the result of a [Change]. What it does not name is as it was before.
type Outcome struct {
	// Written are the keys that hold their new value.
	Written []string
	// Inherited are the keys that came to this object without having been
	// written, with the values that they still hold; an empty one is a value that no
	// state knew. There are none unless the change failed.
	Inherited map[string]json.RawMessage
	// Changed are the keys that hold a value that the plan has not seen, with that
	// value. They were left alone.
	Changed map[string]json.RawMessage
	// Removed are the removed keys that are not this object's any more: deleted, or
	// left to the object that has or takes them.
	Removed []string
	// Left are those of Removed that were left in place for an object that has not
	// come yet. They are sorted.
	Left []string
	// Kept are the keys that were not pruned because their entries are not what
	// the plan saw. They are sorted.
	Kept []string
	// Failure is nil if all is done but for what Changed has.
	Failure *Failure
}

// Failed reports whether anything was not done.
func (o Outcome) Failed() bool { return o.Failure != nil || len(o.Changed) > 0 }

// Failure is why a change was not, or not wholly, made.
type Failure struct {
	// Kind is what kept the change from being made.
	Kind FailureKind
	// Count is the number of keys that the failed step was about.
	Count int
	// Keys are those that are in the way: with [Taken], [WrittenBefore] and
	// [Retained]. They are sorted.
	Keys []string
	// Properties are those that are in the way of a [PropertiesChange]: with
	// [Taken] and [Changed], and with [WrittenBefore] and [Retained] unless all of
	// the entry is.
	Properties []properties.Path
	// Present is what the gateway holds of the object's properties, with [Changed], or
	// all that it holds, with [Taken] in a [PropertiesChange].
	Present json.RawMessage
	// Requests are the step's requests, with all others. It has no failed one if
	// the call was cancelled before it sent any; then Err is set.
	Requests quiva.BatchResult
	// Err is one error of the requests, or why none was sent.
	Err error
}

// FailureKind tells failures apart.
type FailureKind int

const (
	// Cancelled means that nothing was sent.
	Cancelled FailureKind = iota
	// WrittenBefore means that this run has written the keys already, for another
	// object. Nothing was overwritten.
	WrittenBefore
	// NotChecked means that it is not known whether the keys are free. Nothing was
	// overwritten.
	NotChecked
	// Taken means that the keys hold other values. Nothing was overwritten.
	Taken
	// Changed means that properties hold values that the plan has not seen.
	Changed
	// NotWritten means that some keys could not be written. Nothing was deleted.
	NotWritten
	// NotDeleted means that some keys could not be deleted.
	NotDeleted
	// Retained means that the keys stay this object's, because the one that was to
	// have them could not be created or changed.
	Retained
	// Overtaken means that another writer has written an entry just after it was
	// written, and without knowing of that.
	Overtaken
)
