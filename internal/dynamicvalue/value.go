package dynamicvalue

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// Value is the value of a dynamic attribute in the form in which Terraform sends
// it: an array of its type, in JSON, and itself, in MessagePack. It is never
// taken apart further than a question about it needs.
type Value string

const (
	// Null is null of no particular type.
	Null Value = "\xc0"
	// Unknown is a value that is not known at all yet.
	Unknown Value = "\xd4\x00\x00"
)

// The kinds of values that need telling apart, by Terraform's names. Null and
// what is not known at all have kinds of their own, whatever their types.
const (
	KindNull    = "null"
	KindUnknown = "dynamic"
	KindString  = "string"
	KindNumber  = "number"
	KindBool    = "bool"
	KindSet     = "set"
	KindMap     = "map"
	KindObject  = "object"
)

// Kind returns what a value is, without what it is made of.
func (v Value) Kind() string {
	typ, packed, ok := v.split()
	switch {
	case v == Null, ok && packed == string(Null):
		return KindNull
	case !ok:
		return KindUnknown
	}
	kind := strings.TrimPrefix(typ, "[")
	kind, _, _ = strings.Cut(strings.TrimPrefix(kind, `"`), `"`)
	return kind
}

// IsKnown reports whether there is a value, null included. It may still hold
// members that are not known.
func (v Value) IsKnown() bool {
	_, packed, ok := v.split()
	return v == Null || ok && !msgpcode.IsExt(packed[0])
}

// Members returns the members of an object or a map that is known, each with
// its own type. It is not ok for any other value.
func (v Value) Members() (_ map[string]Value, ok bool) {
	text, packed, ok := v.split()
	if !ok || !v.IsKnown() {
		return nil, false
	}
	var typ []json.RawMessage
	if json.Unmarshal([]byte(text), &typ) != nil || len(typ) < 2 {
		return nil, false
	}
	typeOf := func(string) []byte { return typ[1] }
	switch kind := v.Kind(); kind {
	case KindObject:
		var types map[string]json.RawMessage
		if json.Unmarshal(typ[1], &types) != nil {
			return nil, false
		}
		typeOf = func(name string) []byte { return types[name] }
	case KindMap:
	default:
		return nil, false
	}

	read, err := MembersOf(packed)
	if err != nil {
		return nil, false
	}
	members := make(map[string]Value, len(read))
	for _, member := range read {
		members[member.Name] = join(typeOf(member.Name), packed[member.Start:member.End])
	}
	return members, true
}

// Object is the opposite of [Value.Members].
func Object(members map[string]Value) Value {
	types := make(map[string]json.RawMessage, len(members))
	var packed bytes.Buffer
	encoder := msgpack.NewEncoder(&packed)
	_ = encoder.EncodeMapLen(len(members)) // a buffer takes all
	for _, name := range slices.Sorted(maps.Keys(members)) {
		_ = encoder.EncodeString(name)
		typ, member, ok := members[name].split()
		if !ok {
			typ, member = `"dynamic"`, string(members[name])
		}
		types[name] = json.RawMessage(typ)
		packed.WriteString(member)
	}
	typ, _ := json.Marshal([]any{KindObject, types}) // text and JSON always encode
	return join(typ, packed.String())
}

// split takes a value and its type apart. It is not ok for null and unknown values without a type.
func (v Value) split() (typ, packed string, ok bool) {
	r := newReader(string(v))
	if null, unknown, err := r.isAbsent(); err != nil || null || unknown {
		return "", "", false
	}
	if n, err := r.DecodeArrayLen(); err != nil || n != 2 {
		return "", "", false
	}
	typ, err := r.bytes()
	if err != nil {
		return "", "", false
	}
	packed = string(v[r.at():])
	return typ, packed, packed != ""
}

func join(typ []byte, packed string) Value {
	if string(typ) == `"dynamic"` {
		return Value(packed) // which brings its own type, if it has one
	}
	var joined bytes.Buffer
	encoder := msgpack.NewEncoder(&joined)
	_ = encoder.EncodeArrayLen(2) // a buffer takes all
	_ = encoder.EncodeBytes(typ)
	joined.WriteString(packed)
	return Value(joined.String())
}
