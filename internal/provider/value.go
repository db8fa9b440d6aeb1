package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// Whether an object may also be given as its JSON text.
const (
	nativeOnly = false
	orText     = true
)

// objectValidator accepts objects and maps: what the gateway can store.
type objectValidator struct {
	undescribed

	orText bool
}

func (v objectValidator) ValidateDynamic(_ context.Context, req validator.DynamicRequest, resp *validator.DynamicResponse) {
	checkObject(&resp.Diagnostics, req.Path, req.ConfigValue, v.orText)
}

// sameText is the plan modifier of values that may be JSON texts. Where a text is
// equal as JSON to that of the state, the plan keeps the state's text, so that
// nothing changes.
type sameText struct {
	undescribed

	isSame func(a, b dynamicvalue.Value) bool
}

func (m sameText) PlanModifyDynamic(_ context.Context, req planmodifier.DynamicRequest, resp *planmodifier.DynamicResponse) {
	// A null that is configured keeps its type, or Terraform refuses the plan.
	if !isNull(req.PlanValue) && m.isSame(dynamicvalue.Of(req.PlanValue), dynamicvalue.Of(req.StateValue)) {
		resp.PlanValue = req.StateValue
	}
}

// checkObject adds an error if a value is, or will be, anything other than an object.
func checkObject(diags *diag.Diagnostics, at path.Path, value types.Dynamic, orText bool) {
	if problem, advice := objectProblem(dynamicvalue.Of(value), orText); problem != "" {
		diags.AddAttributeError(at, "Value is not an object",
			fmt.Sprintf("The gateway stores JSON objects; %s. %s", problem, strings.ReplaceAll(advice, "NAME", at.String())))
	}
}

// objectProblem says why a value is not, and will not be, an object, and what to
// write for NAME instead. It accepts null: whether null is allowed depends on more
// than the value.
func objectProblem(value dynamicvalue.Value, orText bool) (problem, advice string) {
	switch value.Kind() {
	case dynamicvalue.KindNull, dynamicvalue.KindUnknown, dynamicvalue.KindObject, dynamicvalue.KindMap:
		return "", ""
	case dynamicvalue.KindString:
		const wrap = "To store the text itself, wrap it in an object: NAME = { text = … }."
		text, isKnown := value.Text()
		_, err := dynamicvalue.CanonicalObject(text)
		switch {
		case !orText:
			return "this is a string", "If it is JSON text, decode it: NAME = jsondecode(…). " + wrap
		case !isKnown || err == nil:
			return "", ""
		case strings.HasSuffix(text, ".json"):
			return "this is the name of a file", fmt.Sprintf("Read the file:\n\n  NAME = file(%q)", text)
		}
		problem = fmt.Sprintf("this text is not a JSON object: %v", err)
		if strings.HasPrefix(strings.TrimLeft(text, "\ufeff \t\r\n"), "{") {
			return problem, "Correct the text."
		}
		return problem, wrap
	}
	property := map[string]string{dynamicvalue.KindNumber: "limit", dynamicvalue.KindBool: "enabled"}[value.Kind()]
	kind := strings.Replace(value.Kind(), "tuple", "list", 1) // as people call it
	return "this is a " + kind, "Put it into an object: NAME = { " + cmp.Or(property, "items") + " = … }."
}

// encodeObject returns the JSON text of an object to be written.
func encodeObject(diags *diag.Diagnostics, at path.Path, value types.Dynamic) json.RawMessage {
	checkObject(diags, at, value, nativeOnly)
	if diags.HasError() {
		return nil
	}
	return encodeValue(diags, at, value)
}

// encodeValue returns the JSON text of an entry's value to be written.
func encodeValue(diags *diag.Diagnostics, at path.Path, value types.Dynamic) json.RawMessage {
	text, err := dynamicvalue.EncodeEntry(dynamicvalue.Of(value))
	switch {
	case errors.Is(err, dynamicvalue.ErrUnknown):
		diags.AddAttributeError(at, "Value not known", "The value is still unknown at the time of writing. Please report this at "+repositoryURL+"/issues.")
	case err != nil:
		diags.Append(noJSONForm(at, err))
	case isNull(value):
		diags.AddAttributeError(at, "Value is not an object", "The gateway stores JSON objects; this is null.")
	case text[0] != '{':
		checkObject(diags, at, value, orText)
	}
	return text
}

// checkValue adds an error if what is known of an entry's value cannot be written.
func checkValue(diags *diag.Diagnostics, at path.Path, value types.Dynamic) {
	checkObject(diags, at, value, orText)
	if checkJSONForm(diags, at, value) > quiva.MaxBody { // a text within JSON text is longer
		checkSize(diags, at, "The value", dynamicvalue.Of(value))
	}
}

// checkSize adds an error if a value, or an entry, is larger than the gateway takes.
func checkSize(diags *diag.Diagnostics, at path.Path, subject string, value dynamicvalue.Value) {
	if text, err := dynamicvalue.EncodeEntry(value); err == nil && len(text) > quiva.MaxBody {
		diags.AddAttributeError(at, "Value too large",
			fmt.Sprintf("%s has %d bytes as JSON, and the gateway takes 10 MB at most. Make it smaller, or split it into several entries.", subject, len(text)))
	}
}

// checkJSONForm adds an error if what is known of a value cannot be written. It returns
// the length of the JSON text.
func checkJSONForm(diags *diag.Diagnostics, at path.Path, value types.Dynamic) int {
	text, err := dynamicvalue.Encode(dynamicvalue.Of(value))
	if err != nil && !errors.Is(err, dynamicvalue.ErrUnknown) {
		diags.Append(noJSONForm(at, err))
	}
	return len(text)
}

func noJSONForm(at path.Path, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Value cannot be represented as JSON", fmt.Sprintf("The value cannot be written as JSON: %v.", err))
}

// refreshValue returns what the gateway holds as a native value, in the types of
// the state, if there is one, for all that did not change. Its error does not show the
// value.
func refreshValue(diags *diag.Diagnostics, key string, state dynamicvalue.Value, remote json.RawMessage) dynamicvalue.Value {
	value, err := dynamicvalue.Refresh(state, remote)
	if err != nil {
		diags.AddError("Value cannot be represented in Terraform",
			fmt.Sprintf("The entry %q holds JSON that Terraform cannot represent: %v.", key, err))
	}
	return value
}

// objectOf returns the values of many entries as one, or an error if that is
// more than Terraform should hold.
func objectOf(diags *diag.Diagnostics, entries map[string]dynamicvalue.Value) types.Dynamic {
	object := dynamicvalue.Object(entries)
	if _, err := dynamicvalue.Encode(object); err != nil && !diags.HasError() {
		diags.AddError("Entries cannot be represented in Terraform",
			fmt.Sprintf("Terraform cannot represent %d entries as one object: %v. Read them in parts, by the prefixes of their keys.", len(entries), err))
	}
	return object.Attribute()
}

// isNull reports whether a dynamic attribute holds null of any type.
func isNull(value types.Dynamic) bool {
	return value.IsNull() || value.IsUnderlyingValueNull()
}
