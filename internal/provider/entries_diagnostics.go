package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

// subject is what an error about entries is about.
type subject struct {
	bucket string
	// key is empty for a resource of many entries.
	key string
	// keyPrefix is what all keys begin with, empty for any.
	keyPrefix string
	// value is the attribute that holds the value, or the entries.
	value path.Path
	// writeOnly says that the value must not come into the state.
	writeOnly bool
	// isProperties says that the resource has some properties of one entry only, which
	// are to be those of wanted.
	isProperties bool
	wanted       json.RawMessage
	// isNew says that the resource is not in the state yet.
	isNew bool
}

// isOne reports whether the resource has one entry only.
func (s subject) isOne() bool { return s.key != "" }

// keyPath is the attribute that an error about keys is about.
func (s subject) keyPath() path.Path {
	if s.isOne() {
		return path.Root("key")
	}
	return s.value
}

// addOutcome adds the errors and warnings for a change of entries, or of properties
// of one, if anything was not done.
func (g *gateway) addOutcome(diags *diag.Diagnostics, s subject, outcome reconcile.Outcome) {
	g.warnOfEnvelopes(diags)
	if len(outcome.Left) > 0 {
		diags.AddWarning("KV entry left in place",
			fmt.Sprintf("This resource gave up %s but deleted nothing, since its replacement or another resource of this configuration declares the same. "+
				"If that one fails, no state has what was left in place: apply again, import it, or delete it outside Terraform.", describeKeys(s.bucket, outcome.Left)))
	}
	if len(outcome.Changed) > 0 {
		diags.AddAttributeError(s.keyPath(), "KV entry changed since the plan", s.changed(describeKeys(s.bucket, slices.Sorted(maps.Keys(outcome.Changed))), len(outcome.Changed)))
	}
	failure := outcome.Failure
	if failure == nil {
		return
	}
	keys, untouched := failure.Keys, "Nothing was written."
	if s.isOne() {
		keys = []string{s.key}
	}
	if len(outcome.Written) > 0 {
		untouched = "Nothing was overwritten."
	}
	what := describeKeys(s.bucket, keys)
	if failure.Properties != nil {
		what = quoteProperties(failure.Properties) + " of " + what
	}
	switch failure.Kind {
	case reconcile.Cancelled:
		g.addError(diags, operation{doing: fmt.Sprintf("change entries in bucket %q", s.bucket)}, failure.Err)
	case reconcile.WrittenBefore:
		if s.isProperties && failure.Properties == nil {
			diags.Append(managedTwice(what))
		} else {
			diags.Append(declaredTwice(s.keyPath(), failure.Properties != nil, what))
		}
	case reconcile.NotChecked:
		doing := "check whether entry %q already exists in bucket %q"
		if s.isProperties {
			doing = "read entry %q in bucket %q"
		}
		g.addRequestFailure(diags, s, failure, doing, "checked before they are created", untouched)
	case reconcile.Taken:
		switch {
		case s.isProperties:
			s.addTakenProperties(diags, failure)
		case s.isOne():
			diags.AddAttributeError(s.keyPath(), "KV entry already exists", s.takenKey())
		default:
			diags.AddAttributeError(s.keyPath(), "KV entries already exist", s.takenKeys(failure, untouched))
		}
	case reconcile.Changed:
		diags.AddAttributeError(s.value, "KV entry changed since the plan", s.changed(what, 1))
	case reconcile.NotWritten:
		if errors.Is(failure.Err, quiva.ErrNotFound) {
			g.missingBucket(diags, s.bucket)
			return
		}
		g.addRequestFailure(diags, s, failure, "write entry %q in bucket %q", "written", restLater)
	case reconcile.NotDeleted:
		g.addRequestFailure(diags, s, failure, "delete entry %q in bucket %q", "deleted", restLater)
	case reconcile.Retained:
		diags.AddError("KV entry not handed over",
			fmt.Sprintf("Another resource was to take %s from this one, but its change failed. The gateway's entry stays as it is, and stays in the state of this resource. Resolve the other error and apply again.", what))
	case reconcile.Overtaken:
		diags.AddError("KV entry overwritten by another writer",
			fmt.Sprintf("Entry %q in bucket %q was changed, but another writer, which had read the entry before, overwrote it right after, so the change is lost. "+
				"The gateway has no conditional write, which would prevent this.\n\nApply again. If it happens often, one of the two should write an entry of its own.", s.key, s.bucket))
	}
}

