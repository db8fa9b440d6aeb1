package dynamicvalue

import (
	"bytes"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/vmihailenco/msgpack/v5"
)

// stringHead is how a value begins that is a string: an array of its type, in JSON, and itself.
const stringHead = "\x92\xc4\x08\"string\""

// Opaque returns a value as Terraform would send a string that holds it, byte by byte. Null, and a
// value that is not known at all, not even its type, stay as they are.
func (v Value) Opaque() Value {
	if _, packed, ok := v.split(); !ok || packed == string(Null) {
		return v
	}
	return textValue(string(v))
}

// Transparent is the opposite of [Value.Opaque].
func (v Value) Transparent() Value {
	if text, ok := v.Text(); ok && text != "" {
		return Value(text)
	}
	return v
}

// textValue returns the value that is a string.
func textValue(text string) Value {
	var value bytes.Buffer
	value.WriteString(stringHead)
	_ = msgpack.NewEncoder(&value).EncodeString(text) // a buffer takes all
	return Value(value.String())
}

// Text returns what a string is. It is not ok for a string that is null or not
// known, and for any other value.
func (v Value) Text() (_ string, ok bool) {
	packed, ok := strings.CutPrefix(string(v), stringHead)
	if !ok {
		return "", false
	}
	text, err := newReader(packed).bytes()
	return text, err == nil
}

// Of returns the value of a dynamic attribute that came to the framework as an opaque one.
func Of(attribute types.Dynamic) Value {
	if attribute.IsNull() || attribute.IsUnderlyingValueNull() {
		return Null
	}
	text, ok := attribute.UnderlyingValue().(types.String)
	if !ok {
		return Unknown
	}
	return Value(text.ValueString())
}

// Attribute is the opposite of [Of].
func (v Value) Attribute() types.Dynamic {
	switch v.Kind() {
	case KindNull:
		return types.DynamicNull()
	case KindUnknown:
		return types.DynamicUnknown()
	default:
		return types.DynamicValue(types.StringValue(string(v)))
	}
}
