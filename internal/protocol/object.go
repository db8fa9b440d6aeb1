package protocol

import (
	"bytes"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// null is what MessagePack holds for an attribute that is left out.
const null = "\xc0"

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

// replace returns an object in which some attributes have another value. All
// else stays as it is, byte by byte.
func replace(object *tfprotov6.DynamicValue, names map[string]bool, replacement func(packed []byte) string) (*tfprotov6.DynamicValue, error) {
	if len(names) == 0 || object == nil {
		return object, nil
	}
	attributes, err := attributesOf(object.MsgPack)
	if err != nil || len(attributes) == 0 {
		return object, err
	}
	var replaced []byte
	copied := 0
	for _, attribute := range attributes {
		if names[attribute.name] {
			replaced = append(replaced, object.MsgPack[copied:attribute.start]...)
			replaced = append(replaced, replacement(object.MsgPack[attribute.start:attribute.end])...)
			copied = attribute.end
		}
	}
	return &tfprotov6.DynamicValue{MsgPack: append(replaced, object.MsgPack[copied:]...)}, nil
}
