package dynamicvalue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Canonical returns the one text that stands for everything equal to the given
// JSON: members sorted by name, no white space, and each number spelled one
// way (1, 1.0 and 10e-1 are the same). Text is in Unicode's NFC, since Terraform
// cannot hold any other. Of members with the same name the last
// one counts, as it does for most readers of JSON.
//
// It fails if text is not exactly one JSON value in valid Unicode, nests deeper
// than [MaxDepth] or holds more than [MaxElements].
func Canonical(text []byte) ([]byte, error) {
	tree, err := parse(text)
	if err != nil {
		return nil, err
	}
	return appendTree(make([]byte, 0, len(text)), tree)
}

// parse reads exactly one JSON value into nil, bool, string, decimal, []any and
// map[string]any.
func parse(text []byte) (any, error) {
	if err := scan(text); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the JSON text is empty")
		}
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the JSON text continues after its first value")
	}
	return normalize(tree, MaxDepth)
}

// scan refuses JSON text that is not Unicode, which encoding/json would silently
// replace, or for which that would need much more memory than the text has. It does
// not check that the text is JSON.
func scan(text []byte) error {
	if !utf8.Valid(text) {
		return errors.New("the JSON text is not valid UTF-8")
	}
	left := newBudget()
	inString, opened := false, true // opened: the next text begins a value, or closes
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case inString && c == '\\':
			if unit, ok := escapedUnit(text[i:]); ok && utf16.IsSurrogate(unit) {
				if low, ok := escapedUnit(text[i+6:]); !ok || utf16.DecodeRune(unit, low) == utf8.RuneError {
					return fmt.Errorf("the JSON text holds %s, half of a character, which is not Unicode", text[i:i+6])
				}
				i += 10
			}
			i++
			continue
		case inString:
			inString = c != '"'
			continue
		case c == ' ', c == '\t', c == '\n', c == '\r':
			continue
		}
		if begins := opened && c != ']' && c != '}'; begins || c == ',' {
			if err := left.element(); err != nil {
				return err
			}
		}
		opened = c == '[' || c == '{'
		inString = c == '"'
	}
	return nil
}

// escapedUnit returns the UTF-16 code unit of an escape such as \ud800, if text
// begins with one.
func escapedUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(unit), err == nil
}

// normalize gives all text of a tree the form in which Terraform holds it,
// Unicode's NFC, reads its numbers, and fails if it nests deeper than left
// levels.
func normalize(tree any, left int) (any, error) {
	var err error
	switch tree := tree.(type) {
	case string:
		return norm.NFC.String(tree), nil
	case json.Number:
		return parseDecimal(tree.String())
	case []any:
		if left == 0 {
			return nil, errTooDeep
		}
		for i := range tree {
			if tree[i], err = normalize(tree[i], left-1); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		if left == 0 {
			return nil, errTooDeep
		}
		for _, name := range slices.Collect(maps.Keys(tree)) {
			member, err := normalize(tree[name], left-1)
			if err != nil {
				return nil, err
			}
			normal := norm.NFC.String(name)
			if normal != name {
				if _, taken := tree[normal]; taken {
					return nil, fmt.Errorf("two properties have the name %q once Terraform has normalized it", normal)
				}
				delete(tree, name)
			}
			tree[normal] = member
		}
	}
	return tree, nil
}

func appendTree(buf []byte, tree any) ([]byte, error) {
	var err error
	switch tree := tree.(type) {
	case nil:
		return append(buf, "null"...), nil
	case bool:
		return appendBool(buf, tree), nil
	case string:
		return appendString(buf, tree), nil
	case decimal:
		return tree.append(buf), nil
	case []any:
		buf = append(buf, '[')
		for i, element := range tree {
			if i > 0 {
				buf = append(buf, ',')
			}
			if buf, err = appendTree(buf, element); err != nil {
				return nil, err
			}
		}
		return append(buf, ']'), nil
	case map[string]any:
		buf = append(buf, '{')
		for i, name := range slices.Sorted(maps.Keys(tree)) {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = append(appendString(buf, name), ':')
			if buf, err = appendTree(buf, tree[name]); err != nil {
				return nil, err
			}
		}
		return append(buf, '}'), nil
	default:
		return nil, fmt.Errorf("unexpected %T in a JSON tree", tree)
	}
}

func appendBool(buf []byte, value bool) []byte {
	if value {
		return append(buf, "true"...)
	}
	return append(buf, "false"...)
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
	_ = encoder.Encode(norm.NFC.String(value)) // a string always encodes
	return append(buf, bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))...)
}
