package dynamicvalue

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Canonical returns the one text that stands for everything equal to the given JSON: members sorted
// by name, no white space, and each number spelled one way (1, 1.0 and 10e-1 are the same). Text is
// in Unicode's NFC, since Terraform cannot hold any other. Of members with the same name the last
// one counts, as it does for most readers of JSON.
//
// It fails, and says where, if text is not exactly one JSON value in valid Unicode,
// and if it nests deeper than [MaxDepth] or holds more than [MaxElements].
func Canonical(text []byte) ([]byte, error) {
	return canonical(&parser{text: text, left: newBudget()})
}

// CanonicalObject is [Canonical] for the text that a configuration declares. It also
// fails if that is not an object, or if a property is duplicate.
func CanonicalObject(text string) ([]byte, error) {
	return canonical(&parser{text: []byte(text), left: newBudget(), isDeclared: true})
}

func canonical(p *parser) ([]byte, error) {
	tree, err := p.document()
	if err != nil {
		return nil, err
	}
	return appendTree(make([]byte, 0, len(p.text)), tree), nil
}

// parse reads exactly one JSON value.
func parse(text []byte) (any, error) {
	p := parser{text: text, left: newBudget()}
	return p.document()
}

// parser reads JSON text into nil, bool, string, decimal, []any and map[string]any, with all text
// in the form in which Terraform holds it, Unicode's NFC. It refuses what encoding/json would
// silently replace, and what would need much more memory than the text has.
type parser struct {
	text []byte
	at   int
	left budget
	// isDeclared demands an object, without duplicate properties.
	isDeclared bool
}

// errorAt returns an error about a place in the text.
func (p *parser) errorAt(at int, format string, args ...any) error {
	before := p.text[:at]
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Errorf("line %d, column %d: %w", 1+bytes.Count(before, []byte("\n")), column, fmt.Errorf(format, args...))
}

func (p *parser) document() (any, error) {
	switch {
	case !utf8.Valid(p.text):
		return nil, errors.New("the JSON text is not valid UTF-8")
	case bytes.HasPrefix(p.text, []byte("\ufeff")):
		return nil, p.errorAt(0, "the JSON text begins with a byte order mark (U+FEFF); save it as UTF-8 without one")
	case p.isDeclared && p.next() != '{':
		return nil, p.errorAt(p.at, "an object must begin with {")
	}
	tree, err := p.value(MaxDepth)
	if err != nil {
		return nil, err
	}
	if p.next(); p.at < len(p.text) {
		return nil, p.errorAt(p.at, "the JSON text continues after its first value")
	}
	return tree, nil
}

// next skips white space and returns what follows, or 0 at the end.
func (p *parser) next() byte {
	for ; p.at < len(p.text); p.at++ {
		if c := p.text[p.at]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
	}
	return 0
}

// value reads a value that nests at most left levels deep.
func (p *parser) value(left int) (any, error) {
	c := p.next()
	if err := p.left.element(); err != nil {
		return nil, err
	}
	switch {
	case c == '"':
		text, err := p.string()
		return norm.NFC.String(text), err
	case (c == '{' || c == '[') && left == 0:
		return nil, errTooDeep
	case c == '{':
		return p.object(left - 1)
	case c == '[':
		elements := []any{}
		err := p.list(']', func() error {
			element, err := p.value(left - 1)
			elements = append(elements, element)
			return err
		})
		return elements, err
	}

	word := p.text[p.at:]
	if end := bytes.IndexAny(word, " \t\n\r,:]}"); end >= 0 {
		word = word[:end]
	}
	if !json.Valid(word) {
		return nil, p.errorAt(p.at, "expected a JSON value")
	}
	var value any // null
	switch c {
	case 'n':
	case 't', 'f':
		value = c == 't'
	default:
		number, err := parseDecimal(string(word))
		if err != nil {
			return nil, p.errorAt(p.at, "%w", err)
		}
		value = number
	}
	p.at += len(word)
	return value, nil
}

// list reads what is between two brackets, separated by commas.
func (p *parser) list(closing byte, element func() error) error {
	p.at++
	for first := true; !first || p.next() != closing; first = false {
		if err := element(); err != nil {
			return err
		}
		if p.next() == closing {
			break
		}
		if p.next() != ',' {
			return p.errorAt(p.at, "expected a comma or %c", closing)
		}
		p.at++
	}
	p.at++
	return nil
}

func (p *parser) object(left int) (map[string]any, error) {
	members := map[string]any{}
	written := map[string]string{} // names that are not written in NFC
	err := p.list('}', func() error {
		if p.next() != '"' {
			return p.errorAt(p.at, "expected a property name in double quotes")
		}
		start := p.at
		name, err := p.string()
		if err != nil {
			return err
		}
		normal := norm.NFC.String(name)
		switch _, taken := members[normal]; {
		case taken && cmp.Or(written[normal], normal) != name:
			return p.errorAt(start, "two properties have the name %q once Terraform has normalized it", normal)
		case taken && p.isDeclared:
			return p.errorAt(start, "duplicate property %q", normal)
		case name != normal:
			written[normal] = name
		}
		if p.next() != ':' {
			return p.errorAt(p.at, "expected a colon after the property name")
		}
		p.at++
		members[normal], err = p.value(left)
		return err
	})
	return members, err
}

// string reads a string as it is written.
func (p *parser) string() (text string, err error) {
	start, isEscaped := p.at, false
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			if literal := p.text[start:p.at]; !isEscaped {
				text = string(literal[1 : len(literal)-1])
			} else if json.Unmarshal(literal, &text) != nil {
				return "", p.errorAt(start, "invalid escape in a string")
			}
			return text, nil
		case c == '\\':
			isEscaped = true
			if unit, ok := escapedUnit(p.text[p.at:]); ok && utf16.IsSurrogate(unit) {
				if low, ok := escapedUnit(p.text[p.at+6:]); !ok || utf16.DecodeRune(unit, low) == utf8.RuneError {
					return "", p.errorAt(p.at, "the JSON text holds %s, half of a character, which is not Unicode", p.text[p.at:p.at+6])
				}
				p.at += 10
			}
			p.at++
		case c < ' ':
			return "", p.errorAt(p.at, "unescaped control character in a string, such as a line break")
		}
	}
	return "", p.errorAt(start, "unterminated string")
}

// escapedUnit returns the UTF-16 code unit of an escape such as \ud800, if text begins with one.
func escapedUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(unit), err == nil
}

// appendTree writes a tree that a parser has made.
func appendTree(buf []byte, tree any) []byte {
	switch tree := tree.(type) {
	case bool:
		return strconv.AppendBool(buf, tree)
	case string:
		return appendString(buf, tree)
	case decimal:
		return tree.append(buf)
	case []any:
		buf = append(buf, '[')
		for i, element := range tree {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = appendTree(buf, element)
		}
		return append(buf, ']')
	case map[string]any:
		buf = append(buf, '{')
		names := slices.AppendSeq(make([]string, 0, len(tree)), maps.Keys(tree))
		slices.Sort(names)
		for i, name := range names {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = appendTree(append(appendString(buf, name), ':'), tree[name])
		}
		return append(buf, '}')
	default:
		return append(buf, "null"...)
	}
}

func appendString(buf []byte, value string) []byte {
	plain := !strings.ContainsFunc(value, func(r rune) bool {
		return r < ' ' || r > '~' || r == '"' || r == '\\'
	})
	if plain {
		buf = append(buf, '"')
		buf = append(buf, value...)
		return append(buf, '"')
	}
	// The value goes into a request, not into HTML: <, > and & stay readable.
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // a string always encodes
	return append(buf, bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))...)
}
