package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/quivaworks/terraform-provider-quiva/internal/jsonvalue"
)

// objectValidator accepts objects and maps: what the gateway can store.
type objectValidator struct{}

func (objectValidator) Description(context.Context) string { return "an object or a map" }

func (v objectValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (objectValidator) ValidateDynamic(_ context.Context, req validator.DynamicRequest, resp *validator.DynamicResponse) {
	checkObject(&resp.Diagnostics, req.Path, req.ConfigValue)
}

// checkObject adds an error if a value is, or will be, something else than an
// object. Of null it says nothing: whether that is allowed depends on more than
// the value.
func checkObject(diags *diag.Diagnostics, at path.Path, value types.Dynamic) {
	var kind, wrap string
	switch value.UnderlyingValue().(type) {
	case nil, types.Dynamic, types.Object, types.Map:
		return
	case types.String:
		kind = "a string"
		wrap = "If it is JSON text, decode it: NAME = jsondecode(…). If it is meant as it is, put it into an object: NAME = { text = … }."
	case types.Number:
		kind, wrap = "a number", "Put it into an object: NAME = { limit = … }."
	case types.Bool:
		kind, wrap = "a bool", "Put it into an object: NAME = { enabled = … }."
	default:
		kind, wrap = "a list", "Put it into an object: NAME = { items = … }."
	}
	diags.AddAttributeError(at, "Value is not an object",
		fmt.Sprintf("The gateway stores JSON objects; this is %s. %s", kind, strings.ReplaceAll(wrap, "NAME", at.String())))
}

// encodeObject returns the JSON text of an object to be written.
func encodeObject(diags *diag.Diagnostics, at path.Path, value types.Dynamic) json.RawMessage {
	checkObject(diags, at, value)
	if diags.HasError() {
		return nil
	}
	text, err := jsonvalue.Encode(value)
	switch {
	case errors.Is(err, jsonvalue.ErrUnknown):
		diags.AddAttributeError(at, "Value not known", "The value is still unknown at the time of writing. Please report this at "+repositoryURL+"/issues.")
	case err != nil:
		diags.Append(noJSONForm(at, err))
	case !bytes.HasPrefix(text, []byte("{")):
		diags.AddAttributeError(at, "Value is not an object", "The gateway stores JSON objects; this is null.")
	}
	return text
}

// checkJSONForm adds an error if what is known of a value cannot be written.
func checkJSONForm(diags *diag.Diagnostics, at path.Path, value types.Dynamic) {
	if _, err := jsonvalue.Encode(value); err != nil && !errors.Is(err, jsonvalue.ErrUnknown) {
		diags.Append(noJSONForm(at, err))
	}
}

func noJSONForm(at path.Path, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Value has no JSON form", fmt.Sprintf("The value cannot be written as JSON: %v.", err))
}

// decodeValue returns what the gateway holds as a native value. Neither it nor
// its error shows the value itself.
func decodeValue(diags *diag.Diagnostics, key string, text json.RawMessage) types.Dynamic {
	value, err := jsonvalue.Decode(text)
	if err != nil {
		diags.AddError("Value has no Terraform form",
			fmt.Sprintf("The entry %q holds JSON that cannot be had in Terraform: %v.", key, err))
		return types.DynamicNull()
	}
	if value.IsNull() {
		return types.DynamicNull()
	}
	return types.DynamicValue(value)
}

// sameJSON reports whether two Terraform values are the same JSON, whatever
// their Terraform types. What is not wholly known equals nothing.
func sameJSON(a, b attr.Value) bool {
	textA, errA := jsonvalue.Encode(a)
	textB, errB := jsonvalue.Encode(b)
	return errA == nil && errB == nil && bytes.Equal(textA, textB)
}

// holdsJSON reports whether a Terraform value is the same JSON as a text.
func holdsJSON(value attr.Value, text json.RawMessage) bool {
	encoded, err := jsonvalue.Encode(value)
	return err == nil && isSameText(encoded, text)
}

// isSameText reports whether two JSON texts mean the same.
func isSameText(a, b json.RawMessage) bool {
	same, err := jsonvalue.Equal(a, b)
	return err == nil && same
}

// isNull reports whether a dynamic attribute holds null of any type.
func isNull(value types.Dynamic) bool {
	return value.IsNull() || value.IsUnderlyingValueNull()
}

// isIdentical reports whether a planned object is the state to the last type.
// Equality alone takes an empty list and an empty object, deep in a dynamic
// attribute, for the same.
func isIdentical(plan, state tftypes.Value) bool {
	var planned, held map[string]tftypes.Value
	if state.IsNull() || plan.As(&planned) != nil || state.As(&held) != nil {
		return false
	}
	for name, value := range planned {
		if !value.Type().Equal(held[name].Type()) || !value.Equal(held[name]) {
			return false
		}
	}
	return true
}
