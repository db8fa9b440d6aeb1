package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/quivaworks/terraform-provider-quiva/internal/properties"
	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

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
func quoteProperties(all []properties.Path) string { return nameSome(all, properties.Path.String) }

// managedTwice refuses entries that one resource has as a whole and another in
// properties.
func managedTwice(what string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("KV entry managed twice",
		fmt.Sprintf("One resource manages all of %s, as a quiva_kv_entry or in a quiva_kv_entries, and a quiva_kv_entry_properties manages some of its properties. The first removes in every apply what the second sets.\n\n"+
			"To manage all of it, put the properties into the value of the first resource and remove the second one from the configuration.\n\n"+
			"To manage these properties alone, remove the entry from the first resource, or that resource from the configuration, and have Terraform forget that resource. This deletes nothing, and the next apply adopts its other entries:\n\n"+
			"  terraform state rm 'ADDRESS'\n\nADDRESS stands for the full address of the first resource.", what))
}
