package dynamicvalue

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/vmihailenco/msgpack/v5"
)

// Refresh returns the Terraform value of the JSON text that is there now, with as much as possible
// of the types that the configuration gave to the state. An object that was a JSON text is one
// again, in its canonical form. Else, a part that is the same JSON as the state's stays just as it
// is, and so does the value as a whole. A list or a map in which something else changed stays one
// if its elements still have its type. It fails where [Decode] does.
func Refresh(state Value, remote []byte) (Value, error) {
	tree, err := parse(remote)
	if err != nil {
		return Null, err
	}
	if _, isObject := tree.(map[string]any); isObject && state.Kind() == KindString {
		text := appendTree(nil, tree)
		if before, _ := EncodeEntry(state); bytes.Equal(before, text) {
			return state, nil
		}
		return textValue(string(text)), nil
	}
	decoded, err := newPart(tree)
	if err != nil {
		return Null, err
	}
	if text, _ := Encode(state); tree == nil || text == nil {
		return decoded.value() // nothing of the state can stay, which may be malformed; all others are not
	}
	now, err := refresh(part{typ: "dynamic", packed: string(state)}, tree)
	if err != nil || now.same {
		return state, err
	}
	return now.value()
}

// part is a value within another one, or none if it has no type.
type part struct {
	typ    any // in Terraform's JSON form: a name, or an array of a name and what it is made of
	packed string
	same   bool // as the state's
}

func (p part) value() (Value, error) {
	typ, err := json.Marshal(p.typ)
	return join(typ, p.packed), err
}

func refresh(state part, tree any) (part, error) {
	switch state.typ {
	case nil:
		return newPart(tree)
	case "dynamic":
		return refreshDynamic(state, tree)
	}
	state.same = true
	isNull := state.packed == string(Null)
	switch {
	case isNull && tree == nil:
		return state, nil
	case isNull:
		return newPart(tree)
	case tree == nil:
		return part{typ: state.typ, packed: string(Null)}, nil
	}
	if typ, ok := state.typ.([]any); ok && len(typ) > 1 {
		members, isObject := tree.(map[string]any)
		elements, isArray := tree.([]any)
		switch kind := typ[0]; {
		case isObject && (kind == "map" || kind == "object"):
			return refreshMembers(state, kind, typ[1], members)
		case isArray && (kind == "list" || kind == "set" || kind == "tuple"):
			return refreshElements(state, kind, typ[1], elements)
		}
		return newPart(tree)
	}
	u := unpacker{newReader(state.packed), newBudget()}
	if before, _ := u.scalar(fmt.Sprint(state.typ)); before != tree {
		return newPart(tree)
	}
	return state, nil
}

// refreshDynamic refreshes a part that brings its own type.
func refreshDynamic(state part, tree any) (part, error) {
	text, packed, ok := Value(state.packed).split()
	if !ok {
		if tree == nil && state.packed == string(Null) {
			return part{state.typ, state.packed, true}, nil
		}
		return newPart(tree)
	}
	var typ any
	_ = json.Unmarshal([]byte(text), &typ)
	now, err := refresh(part{typ: typ, packed: packed}, tree)
	if now.same {
		now.typ, now.packed = state.typ, state.packed
	}
	return now, err
}

// refreshMembers refreshes an object or a map, of one type for each member or for all.
func refreshMembers(state part, kind, of any, tree map[string]any) (_ part, err error) {
	members, _ := MembersOf(state.packed)
	types, _ := of.(map[string]any)
	had := make(map[string]part, len(members))
	for _, member := range members {
		typ := of
		if kind == "object" {
			typ = types[member.Name]
		}
		had[member.Name] = part{typ: typ, packed: state.packed[member.Start:member.End]}
	}
	now := rebuilt{of: of, same: len(had) == len(tree), sameType: kind == "map" && of != "dynamic"}
	encoder := msgpack.NewEncoder(&now.packed)
	_ = encoder.EncodeMapLen(len(tree)) // a buffer takes all
	nowTypes := make(map[string]any, len(tree))
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		_ = encoder.EncodeString(name)
		if nowTypes[name], err = now.add(had[name], tree[name]); err != nil {
			return part{}, err
		}
	}
	return now.part(state, []any{"object", nowTypes}), nil
}

// refreshElements refreshes a list, a set or a tuple, of one type for each element or for all. A
// set in which something changed is a tuple: as a set it might have another order than its JSON.
func refreshElements(state part, kind, of any, tree []any) (_ part, err error) {
	had := newReader(state.packed).elements()
	types, _ := of.([]any)
	now := rebuilt{of: of, same: len(had) == len(tree), sameType: kind == "list" && of != "dynamic"}
	_ = msgpack.NewEncoder(&now.packed).EncodeArrayLen(len(tree)) // a buffer takes all
	nowTypes := make([]any, len(tree))
	for i := range tree {
		var before part
		if i < len(had) {
			before = part{typ: of, packed: had[i]}
			if kind == "tuple" {
				before.typ = types[i]
			}
		}
		if nowTypes[i], err = now.add(before, tree[i]); err != nil {
			return part{}, err
		}
	}
	return now.part(state, []any{"tuple", nowTypes}), nil
}

// rebuilt is an object or an array that is refreshed part by part.
type rebuilt struct {
	of             any // the type of every element, where it has one
	same, sameType bool
	packed         bytes.Buffer
}

// add appends what is there now in place of a part, and returns its type.
func (r *rebuilt) add(before part, tree any) (any, error) {
	now, err := refresh(before, tree)
	r.same = r.same && now.same
	r.sameType = r.sameType && reflect.DeepEqual(now.typ, r.of)
	r.packed.WriteString(now.packed)
	return now.typ, err
}

// part returns the state's part if nothing changed, and keeps its type if it can.
func (r *rebuilt) part(state part, typ any) part {
	if r.same {
		return state
	}
	if r.sameType {
		typ = state.typ
	}
	return part{typ: typ, packed: r.packed.String()}
}
