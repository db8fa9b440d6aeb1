package dynamicvalue

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
	"golang.org/x/text/unicode/norm"
)

// ErrUnknown is the error of encoding a value that is not, or not wholly, known yet.
var ErrUnknown = errors.New("the value is not known yet")

// Encode writes a Terraform value as canonical JSON. Objects and maps become objects; lists, tuples
// and sets become arrays, a set in the order in which Terraform keeps it. It fails with
// [ErrUnknown] on an unknown value and with another error on an infinite number or one beyond
// 1e±4096, and beyond [MaxDepth], [MaxElements] and [MaxDigits].
func Encode(value Value) ([]byte, error) {
	u := unpacker{newReader(string(value)), newBudget()}
	tree, err := u.dynamic(MaxDepth)
	if err != nil {
		return nil, err
	}
	if u.at() != len(value) {
		return nil, errors.New("the value continues after its end")
	}
	return appendTree(nil, tree), nil
}

// EncodeEntry writes the value of an entry as canonical JSON. It is [Encode], but a string that is
// the JSON text of an object becomes that object: see [CanonicalObject].
func EncodeEntry(value Value) ([]byte, error) {
	if text, ok := value.Text(); ok {
		if canonical, err := CanonicalObject(text); err == nil {
			return canonical, nil
		}
	}
	return Encode(value)
}

// unpacker reads a value in MessagePack into a tree like that of a [parser].
type unpacker struct {
	reader

	budget budget
}

// dynamic reads a value that brings its type.
func (u *unpacker) dynamic(depth int) (any, error) {
	if null, err := u.null(); null || err != nil {
		return nil, err
	}
	if n, err := u.DecodeArrayLen(); err != nil || n != 2 {
		return nil, cmp.Or(err, errLength(n, 2))
	}
	text, err := u.bytes()
	if err != nil {
		return nil, err
	}
	var typ any
	if err := json.Unmarshal([]byte(text), &typ); err != nil {
		return nil, err // its type nests deeper than encoding/json reads
	}
	return u.value(typ, depth)
}

// null reads null if that is what comes, and refuses what is not known.
func (u *unpacker) null() (bool, error) {
	null, unknown, err := u.isAbsent()
	switch {
	case unknown:
		return false, ErrUnknown
	case null:
		err = u.DecodeNil()
	}
	return null, err
}

func errLength(n, want int) error { return fmt.Errorf("%d elements where the type has %d", n, want) }

// value reads a value of a type, which is in Terraform's JSON form: a name, or an array of a
// name and what it is made of.
func (u *unpacker) value(typ any, depth int) (any, error) {
	if typ == KindUnknown {
		return u.dynamic(depth)
	}
	if err := u.budget.element(); err != nil {
		return nil, err
	}
	if null, err := u.null(); null || err != nil {
		return nil, err
	}
	switch typ := typ.(type) {
	case string:
		return u.scalar(typ)
	case []any:
		if len(typ) < 2 {
			break
		}
		if depth == 0 {
			return nil, errTooDeep
		}
		switch kind := typ[0]; kind {
		case "list", KindSet, "tuple":
			return u.array(kind == "tuple", typ[1], depth-1)
		case KindMap, KindObject:
			return u.object(kind == KindObject, typ[1], depth-1)
		}
	}
	return nil, fmt.Errorf("a value of type %v cannot be represented as JSON", typ)
}

func (u *unpacker) scalar(typ string) (any, error) {
	switch typ {
	case KindString:
		text, err := u.bytes()
		return norm.NFC.String(text), err
	case KindBool:
		return u.DecodeBool()
	case KindNumber:
		number, err := u.number()
		return number, cmp.Or(err, u.budget.number(number))
	}
	return nil, fmt.Errorf("a value of type %s cannot be represented as JSON", typ)
}

// number reads a number, which comes as an integer or a float64 where that is exact, else as text.
func (u *unpacker) number() (decimal, error) {
	code, err := u.PeekCode()
	isNumber := msgpcode.IsFixedNum(code) || code >= msgpcode.Float && code <= msgpcode.Int64
	if err != nil || !isNumber && !msgpcode.IsString(code) {
		return decimal{}, cmp.Or(err, errNumberSyntax) // of an array, all that it claims would be allocated
	}
	value, err := u.DecodeInterfaceLoose()
	switch value := value.(type) {
	case string:
		return parseDecimal(value)
	case float64:
		return decimalOf(value)
	case int64, uint64:
		return parseExact(fmt.Sprint(value))
	}
	return decimal{}, cmp.Or(err, errNumberSyntax)
}

// array reads elements of one type or, where each has its own, of as many types.
func (u *unpacker) array(isTuple bool, of any, depth int) (any, error) {
	n, err := u.DecodeArrayLen()
	types, _ := of.([]any)
	if isTuple && err == nil && n != len(types) {
		err = errLength(n, len(types))
	}
	elements := make([]any, 0, min(max(n, 0), 64)) // a value that is cut off may claim any number
	for i := 0; err == nil && i < n; i++ {
		if isTuple {
			of = types[i]
		}
		var element any
		element, err = u.value(of, depth)
		elements = append(elements, element)
	}
	return elements, err
}

// object reads members of one type or, where each has its own, of the types by their names.
func (u *unpacker) object(hasTypes bool, of any, depth int) (any, error) {
	n, err := u.DecodeMapLen()
	types, _ := of.(map[string]any)
	members := make(map[string]any, min(max(n, 0), 64))
	for i := 0; err == nil && i < n; i++ {
		var name string
		if name, err = u.bytes(); err != nil {
			break
		}
		if hasTypes {
			of = types[name]
		}
		members[norm.NFC.String(name)], err = u.value(of, depth)
	}
	return members, err
}