const restLater = "The state holds what was done. The next apply does the rest."

// addRequestFailure adds the error for requests that failed: doing, with a key and a
// bucket, completes "Could not …", and done "entries could not be …".
func (g *gateway) addRequestFailure(diags *diag.Diagnostics, s subject, failure *reconcile.Failure, doing, done, consequence string) {
	if s.isOne() {
		g.addError(diags, operation{doing: fmt.Sprintf(doing, s.key, s.bucket), rejected: s.keyPath()}, failure.Err)
		return
	}
	g.addBatchError(diags, done, failure.Count, failure.Requests, consequence)
}

// addBatchError says which entries failed, why, and what that means.
func (g *gateway) addBatchError(diags *diag.Diagnostics, done string, count int, requests quiva.BatchResult, consequence string) {
	g.addError(diags, operation{
		doing:    "process all entries",
		rejected: path.Root("entries"),
		details:  describeBatch(done, count, requests) + "\n\n" + consequence,
	}, requests.Err())
}

// changed says what to do about entries that hold what the plan has not seen.
func (s subject) changed(what string, count int) string {
	it, stored := "It was", " The state now has the value that was found."
	if count > 1 {
		it, stored = "They were", " The state now has the values that were found."
	}
	if s.writeOnly {
		stored = ""
	}
	return fmt.Sprintf("Since the plan was made, somebody else has changed %s. %s left alone, so nothing is lost.%s\n\n"+
		"Plan again: the plan shows what it changes or deletes, and its apply does that.\n\n"+
		"To overwrite and delete such changes unseen, where this resource is still configured, "+overwriteAdvice, what, it, stored)
}

// takenKey says what to do about a key that holds another value.
func (s subject) takenKey() string {
	value, instead := "this value", importAdvice(s.bucket+"/"+s.key)
	if s.writeOnly {
		value, instead = "value_wo", "Do not import it: an import would store the value in the state."
	}
	return strings.Join([]string{
		fmt.Sprintf("Key %q in bucket %q already holds another value. Nothing was written.", s.key, s.bucket),
		instead, movedAdvice, "To overwrite it with " + value + ", " + overwriteAdvice, addressAdvice,
	}, "\n\n")
}

// importAdvice says how to import what is there.
func importAdvice(id string) string {
	return fmt.Sprintf("To manage what is there, import it:\n\n  terraform import 'ADDRESS' %s\n\n"+
		"or with a block in the configuration:\n\n  import {\n    to = ADDRESS\n    id = %q\n  }", shellQuote(id), id)
}

// takenKeys says what to do about many keys that hold other values.
func (s subject) takenKeys(failure *reconcile.Failure, untouched string) string {
	requests := quiva.BatchResult{Failed: map[string]error{}}
	for _, key := range failure.Keys {
		requests.Failed[key] = errors.New("it already holds another value")
	}
	advice := []string{describeBatch("created", failure.Count, requests), untouched}
	advice = append(advice, movedAdvice, "To overwrite what is there with these values, "+overwriteAdvice)
	if s.isNew {
		id := s.bucket
		if s.keyPrefix != "" {
			id += "/" + s.keyPrefix + "*"
		} else {
			advice = append(advice, fmt.Sprintf("To manage only the keys that begin with a prefix, set key_prefix, which the names of all entries must begin with, and import those:\n\n  terraform import 'ADDRESS' %s", shellQuote(s.bucket+"/PREFIX*")))
		}
		advice = append(advice, fmt.Sprintf("To manage all that is there, import it. The plan after that deletes every imported key that is not in entries:\n\n  terraform import 'ADDRESS' %s", shellQuote(id)))
	}
	return strings.Join(append(advice, addressAdvice), "\n\n")
}

