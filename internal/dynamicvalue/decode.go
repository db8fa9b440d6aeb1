package dynamicvalue

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/vmihailenco/msgpack/v5"
)

// Decode reads JSON text as the Terraform value that the jsondecode function
// would give: objects, tuples, strings, numbers, bools, and null of a type yet
// to be known. It fails where [Canonical] does, on a number that Terraform
// cannot hold exactly (about 153 digits, or beyond 1e±4096), and beyond
// [MaxDigits].
func Decode(text []byte) (Value, error) {
	tree, err := parse(text)
	if err != nil {
		return Null, err
	}
	return decodeTree(tree)
}

func decodeTree(tree any) (Value, error) {
	if tree == nil {
		return Null, nil
	}
	decoded, err := newPart(tree)
	if err != nil {
		return Null, err
	}
	return decoded.value()
}

// typeOfTree returns a type in Terraform's JSON form.
func typeOfTree(tree any) any {
	switch tree := tree.(type) {
	case bool:
		return "bool"
	case string:
		return "string"
	case decimal:
		return "number"
	case []any:
		types := make([]any, len(tree))
		for i, element := range tree {
			types[i] = typeOfTree(element)
		}
		return []any{"tuple", types}
	case map[string]any:
		types := make(map[string]any, len(tree))
		for name, member := range tree {
			types[name] = typeOfTree(member)
		}
		return []any{"object", types}
	default:
		return "dynamic" // of null
	}
}

// packer writes a tree in MessagePack.
type packer struct {
	*msgpack.Encoder

	budget budget
}

// pack fails on a number only: its buffer takes all.
func (p *packer) pack(tree any) (err error) {
	switch tree := tree.(type) {
	case bool:
		return p.EncodeBool(tree)
	case string:
		return p.EncodeString(tree)
	case decimal:
		return p.number(tree)
	case []any:
		_ = p.EncodeArrayLen(len(tree))
		for _, element := range tree {
			err = cmp.Or(err, p.pack(element))
		}
		return err
	case map[string]any:
		_ = p.EncodeMapLen(len(tree))
		for _, name := range slices.Sorted(maps.Keys(tree)) {
			_ = p.EncodeString(name)
			err = cmp.Or(err, p.pack(tree[name]))
		}
		return err
	default:
		return p.EncodeNil()
	}
}

func (p *packer) number(number decimal) error {
	if err := p.budget.number(number); err != nil {
		return err
	}
	if err := number.checkHeld(); err != nil {
		return err
	}
	text := string(number.appendPlain(nil))
	if integer, err := strconv.ParseInt(text, 10, 64); err == nil {
		return p.EncodeInt(integer)
	}
	return p.EncodeString(text)
}
