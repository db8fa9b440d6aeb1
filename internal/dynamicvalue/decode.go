package dynamicvalue

import (
	"bytes"
	"maps"
	"slices"
	"strconv"

	"github.com/vmihailenco/msgpack/v5"
)

// Decode reads JSON text as the Terraform value that the jsondecode function would give: objects,
// tuples, strings, numbers, bools, and null of a type yet to be known. It fails where [Canonical]
// does, on a number that Terraform cannot hold exactly (about 153 digits, or beyond 1e±4096), and
// beyond [MaxDigits].
func Decode(text []byte) (Value, error) {
	tree, err := parse(text)
	if err != nil {
		return Null, err
	}
	decoded, err := newPart(tree)
	if err != nil {
		return Null, err
	}
	return decoded.value()
}

// newPart is a part that the state does not have.
func newPart(tree any) (part, error) {
	var packed bytes.Buffer
	p := packer{msgpack.NewEncoder(&packed), newBudget()}
	typ, err := p.pack(tree)
	return part{typ: typ, packed: packed.String()}, err
}

// packer writes a tree in MessagePack.
type packer struct {
	*msgpack.Encoder

	left budget
}

// pack returns a tree's type in Terraform's JSON form. It fails on a number only: its buffer
// takes all.
func (p *packer) pack(tree any) (typ any, err error) {
	switch tree := tree.(type) {
	case bool:
		return KindBool, p.EncodeBool(tree)
	case string:
		return KindString, p.EncodeString(tree)
	case decimal:
		return KindNumber, p.number(tree)
	case []any:
		_ = p.EncodeArrayLen(len(tree))
		types := make([]any, len(tree))
		for i, element := range tree {
			if types[i], err = p.pack(element); err != nil {
				return nil, err
			}
		}
		return []any{"tuple", types}, nil
	case map[string]any:
		_ = p.EncodeMapLen(len(tree))
		types := make(map[string]any, len(tree))
		for _, name := range slices.Sorted(maps.Keys(tree)) {
			_ = p.EncodeString(name)
			if types[name], err = p.pack(tree[name]); err != nil {
				return nil, err
			}
		}
		return []any{KindObject, types}, nil
	}
	return KindUnknown, p.EncodeNil() // null, which has no type
}

func (p *packer) number(number decimal) error {
	if err := p.left.number(number); err != nil {
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
