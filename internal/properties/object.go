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
	members []member
	at      map[string]int // where a name is in members
}

// member is one member of an object. All but its name is JSON text.
type member struct {
	name   string
	quoted json.RawMessage // the name as it is written
	value  json.RawMessage // nil if the member has been removed
}

// parse reads an object. It is not ok for any other value, and for none.
func parse(text json.RawMessage) (_ *object, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if begin, err := decoder.Token(); err != nil || begin != json.Delim('{') {
		return nil, false
	}
	o := &object{}
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
		o.remove(m.name) // it is the last one that counts
		o.set(m, m.value)
	}
	return o, true
}

func (o *object) isEmpty() bool { return len(o.at) == 0 }

// all returns the members in their order.
func (o *object) all() iter.Seq[member] {
	return func(yield func(member) bool) {
		for _, m := range o.members {
			if m.value != nil && !yield(m) {
				return
			}
		}
	}
}

func (o *object) get(name string) (value json.RawMessage, ok bool) {
	i, ok := o.at[name]
	if !ok {
		return nil, false
	}
	return o.members[i].value, true
}

// set gives a member a value, in its place if there is one of its name.
func (o *object) set(m member, value json.RawMessage) {
	if i, ok := o.at[m.name]; ok {
		o.members[i].value = value
		return
	}
	if o.at == nil {
		o.at = map[string]int{}
	}
	o.at[m.name] = len(o.members)
	m.value = value
	o.members = append(o.members, m)
}

func (o *object) remove(name string) {
	if i, ok := o.at[name]; ok {
		o.members[i].value = nil
		delete(o.at, name)
	}
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
