package dynamicvalue

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ErrUnknown is the error of encoding a value that is not, or not wholly,
// known yet.
var ErrUnknown = errors.New("the value is not known yet")

// Encode writes a Terraform value as canonical JSON. Objects and maps become
// objects; lists, tuples and sets become arrays, a set in the order in which
// Terraform keeps it. It fails with [ErrUnknown] on an unknown value and with
// another error on an infinite number or one beyond 1e±4096, and beyond
// [MaxDepth], [MaxElements] and [MaxDigits].
func Encode(value Value) ([]byte, error) {
	e := encoder{reader: newReader(string(value)), budget: newBudget()}
	if err := e.dynamic(MaxDepth); err != nil {
		return nil, err
	}
	if e.at() != len(value) {
		return nil, errors.New("the value continues after its end")
	}
	return e.buf, nil
}

// EncodeEntry writes the value of an entry as canonical JSON. It is [Encode], but a
// string that is the JSON text of an object becomes that object: see
// [CanonicalObject].
func EncodeEntry(value Value) ([]byte, error) {
	if text, ok := value.Text(); ok {
		if canonical, err := CanonicalObject(text); err == nil {
			return canonical, nil
		}
	}
	return Encode(value)
}

// encoder reads a value in MessagePack and appends its JSON.
type encoder struct {
	reader

	buf    []byte
	budget budget
}

// dynamic encodes a value that brings its type.
func (e *encoder) dynamic(left int) error {
	if done, err := e.absent(); done || err != nil {
		return err
	}
	if err := e.expectArray(2); err != nil {
		return err
	}
	text, err := e.bytes()
	if err != nil {
		return err
	}
	var typ any
	if err := json.Unmarshal([]byte(text), &typ); err != nil {
		return err // its type nests deeper than encoding/json reads
	}
	return e.value(typ, left)
}

// absent encodes null, and refuses what is not known.
func (e *encoder) absent() (done bool, err error) {
	null, unknown, err := e.isAbsent()
	switch {
	case err != nil:
		return false, err
	case unknown:
		return false, ErrUnknown
	case null:
		e.buf = append(e.buf, "null"...)
		return true, e.DecodeNil()
	}
	return false, nil
}

func (e *encoder) expectArray(length int) error {
	n, err := e.DecodeArrayLen()
	if err == nil && n != length {
		err = fmt.Errorf("%d elements where the type has %d", n, length)
	}
	return err
}

// value encodes a value of a type, which is in Terraform's JSON form: a name,
// or an array of a name and what it is made of.
func (e *encoder) value(typ any, left int) error {
	if typ == "dynamic" {
		return e.dynamic(left)
	}
	if err := e.budget.element(); err != nil {
		return err
	}
	if done, err := e.absent(); done || err != nil {
		return err
	}
	switch typ := typ.(type) {
	case string:
		return e.scalar(typ)
	case []any:
		if len(typ) < 2 {
			break
		}
		if left == 0 {
			return errTooDeep
		}
		switch typ[0] {
		case "list", "set":
			n, err := e.DecodeArrayLen()
			if err != nil {
				return err
			}
			return e.array(n, func(int) any { return typ[1] }, left-1)
		case "tuple":
			types, _ := typ[1].([]any)
			if err := e.expectArray(len(types)); err != nil {
				return err
			}
			return e.array(len(types), func(i int) any { return types[i] }, left-1)
		case "map":
			return e.object(func(string) any { return typ[1] }, left-1)
		case "object":
			types, _ := typ[1].(map[string]any)
			return e.object(func(name string) any { return types[name] }, left-1)
		}
	}
	return fmt.Errorf("a value of type %v cannot be represented as JSON", typ)
}

func (e *encoder) scalar(typ string) error {
	switch typ {
	case "string":
		text, err := e.bytes()
		e.buf = appendString(e.buf, text)
		return err
	case "bool":
		value, err := e.DecodeBool()
		e.buf = appendBool(e.buf, value)
		return err
	case "number":
		number, err := e.number()
		if err != nil {
			return err
		}
		e.buf = number.append(e.buf)
		return e.budget.number(number)
	}
	return fmt.Errorf("a value of type %s cannot be represented as JSON", typ)
}

// number reads a number, which comes as an integer or a float64 where that is
// exact, else as text.
func (e *encoder) number() (decimal, error) {
	value, err := e.DecodeInterfaceLoose()
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

func (e *encoder) array(n int, typ func(i int) any, left int) error {
	e.buf = append(e.buf, '[')
	for i := range n {
		if i > 0 {
			e.buf = append(e.buf, ',')
		}
		if err := e.value(typ(i), left); err != nil {
			return err
		}
	}
	e.buf = append(e.buf, ']')
	return nil
}

func (e *encoder) object(typ func(name string) any, left int) error {
	n, err := e.DecodeMapLen()
	if err != nil {
		return err
	}
	e.buf = append(e.buf, '{')
	begin, sorted, last := len(e.buf), true, ""
	members := map[string][2]int{} // the span of each in the buffer
	for i := range n {
		name, err := e.bytes()
		if err != nil {
			return err
		}
		if i > 0 {
			e.buf = append(e.buf, ',')
			sorted = sorted && last < name
		}
		last = name
		start := len(e.buf)
		e.buf = append(appendString(e.buf, name), ':')
		if err := e.value(typ(name), left); err != nil {
			return err
		}
		members[name] = [2]int{start, len(e.buf)}
	}
	if !sorted { // Terraform sorts, others need not
		unsorted := slices.Clone(e.buf)
		e.buf = e.buf[:begin]
		for i, name := range slices.Sorted(maps.Keys(members)) {
			if i > 0 {
				e.buf = append(e.buf, ',')
			}
			e.buf = append(e.buf, unsorted[members[name][0]:members[name][1]]...)
		}
	}
	e.buf = append(e.buf, '}')
	return nil
}
