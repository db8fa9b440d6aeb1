package properties

import (
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
