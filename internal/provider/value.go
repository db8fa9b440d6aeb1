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

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
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
	switch dynamicvalue.Of(value).Kind() {
	case dynamicvalue.KindNull, dynamicvalue.KindUnknown, dynamicvalue.KindObject, dynamicvalue.KindMap:
		return
	case dynamicvalue.KindString:
		kind = "a string"
		wrap = "If it is JSON text, decode it: NAME = jsondecode(…). If it is meant as it is, put it into an object: NAME = { text = … }."
	case dynamicvalue.KindNumber:
		kind, wrap = "a number", "Put it into an object: NAME = { limit = … }."
	case dynamicvalue.KindBool:
		kind, wrap = "a bool", "Put it into an object: NAME = { enabled = … }."
	case dynamicvalue.KindSet:
		kind, wrap = "a set", "Put it into an object: NAME = { items = … }."
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
	text, err := dynamicvalue.Encode(dynamicvalue.Of(value))
	switch {
	case errors.Is(err, dynamicvalue.ErrUnknown):
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
	if _, err := dynamicvalue.Encode(dynamicvalue.Of(value)); err != nil && !errors.Is(err, dynamicvalue.ErrUnknown) {
		diags.Append(noJSONForm(at, err))
	}
}

func noJSONForm(at path.Path, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Value has no JSON form", fmt.Sprintf("The value cannot be written as JSON: %v.", err))
}

// decodeValue returns what the gateway holds as a native value. Neither it nor
// its error shows the value itself.
func decodeValue(diags *diag.Diagnostics, key string, remote json.RawMessage) dynamicvalue.Value {
	return refreshValue(diags, key, dynamicvalue.Null, remote)
}

// refreshValue returns what the gateway holds as a native value, in the types of
// the state for all that did not change.
func refreshValue(diags *diag.Diagnostics, key string, state dynamicvalue.Value, remote json.RawMessage) dynamicvalue.Value {
	value, err := dynamicvalue.Refresh(state, remote)
	if err != nil {
		diags.AddError("Value has no Terraform form",
			fmt.Sprintf("The entry %q holds JSON that Terraform cannot represent: %v.", key, err))
	}
	return value
}

// objectOf returns the values of many entries as one, or an error if that is
// more than Terraform should hold.
func objectOf(diags *diag.Diagnostics, entries map[string]dynamicvalue.Value) types.Dynamic {
	object := dynamicvalue.Object(entries)
	if _, err := dynamicvalue.Encode(object); err != nil && !diags.HasError() {
		diags.AddError("Entries have no Terraform form",
			fmt.Sprintf("Terraform cannot represent %d entries as one object: %v. Read them in parts, by the prefixes of their keys.", len(entries), err))
	}
	return object.Attribute()
}

// isNull reports whether a dynamic attribute holds null of any type.
func isNull(value types.Dynamic) bool {
	return value.IsNull() || value.IsUnderlyingValueNull()
}
