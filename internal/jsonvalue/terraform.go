package jsonvalue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ErrUnknown is the error of encoding a value that is not, or not wholly,
// known yet.
var ErrUnknown = errors.New("the value is not known yet")

// Encode writes a Terraform value as canonical JSON. Objects and maps become
// objects; lists, tuples and sets become arrays, a set in the order in which
// Terraform keeps it. It fails with [ErrUnknown] on an unknown value and with
// another error on a number that has no JSON form or a value that nests deeper
// than [MaxDepth].
func Encode(value attr.Value) ([]byte, error) {
	return appendValue(nil, value, MaxDepth)
}

func appendValue(buf []byte, value attr.Value, left int) ([]byte, error) {
	switch {
	case value == nil || value.IsNull():
		return append(buf, "null"...), nil
	case value.IsUnknown():
		return nil, ErrUnknown
	}
	switch value := value.(type) {
	case types.Dynamic:
		return appendValue(buf, value.UnderlyingValue(), left)
	case types.String:
		return appendString(buf, value.ValueString()), nil
	case types.Bool:
		return appendBool(buf, value.ValueBool()), nil
	case types.Number:
		return appendFloat(buf, value.ValueBigFloat())
	case types.List:
		return appendArray(buf, value.Elements(), left)
	case types.Tuple:
		return appendArray(buf, value.Elements(), left)
	case types.Set:
		return appendArray(buf, value.Elements(), left)
	case types.Map:
		return appendObject(buf, value.Elements(), left)
	case types.Object:
		return appendObject(buf, value.Attributes(), left)
	default:
		return nil, fmt.Errorf("a value of type %T has no JSON form", value)
	}
}

func appendArray(buf []byte, elements []attr.Value, left int) ([]byte, error) {
	if left == 0 {
		return nil, errTooDeep
	}
	buf = append(buf, '[')
	for i, element := range elements {
		if i > 0 {
			buf = append(buf, ',')
		}
		var err error
		if buf, err = appendValue(buf, element, left-1); err != nil {
			return nil, err
		}
	}
	return append(buf, ']'), nil
}

func appendObject(buf []byte, members map[string]attr.Value, left int) ([]byte, error) {
	if left == 0 {
		return nil, errTooDeep
	}
	buf = append(buf, '{')
	for i, name := range slices.Sorted(maps.Keys(members)) {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(appendString(buf, name), ':')
		var err error
		if buf, err = appendValue(buf, members[name], left-1); err != nil {
			return nil, err
		}
	}
	return append(buf, '}'), nil
}

// Decode reads JSON text as the Terraform value that the jsondecode function
// would give: objects, tuples, strings, numbers, bools, and null of a type yet
// to be known. It fails where [Canonical] does, and on a number that Terraform
// cannot hold exactly (about 153 digits, or beyond 1e±4096).
func Decode(text []byte) (attr.Value, error) {
	tree, err := parse(text)
	if err != nil {
		return nil, err
	}
	return fromTree(tree)
}

func fromTree(tree any) (attr.Value, error) {
	switch tree := tree.(type) {
	case nil:
		return types.DynamicNull(), nil
	case bool:
		return types.BoolValue(tree), nil
	case string:
		return types.StringValue(tree), nil
	case json.Number:
		number, err := parseFloat(tree.String())
		if err != nil {
			return nil, err
		}
		return types.NumberValue(number), nil
	case []any:
		elements := make([]attr.Value, len(tree))
		elementTypes := make([]attr.Type, len(tree))
		for i, child := range tree {
			element, err := fromTree(child)
			if err != nil {
				return nil, err
			}
			elements[i], elementTypes[i] = element, element.Type(context.Background())
		}
		return types.TupleValueMust(elementTypes, elements), nil
	case map[string]any:
		members := make(map[string]attr.Value, len(tree))
		memberTypes := make(map[string]attr.Type, len(tree))
		for name, child := range tree {
			member, err := fromTree(child)
			if err != nil {
				return nil, err
			}
			members[name], memberTypes[name] = member, member.Type(context.Background())
		}
		return types.ObjectValueMust(memberTypes, members), nil
	default:
		return nil, fmt.Errorf("unexpected %T in a JSON tree", tree)
	}
}
