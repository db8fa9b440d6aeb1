package jsonvalue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var errTooDeep = fmt.Errorf("the value nests deeper than %d levels", MaxDepth)

// Canonical returns the one text that stands for everything equal to the given
// JSON: members sorted by name, no white space, and each number spelled one
// way (1, 1.0 and 10e-1 are the same). Text is in Unicode's NFC, since Terraform
// cannot hold any other. Of members with the same name the last
// one counts, as it does for most readers of JSON.
//
// It fails if text is not exactly one JSON value in valid UTF-8, or nests
// deeper than [MaxDepth].
func Canonical(text []byte) ([]byte, error) {
	tree, err := parse(text)
	if err != nil {
		return nil, err
	}
	return appendTree(make([]byte, 0, len(text)), tree)
}

// Equal reports whether two JSON texts mean the same value. It fails where
// [Canonical] does.
func Equal(a, b []byte) (bool, error) {
	canonicalA, err := Canonical(a)
	if err != nil {
		return false, err
	}
	canonicalB, err := Canonical(b)
	if err != nil {
		return false, err
	}
	return bytes.Equal(canonicalA, canonicalB), nil
}

// parse reads exactly one JSON value into nil, bool, string, json.Number,
// []any and map[string]any.
func parse(text []byte) (any, error) {
	// encoding/json would silently replace what is not UTF-8.
	if !utf8.Valid(text) {
		return nil, errors.New("the JSON text is not valid UTF-8")
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
		return nil, errors.New("the JSON text goes on after its first value")
	}
	return normalize(tree, MaxDepth)
}

// normalize gives all text of a tree the form in which Terraform holds it,
// Unicode's NFC, and fails if the tree nests deeper than left levels.
func normalize(tree any, left int) (any, error) {
	var err error
	switch tree := tree.(type) {
	case string:
		return norm.NFC.String(tree), nil
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
	case json.Number:
		d, err := parseDecimal(tree.String())
		if err != nil {
			return nil, err
		}
		return d.append(buf), nil
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
