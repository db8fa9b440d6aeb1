package properties

import (
	"bytes"
	"encoding/json"
	"iter"
	"strings"
	"unicode/utf8"
)

// object is a JSON object with its members in order, no two of the same name.
type object struct {
	names   []string // in order, those included that were removed
	members map[string]member
}

// member is one member of an object. All but its name is JSON text.
type member struct {
	name   string
	quoted json.RawMessage // the name as it is written
	value  json.RawMessage
}

// parse reads an object. It is not ok for any other value, and for none.
func parse(text json.RawMessage) (_ *object, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if begin, err := decoder.Token(); err != nil || begin != json.Delim('{') {
		return nil, false
	}
	o := &object{members: map[string]member{}}
	for decoder.More() {
		before := decoder.InputOffset()
		token, err := decoder.Token()
		name, isName := token.(string)
		if err != nil || !isName {
			return nil, false
		}
		m := member{name: name, quoted: bytes.TrimLeft(text[before:decoder.InputOffset()], ", \t\r\n")}
		if strings.ContainsRune(name, utf8.RuneError) && bytes.Contains(bytes.ToLower(m.quoted), []byte(`\ud`)) {
			// Half a surrogate pair, which decodes to this: names that differ must not
			// become one. No other name has a byte that is not UTF-8.
			m.name = "\xff" + string(m.quoted)
		}
		if err := decoder.Decode(&m.value); err != nil {
			return nil, false
		}
		o.set(m, m.value)
	}
	return o, true
}

// all returns the members in their order.
func (o *object) all() iter.Seq[member] {
	return func(yield func(member) bool) {
		for _, name := range o.names {
			if m, ok := o.members[name]; ok && !yield(m) {
				return
			}
		}
	}
}

// set gives a member a value, in its place if there is one of its name.
func (o *object) set(m member, value json.RawMessage) {
	before, ok := o.members[m.name]
	if ok {
		m.quoted = before.quoted
	} else {
		o.names = append(o.names, m.name)
	}
	m.value = value
	o.members[m.name] = m
}

func (o *object) text() json.RawMessage {
	text := []byte{'{'}
	for m := range o.all() {
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = append(append(append(text, m.quoted...), ':'), m.value...)
	}
	return append(text, '}')
}
