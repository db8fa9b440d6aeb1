package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/jsonvalue"
)

// objectValidator accepts objects and maps: what the gateway can store.
type objectValidator struct{}

func (objectValidator) Description(context.Context) string { return "an object or a map" }

func (v objectValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (objectValidator) ValidateDynamic(_ context.Context, req validator.DynamicRequest, resp *validator.DynamicResponse) {
	checkObject(&resp.Diagnostics, req.Path, req.ConfigValue)
}

// valueOf returns the value of a dynamic attribute, which the framework holds
// sealed as a string: see package sealed.
func valueOf(attribute types.Dynamic) jsonvalue.Value {
	if isNull(attribute) {
		return jsonvalue.Null
	}
	sealed, ok := attribute.UnderlyingValue().(types.String)
	if !ok {
		return jsonvalue.Unknown
	}
	return jsonvalue.Value(sealed.ValueString())
}

// attributeOf is the opposite of valueOf.
func attributeOf(value jsonvalue.Value) types.Dynamic {
	if value.Kind() == jsonvalue.KindNull {
		return types.DynamicNull()
	}
	return types.DynamicValue(types.StringValue(string(value)))
}

// checkObject adds an error if a value is, or will be, something else than an
// object. Of null it says nothing: whether that is allowed depends on more than
// the value.
func checkObject(diags *diag.Diagnostics, at path.Path, value types.Dynamic) {
	var kind, wrap string
	switch valueOf(value).Kind() {
	case jsonvalue.KindNull, jsonvalue.KindDynamic, jsonvalue.KindObject, jsonvalue.KindMap:
		return
	case jsonvalue.KindString:
		kind = "a string"
		wrap = "If it is JSON text, decode it: NAME = jsondecode(…). If it is meant as it is, put it into an object: NAME = { text = … }."
	case jsonvalue.KindNumber:
		kind, wrap = "a number", "Put it into an object: NAME = { limit = … }."
	case jsonvalue.KindBool:
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
	text, err := jsonvalue.Encode(valueOf(value))
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
	if _, err := jsonvalue.Encode(valueOf(value)); err != nil && !errors.Is(err, jsonvalue.ErrUnknown) {
		diags.Append(noJSONForm(at, err))
	}
}

func noJSONForm(at path.Path, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Value has no JSON form", fmt.Sprintf("The value cannot be written as JSON: %v.", err))
}

// decodeValue returns what the gateway holds as a native value. Neither it nor
// its error shows the value itself.
func decodeValue(diags *diag.Diagnostics, key string, text json.RawMessage) jsonvalue.Value {
	value, err := jsonvalue.Decode(text)
	if err != nil {
		diags.AddError("Value has no Terraform form",
			fmt.Sprintf("The entry %q holds JSON that cannot be had in Terraform: %v.", key, err))
	}
	return value
}

// sameJSON reports whether two Terraform values are the same JSON, whatever
// their Terraform types. What is not wholly known equals nothing.
func sameJSON(a, b jsonvalue.Value) bool {
	textA, errA := jsonvalue.Encode(a)
	textB, errB := jsonvalue.Encode(b)
	return errA == nil && errB == nil && bytes.Equal(textA, textB)
}

// holdsJSON reports whether a Terraform value is the same JSON as a text.
func holdsJSON(value jsonvalue.Value, text json.RawMessage) bool {
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
