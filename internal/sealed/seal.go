package sealed

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// text is how a dynamic value begins that is a string: an array of its type, in
// JSON, and itself.
const text = "\x92\xc4\x08\"string\""

// Values in MessagePack.
const (
	null = "\xc0"
	no   = "\xc2"
)

// seal returns an object whose dynamic attributes are strings.
func (o object) seal(value *tfprotov6.DynamicValue) (*tfprotov6.DynamicValue, error) {
	return o.change(value, func(attribute []byte) []byte {
		if !hasType(attribute) {
			return attribute
		}
		var sealed bytes.Buffer
		sealed.WriteString(text)
		_ = msgpack.NewEncoder(&sealed).EncodeString(string(attribute)) // a buffer takes all
		return sealed.Bytes()
	})
}

// unseal returns what was sealed.
func (o object) unseal(value *tfprotov6.DynamicValue) (*tfprotov6.DynamicValue, error) {
	return o.change(value, func(attribute []byte) []byte {
		packed, isText := strings.CutPrefix(string(attribute), text)
		if !isText {
			return attribute
		}
		unsealed, err := msgpack.NewDecoder(strings.NewReader(packed)).DecodeBytes()
		if err != nil || unsealed == nil {
			return attribute // a string that is null or not known
		}
		return unsealed
	})
}

// hasType reports whether an attribute brings a type with its value, and is not
// null. It may be unknown.
func hasType(attribute []byte) bool {
	decoder := msgpack.NewDecoder(bytes.NewReader(attribute))
	code, err := decoder.PeekCode()
	if err != nil || code == msgpcode.Nil || msgpcode.IsExt(code) {
		return false
	}
	if n, err := decoder.DecodeArrayLen(); err != nil || n != 2 || decoder.Skip() != nil {
		return false
	}
	code, err = decoder.PeekCode()
	return err == nil && code != msgpcode.Nil
}

// change returns an object with changed dynamic attributes. All else stays as it
// is, byte by byte.
func (o object) change(value *tfprotov6.DynamicValue, change func(attribute []byte) []byte) (*tfprotov6.DynamicValue, error) {
	if len(o.dynamic) == 0 || value == nil {
		return value, nil
	}
	attributes, err := attributesOf(value.MsgPack)
	if err != nil || len(attributes) == 0 {
		return value, err
	}
	var changed []byte
	copied := 0
	for _, attribute := range attributes {
		if o.dynamic[attribute.name] {
			changed = append(changed, value.MsgPack[copied:attribute.start]...)
			changed = append(changed, change(value.MsgPack[attribute.start:attribute.end])...)
			copied = attribute.end
		}
	}
	return &tfprotov6.DynamicValue{MsgPack: append(changed, value.MsgPack[copied:]...)}, nil
}

// attribute is where an object in MessagePack has one.
type attribute struct {
	name       string
	start, end int
}

// attributesOf returns where the attributes of an object are, in its order. An
// object that is null or not known has none.
func attributesOf(packed []byte) ([]attribute, error) {
	if len(packed) == 0 {
		return nil, nil // it is in JSON
	}
	reader := bytes.NewReader(packed)
	decoder := msgpack.NewDecoder(reader)
	if code, err := decoder.PeekCode(); err != nil || code == msgpcode.Nil || msgpcode.IsExt(code) {
		return nil, err
	}
	n, err := decoder.DecodeMapLen()
	if err != nil {
		return nil, fmt.Errorf("reading an object: %w", err)
	}
	var attributes []attribute
	for range n {
		var a attribute
		if a.name, err = decoder.DecodeString(); err != nil {
			return nil, fmt.Errorf("reading an attribute's name: %w", err)
		}
		a.start = len(packed) - reader.Len()
		if err := decoder.Skip(); err != nil {
			return nil, fmt.Errorf("reading the attribute %q: %w", a.name, err)
		}
		a.end = len(packed) - reader.Len()
		attributes = append(attributes, a)
	}
	return attributes, nil
}

// valuesOf returns the attributes of an object, each in MessagePack.
func valuesOf(packed []byte) (map[string]string, error) {
	attributes, err := attributesOf(packed)
	values := make(map[string]string, len(attributes))
	for _, attribute := range attributes {
		values[attribute.name] = string(packed[attribute.start:attribute.end])
	}
	return values, err
}
