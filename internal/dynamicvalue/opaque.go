package dynamicvalue

import (
	"bytes"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/vmihailenco/msgpack/v5"
)

// opaque is how a dynamic value begins that is a string: an array of its type,
// in JSON, and itself.
const opaque = "\x92\xc4\x08\"string\""

// Opaque returns a value as Terraform would send a string that holds it, byte by
// byte. Null, and a value of which nothing is known, not even its type, stay as
// they are.
func (v Value) Opaque() Value {
	if _, packed, ok := v.split(); !ok || packed == string(Null) {
		return v
	}
	var text bytes.Buffer
	text.WriteString(opaque)
	_ = msgpack.NewEncoder(&text).EncodeString(string(v)) // a buffer takes all
	return Value(text.String())
}

// Transparent is the opposite of [Value.Opaque].
func (v Value) Transparent() Value {
	packed, ok := strings.CutPrefix(string(v), opaque)
	if !ok {
		return v
	}
	text, err := newReader(packed).bytes()
	if err != nil || text == "" {
		return v // a string that is null or not known
	}
	return Value(text)
}

// Of returns the value of a dynamic attribute that came to the framework as an
// opaque one.
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
