package provider

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/quivaworks/terraform-provider-quiva/internal/properties"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

// addPropertiesFailure adds the error for a change of some properties of an entry.
func (g *gateway) addPropertiesFailure(diags *diag.Diagnostics, s subject, failure *reconcile.Failure) {
	entry, attribute := describeKeys(s.bucket, []string{s.key}), s.value
	switch failure.Kind {
	case reconcile.Cancelled:
		g.addError(diags, operation{doing: "change " + entry}, failure.Err)
	case reconcile.NotChecked:
		g.addError(diags, operation{doing: "read " + entry, rejected: s.keyPath()}, failure.Err)
	case reconcile.WrittenBefore:
		if len(failure.Properties) == 0 {
			diags.AddAttributeError(path.Root("key"), "KV entry declared twice",
				fmt.Sprintf("This run has already written all of %s, as a quiva_kv_entry or in a quiva_kv_entries. That would remove these properties in every apply. "+
					"Put them into the value there, or declare them here alone.", entry))
			return
		}
		diags.AddAttributeError(attribute, "KV entry property declared twice",
			fmt.Sprintf("This run has already written %s of %s, under another address. One property can belong to one resource only; two would overwrite each other in every apply. "+
				"Remove it from one of them.", quoteProperties(failure.Properties), entry))
	case reconcile.Taken:
		s.addTakenProperties(diags, failure)
	case reconcile.Changed:
		diags.AddAttributeError(attribute, "KV entry changed since the plan", fmt.Sprintf("Properties: %s. ", quoteProperties(failure.Properties))+s.changedKeys([]string{s.key}))
	case reconcile.NotWritten:
		if errors.Is(failure.Err, quiva.ErrNotFound) {
			g.missingBucket(diags, s.bucket)
			return
		}
		g.addError(diags, operation{doing: "write " + entry, rejected: attribute}, failure.Err)
	case reconcile.NotDeleted:
		g.addError(diags, operation{doing: "delete " + entry, rejected: s.keyPath()}, failure.Err)
	case reconcile.Overtaken:
		diags.AddError("KV entry overwritten by another writer",
			fmt.Sprintf("Entry %q in bucket %q was changed, but another writer, which had read the entry before, overwrote it right after, so the change is lost. "+
				"The gateway has no conditional write, which would prevent this.\n\nApply again. If it happens often, one of the two should write an entry of its own.", s.key, s.bucket))
	case reconcile.Retained:
		diags.AddError("KV entry not handed over", notHandedOver("properties of ", entry))
	}
}

// addTakenProperties says what to do about properties that hold other values.
func (s subject) addTakenProperties(diags *diag.Diagnostics, failure *reconcile.Failure) {
	entry := describeKeys(s.bucket, []string{s.key})
	if len(failure.Properties[0]) == 0 {
		diags.AddAttributeError(path.Root("key"), "KV entry is not an object",
			fmt.Sprintf("The %s holds JSON that is not an object, so it has no properties. Nothing was written.\n\nTo overwrite what is there, %s", entry, overwriteAdvice))
		return
	}
	inTheWay := ""
	for _, at := range failure.Properties[:min(len(failure.Properties), listedKeys)] {
		held, wanted := properties.KindAt(failure.Present, at), properties.KindAt(s.wanted, at)
		if held != wanted && (held == properties.Object || wanted == properties.Object) {
			inTheWay += fmt.Sprintf(" On the gateway, %s is %s; in properties, it is %s.", at, held, wanted)
		}
	}
	diags.AddAttributeError(path.Root("properties"), "KV entry property already set",
		fmt.Sprintf("The %s already holds another value at %s.%s Nothing was written.\n\n"+
			"To leave a property to whoever has set it, remove it here.\n\n%s\n\nTo overwrite what is there, %s\n\n%s",
			entry, quoteProperties(failure.Properties), inTheWay, movedAdvice, overwriteAdvice, addressAdvice))
}

// quoteProperties names the first of many properties and counts the others.
func quoteProperties(all []properties.Path) string {
	names := make([]string, 0, listedKeys)
	for _, path := range all[:min(len(all), listedKeys)] {
		names = append(names, path.String())
	}
	text := strings.Join(names, ", ")
	if more := len(all) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// propertiesHeldTwice warns of properties that two objects of the state hold.
func propertiesHeldTwice(bucket, key string, twice []properties.Path) diag.Diagnostic {
	return diag.NewWarningDiagnostic("KV entry property in two resources", describeTwice(quoteProperties(twice)+" of "+describeKeys(bucket, []string{key})))
}

// managedTwice refuses entries that one resource has as a whole and another in
// properties.
func managedTwice(bucket string, keys ...string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("KV entry managed twice",
		fmt.Sprintf("One resource manages all of %s, as a quiva_kv_entry or in a quiva_kv_entries, and a quiva_kv_entry_properties manages some of its properties. The first removes in every apply what the second sets.\n\n"+
			"To manage all of it, put the properties into the value of the first resource and remove the second one from the configuration.\n\n"+
			"To manage these properties alone, remove the first resource from the configuration, and have Terraform forget it, which leaves the entry as it is:\n\n"+
			"  terraform state rm 'ADDRESS'\n\nADDRESS stands for the full address of the first resource.", describeKeys(bucket, keys)))
}
