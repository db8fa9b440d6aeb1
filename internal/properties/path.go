package properties

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Path leads to a property: the names of the objects that it is in, and its own.
// The empty one is the value itself.
type Path []string

// IsWithin reports whether one of two paths leads to the other.
func (p Path) IsWithin(other Path) bool {
	shared := min(len(p), len(other))
	return slices.Equal(p[:shared], other[:shared])
}

var identifier = regexp.MustCompile(`^[\pL_][\pL\pN_-]*$`)

// String writes a path as Terraform does: limits["max items"].eu.
func (p Path) String() string {
	var text strings.Builder
	for i, name := range p {
		switch {
		case !identifier.MatchString(name):
			text.WriteString("[" + strconv.Quote(name) + "]")
		case i > 0:
			text.WriteString("." + name)
		default:
			text.WriteString(name)
		}
	}
	return text.String()
}

// Object is how [KindAt] calls an object.
const Object = "an object"

// KindAt says what a value holds at a path, such as "a number". Whatever the path
// leads through must be an object.
func KindAt(value json.RawMessage, at Path) string {
	for _, name := range at {
		o, _ := parse(value)
		value = o.members[name].value
	}
	switch bytes.TrimSpace(value)[0] {
	case '{':
		return Object
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "a bool"
	case 'n':
		return "null"
	}
	return "a number"
}