const (
	overwriteAdvice = "set this for one apply:\n\n  overwrite = true"
	// movedAdvice is for keys that the same configuration managed until now.
	movedAdvice = "If another address of this configuration managed it until now, tell Terraform that it moved:\n\n" +
		"  moved {\n    from = OLD_ADDRESS\n    to   = ADDRESS\n  }"
	// addressAdvice ends all advice: Terraform does not tell a provider the address
	// of a resource.
	addressAdvice = "ADDRESS stands for the full address that this error shows. " +
		"(With create_before_destroy, a resource that is replaced finds its own entry here, since its old and its new object share it.)"
)

// heldTwice warns of what two objects of the state have, an entry or some properties
// of one, and says why.
func heldTwice(isPart bool, what string) diag.Diagnostic {
	summary := "KV entry in two resources"
	if isPart {
		summary = "KV entry property in two resources"
	}
	return diag.NewWarningDiagnostic(summary, fmt.Sprintf("Two resources in the state have %s. Either an apply was interrupted, or limited by -target, while it moved this from one to the other, or both declare it. "+
		"This resource no longer tracks it, and nothing is lost on the gateway: the plan shows what it does. If both declare it, remove it from one of them.", what))
}

// declaredTwice refuses what two resources of one configuration declare, an entry or
// some properties of one. Terraform tells which is this one, and more may tell of the
// other.
func declaredTwice(at path.Path, isPart bool, what string, more ...string) diag.Diagnostic {
	summary, noun := "KV entry declared twice", "entry"
	if isPart {
		summary, noun = "KV entry property declared twice", "property"
	}
	return diag.NewAttributeErrorDiagnostic(at, summary, fmt.Sprintf("Two resources of this configuration declare %s%s. "+
		"One %s can belong to one resource only; two would overwrite each other in every apply. Remove it from one of them.", what, strings.Join(more, ""), noun))
}

// listedKeys is how many keys, or failures, an error lists one by one.
const listedKeys = 10

// describeKeys names entries within a sentence.
func describeKeys(bucket string, keys []string) string {
	return quoteEntries(keys, fmt.Sprintf(" in bucket %q", bucket))
}

// quoteEntries names entries, and where they are, within a sentence.
func quoteEntries(keys []string, where string) string {
	if len(keys) == 1 {
		return fmt.Sprintf("entry %q", keys[0]) + where
	}
	return fmt.Sprintf("%d entries%s (%s)", len(keys), where, quoteKeys(keys))
}

// quoteKeys names the first of many keys and counts the others.
func quoteKeys(keys []string) string { return nameSome(keys, strconv.Quote) }

// nameSome names the first of many things and counts the others.
func nameSome[T any](things []T, name func(T) string) string {
	shown := things[:min(len(things), listedKeys)]
	names := make([]string, len(shown))
	for i, thing := range shown {
		names[i] = name(thing)
	}
	text := strings.Join(names, ", ")
	if more := len(things) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// describeBatch lists the first failures of a batch and counts the others.
func describeBatch(done string, count int, requests quiva.BatchResult) string {
	var failures []string
	for _, key := range slices.Sorted(maps.Keys(requests.Failed)) {
		failures = append(failures, fmt.Sprintf("\n  - %q: %v", key, requests.Failed[key]))
	}
	text := fmt.Sprintf("%d of %d entries could not be %s:\n%s", len(requests.Failed)+len(requests.Untried), count, done, firstOf(failures))
	if len(requests.Untried) > 0 {
		text += fmt.Sprintf("\n  - %d were not tried after that", len(requests.Untried))
	}
	return text
}

// firstOf joins the first of many lines of a list and counts the others.
func firstOf(lines []string) string {
	if more := len(lines) - listedKeys; more > 0 {
		lines = append(lines[:listedKeys], fmt.Sprintf("\n  - and %d more", more))
	}
	return strings.Join(lines, "")
}
