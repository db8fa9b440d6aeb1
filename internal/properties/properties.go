// Package properties sets, removes and picks some properties of a JSON object
// that others write too. It works on JSON text: whatever it is not asked about
// stays as it is written, to the last digit, and in its place.
//
// The properties are given as an object of their own: its leaves are the properties, by the path of
// names that leads to them. Objects merge, so the members that others have next to a leaf are
// theirs. Anything else is a leaf, and whole: text, numbers, bools, null, arrays. An object without
// members has no property but says that there is an object.
//
// All texts must be valid JSON. Of members with the same name the last one
// counts, and is the only one that is left where its object is written again.
package properties

import "encoding/json"

// Pick returns what a value holds of the properties of owned, as an object. Where
// owned has an object and the value something else, that is what it holds; if the
// value itself is none, it holds nothing.
func Pick(value, owned json.RawMessage) json.RawMessage {
	if _, isObject := parse(value); !isObject {
		return none
	}
	return pick(value, owned)
}

func pick(value, owned json.RawMessage) json.RawMessage {
	o, isObject := parse(owned)
	v, holdsObject := parse(value)
	if !isObject || !holdsObject {
		return value
	}
	picked := &object{members: map[string]member{}}
	for property := range o.all() {
		if current, ok := v.members[property.name]; ok {
			picked.set(property, pick(current.value, property.value))
		}
	}
	return picked.text()
}

// Set returns a value with the properties of wanted. Where wanted has an
// object, anything else is replaced, as is nil, which stands for no value.
func Set(value, wanted json.RawMessage) json.RawMessage {
	w, isObject := parse(wanted)
	v, holdsObject := parse(value)
	if !isObject || !holdsObject {
		return wanted
	}
	for property := range w.all() {
		v.set(property, Set(v.members[property.name].value, property.value))
	}
	return v.text()
}

// Remove returns a value without the properties of unwanted, and whether that is less than before.
// An object that it leaves empty goes too, and so does one that unwanted has without members if it
// is empty; nil says that of the value itself. Where the value has no object on the way to a
// property, there is no such property.
func Remove(value, unwanted json.RawMessage) (rest json.RawMessage, removed bool) {
	u, isObject := parse(unwanted)
	if !isObject {
		return nil, true
	}
	v, holdsObject := parse(value)
	if !holdsObject {
		return value, false
	}
	for property := range u.all() {
		current, ok := v.members[property.name]
		if !ok {
			continue
		}
		left, less := Remove(current.value, property.value)
		removed = removed || less
		if left == nil {
			delete(v.members, property.name)
		} else if less {
			v.set(property, left)
		}
	}
	if len(v.members) == 0 && (removed || len(u.members) == 0) {
		return nil, true
	}
	return v.text(), removed
}

// Without returns the properties of some that others does not have, which is an object without
// members if there are none. What is below a property of others, or above one, is theirs.
func Without(some, others json.RawMessage) json.RawMessage {
	o, isObject := parse(others)
	s, hasObject := parse(some)
	if !isObject || !hasObject {
		return none
	}
	left := &object{members: map[string]member{}}
	for property := range s.all() {
		other, ok := o.members[property.name]
		if !ok {
			left.set(property, property.value)
		} else if more := Without(property.value, other.value); !IsNone(more) {
			left.set(property, more)
		}
	}
	return left.text()
}

// Common returns the properties of some that others has, as some holds them: those
// that [Without] leaves out.
func Common(some, others json.RawMessage) json.RawMessage {
	return Without(some, Without(some, others))
}

// Conflicts returns the paths, in the order of wanted, at which a value holds
// something that [Set] would replace and that is not equal to what it would put
// there. A path ends where that is, which may be before the property.
func Conflicts(value, wanted json.RawMessage, equal func(a, b []byte) bool) []Path {
	w, isObject := parse(wanted)
	v, holdsObject := parse(value)
	if !isObject || !holdsObject {
		if equal(value, wanted) {
			return nil
		}
		return []Path{{}}
	}
	var conflicts []Path
	for property := range w.all() {
		current, ok := v.members[property.name]
		if !ok {
			continue
		}
		for _, path := range Conflicts(current.value, property.value, equal) {
			conflicts = append(conflicts, append(Path{property.name}, path...))
		}
	}
	return conflicts
}

// Overlap returns the paths at which two objects cannot both have their properties, equal or not.
func Overlap(a, b json.RawMessage) []Path {
	return Conflicts(a, b, func(_, _ []byte) bool { return false })
}

// none has no properties.
var none = json.RawMessage("{}")

// IsNone reports whether there are no properties in an object.
func IsNone(some json.RawMessage) bool {
	s, isObject := parse(some)
	return isObject && len(s.members) == 0
}
