package provider

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// encodeEntries returns the JSON of each entry.
func encodeEntries(diags *diag.Diagnostics, value types.Dynamic) map[string]json.RawMessage {
	entries, ok := dynamicvalue.Of(value).Members()
	if !ok {
		diags.Append(noEntries(dynamicvalue.Of(value)))
	}
	texts := make(map[string]json.RawMessage, len(entries))
	for key, entry := range entries {
		text, err := dynamicvalue.EncodeEntry(entry)
		switch {
		case err != nil:
			diags.AddAttributeError(path.Root("entries"), "Value cannot be represented as JSON", fmt.Sprintf("The entry %q cannot be written as JSON: %v.", key, err))
		case text[0] != '{':
			// It was unknown while planning.
			diags.AddAttributeError(path.Root("entries"), "Value is not an object", fmt.Sprintf("The gateway stores JSON objects; the entry %q is not one.", key))
		}
		texts[key] = text
	}
	return texts
}

// checkObjects adds an error that names the entries that are not, and will not be,
// objects.
func checkObjects(diags *diag.Diagnostics, entries map[string]dynamicvalue.Value) {
	var (
		problems []string
		advice   string
	)
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if problem, instead := objectProblem(entries[key], orText); problem != "" {
			problems = append(problems, fmt.Sprintf("\n  - %q: %s", key, problem))
			advice = cmp.Or(advice, strings.ReplaceAll(instead, "NAME", strconv.Quote(key)))
		}
	}
	if len(problems) > 0 {
		diags.AddAttributeError(path.Root("entries"), "Value is not an object",
			fmt.Sprintf("The gateway stores JSON objects; these entries are not:\n%s\n\n%s", firstOf(problems), advice))
	}
}

// checkEntries adds an error for each entry that contains something that cannot be
// written as JSON. The entries are those of the value.
func checkEntries(diags *diag.Diagnostics, value types.Dynamic, entries map[string]dynamicvalue.Value) {
	checkObjects(diags, entries)
	var problems []string
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		text, err := dynamicvalue.Encode(entries[key])
		switch {
		case len(text) > quiva.MaxBody: // a text within JSON text is longer
			checkSize(diags, path.Root("entries"), fmt.Sprintf("The entry %q", key), entries[key])
		case err != nil && !errors.Is(err, dynamicvalue.ErrUnknown):
			problems = append(problems, fmt.Sprintf("\n  - %q: %v", key, err))
		}
	}
	if len(problems) > 0 {
		diags.AddAttributeError(path.Root("entries"), "Value cannot be represented as JSON", "These entries cannot be written as JSON:\n"+firstOf(problems))
	}
	if !diags.HasError() {
		checkJSONForm(diags, path.Root("entries"), value) // which the entries may have each, but not all together
	}
}
