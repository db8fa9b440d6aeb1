package protocol

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
)

// null is what MessagePack holds for an attribute that is left out.
const null = string(dynamicvalue.Null)

// valuesOf returns the attributes of an object, each in MessagePack.
func valuesOf(packed []byte) (map[string]string, error) {
	attributes, err := dynamicvalue.MembersOf(string(packed))
	values := make(map[string]string, len(attributes))
	for _, attribute := range attributes {
		values[attribute.Name] = string(packed[attribute.Start:attribute.End])
	}
	return values, err
}

// replace returns an object in which some attributes have another value. All
// else stays as it is, byte by byte, and so does an object in JSON.
func replace(object *tfprotov6.DynamicValue, names map[string]bool, replacement func(packed []byte) string) (*tfprotov6.DynamicValue, error) {
	if len(names) == 0 || object == nil {
		return object, nil
	}
	attributes, err := dynamicvalue.MembersOf(string(object.MsgPack))
	switch {
	case err != nil:
		return object, fmt.Errorf("reading an object: %w", err)
	case len(attributes) == 0:
		return object, nil
	}
	var replaced []byte
	copied := 0
	for _, attribute := range attributes {
		if names[attribute.Name] {
			replaced = append(replaced, object.MsgPack[copied:attribute.Start]...)
			replaced = append(replaced, replacement(object.MsgPack[attribute.Start:attribute.End])...)
			copied = attribute.End
		}
	}
	return &tfprotov6.DynamicValue{MsgPack: append(replaced, object.MsgPack[copied:]...)}, nil
}
