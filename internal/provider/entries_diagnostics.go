package provider

import (
	"errors"
	"fmt"
	"maps"
	"slices"
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

// addFailure adds the error for a change of entries, if that failed.
func (g *gateway) addFailure(diags *diag.Diagnostics, s subject, outcome reconcile.Outcome) {
	g.warnOfEnvelopes(diags)
	failure := outcome.Failure
	if failure == nil {
		return
	}
	untouched := "Nothing was written."
	if len(outcome.Written) > 0 {
		untouched = "Nothing was overwritten."
	}
	switch failure.Kind {
	case reconcile.Cancelled:
		g.addError(diags, operation{doing: fmt.Sprintf("change entries in bucket %q", s.bucket)}, failure.Err)
	case reconcile.WrittenBefore:
		diags.AddAttributeError(s.keyPath(), "KV entry declared twice",
			fmt.Sprintf("This run has already written %s, under another address. One entry can belong to one resource only; two would overwrite each other in every apply. Remove it from one of them.",
				describeKeys(s.bucket, failure.Keys)))
	case reconcile.NotChecked:
		g.addRequestFailure(diags, s, failure, "check whether", "already exists ", "checked before they are created", untouched)
	case reconcile.Taken:
		if s.isOne() {
			diags.AddAttributeError(s.keyPath(), "KV entry already exists", s.takenKey())
		} else {
			diags.AddAttributeError(s.keyPath(), "KV entries already exist", s.takenKeys(failure, untouched))
		}
	case reconcile.NotWritten:
		if errors.Is(failure.Err, quiva.ErrNotFound) {
			g.missingBucket(diags, s.bucket)
			return
		}
		g.addRequestFailure(diags, s, failure, "write", "", "written", restLater)
	case reconcile.NotDeleted:
		g.addRequestFailure(diags, s, failure, "delete", "", "deleted", restLater)
	case reconcile.Retained:
		diags.AddError("KV entry kept",
			fmt.Sprintf("This resource was to give up %s to another resource, but that one could not be created or updated. What the gateway holds stays as it is, and stays in the state of this resource. "+
				"Resolve the other error and apply again.", describeKeys(s.bucket, failure.Keys)))
	}
}

const restLater = "The state holds what was done. The next apply does the rest."

// addRequestFailure adds the error for requests that failed: doing completes
// "Could not … entry", and done "entries could not be …".
func (g *gateway) addRequestFailure(diags *diag.Diagnostics, s subject, failure *reconcile.Failure, doing, whether, done, consequence string) {
	if s.isOne() {
		g.addError(diags, operation{doing: fmt.Sprintf("%s entry %q %sin bucket %q", doing, s.key, whether, s.bucket), rejected: s.keyPath()}, failure.Err)
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

// takenKey says what to do about a key that holds another value.
func (s subject) takenKey() string {
	advice := []string{fmt.Sprintf("Key %q in bucket %q already holds another value. Nothing was written.", s.key, s.bucket)}
	if s.writeOnly {
		advice = append(advice, movedAdvice,
			"To overwrite it with value_wo, set overwrite = true for one apply. Do not import it: an import would store the value in the state.")
	} else {
		id := s.bucket + "/" + s.key
		advice = append(advice,
			fmt.Sprintf("To manage what is there, import it:\n\n  terraform import 'ADDRESS' %s\n\n"+
				"or with a block in the configuration:\n\n  import {\n    to = ADDRESS\n    id = %q\n  }", shellQuote(id), id),
			movedAdvice,
			"To overwrite it with this value, set overwrite = true for one apply.")
	}
	return strings.Join(append(advice, addressAdvice), "\n\n")
}

// takenKeys says what to do about many keys that hold other values.
func (s subject) takenKeys(failure *reconcile.Failure, untouched string) string {
	requests := quiva.BatchResult{Failed: map[string]error{}}
	for _, key := range failure.Keys {
		requests.Failed[key] = errors.New("it already holds another value")
	}
	advice := []string{describeBatch("created", failure.Count, requests), untouched}
	if s.isNew {
		id, part := s.bucket, ""
		if s.keyPrefix != "" {
			id += "/" + s.keyPrefix + "*"
		} else {
			part = fmt.Sprintf("\n\nor set key_prefix and import only the keys that begin with it:\n\n  terraform import 'ADDRESS' %s", shellQuote(s.bucket+"/PREFIX*"))
		}
		advice = append(advice,
			fmt.Sprintf("To manage what is there, import it. Imported keys that are not in entries are then planned to be deleted:\n\n  terraform import 'ADDRESS' %s%s", shellQuote(id), part))
	}
	return strings.Join(append(advice, movedAdvice,
		"To overwrite what is there with these values, set overwrite = true for one apply.",
		addressAdvice), "\n\n")
}

const (
	// movedAdvice is for keys that the same configuration managed until now.
	movedAdvice = "If another address of this configuration managed it until now, tell Terraform that it moved:\n\n" +
		"  moved {\n    from = OLD_ADDRESS\n    to   = ADDRESS\n  }"
	// addressAdvice ends all advice: Terraform does not tell a provider the address
	// of a resource.
	addressAdvice = "ADDRESS stands for the full address that this error shows. " +
		"(With create_before_destroy, a resource that is replaced finds its own entry here, since its old and its new object share it.)"
)

// heldTwice warns of entries that two objects of the state hold.
func heldTwice(bucket string, keys ...string) diag.Diagnostic {
	return diag.NewWarningDiagnostic("KV entry in two resources",
		fmt.Sprintf("Two resources in the state hold %s. An apply that was interrupted while it moved entries from one resource to another leaves this behind. "+
			"This resource no longer tracks them. The plan shows what it does about that; nothing is lost on the gateway.", describeKeys(bucket, keys)))
}

// listedKeys is how many keys, or failures, an error lists one by one.
const listedKeys = 10

// describeKeys names entries within a sentence.
func describeKeys(bucket string, keys []string) string {
	if len(keys) == 1 {
		return fmt.Sprintf("entry %q in bucket %q", keys[0], bucket)
	}
	return fmt.Sprintf("%d entries in bucket %q (%s)", len(keys), bucket, quoteKeys(keys))
}

// quoteKeys names the first of many keys and counts the others.
func quoteKeys(keys []string) string {
	quoted := make([]string, 0, listedKeys)
	for _, key := range keys[:min(len(keys), listedKeys)] {
		quoted = append(quoted, fmt.Sprintf("%q", key))
	}
	text := strings.Join(quoted, ", ")
	if more := len(keys) - len(quoted); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// describeBatch lists the first failures of a batch and counts the others.
func describeBatch(done string, count int, requests quiva.BatchResult) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d of %d entries could not be %s:\n", len(requests.Failed)+len(requests.Untried), count, done)
	for i, key := range slices.Sorted(maps.Keys(requests.Failed)) {
		if i == listedKeys {
			fmt.Fprintf(&text, "\n  - and %d more", len(requests.Failed)-i)
			break
		}
		fmt.Fprintf(&text, "\n  - %q: %v", key, requests.Failed[key])
	}
	if len(requests.Untried) > 0 {
		fmt.Fprintf(&text, "\n  - %d were not tried after that", len(requests.Untried))
	}
	return text.String()
}
