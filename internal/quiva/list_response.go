package quiva

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// listResponse is what a list or a search promises:
//
//	{"body":{"results":[{"key":"…","value":…}],"results_total":1}}
//
// It is read as it arrives, one result at a time.
type listResponse[T any] struct {
	keep func(Entry) T

	results    []listResult[T]
	hasResults bool
	total      int64
}

// listResult is what is kept of one result.
type listResult[T any] struct {
	key  string
	kept T

	// isString says that the value is a JSON string, holdsObject that this
	// string holds the text of an object, and unquoted is what is kept of the
	// JSON that it holds, nil if it holds none.
	isString, holdsObject bool
	unquoted              *T
}

func (r *listResponse[T]) read(body io.Reader) error {
	*r = listResponse[T]{keep: r.keep} // an attempt before this one may have broken off
	s := stream{json.NewDecoder(body)}
	err := s.object(map[string]func() error{
		"error": s.noError,
		"body": func() error {
			return s.object(map[string]func() error{
				"error":         s.noError,
				"results":       func() error { r.hasResults = true; return s.array(func() error { return r.add(s) }) },
				"results_total": func() error { return s.Decode(&r.total) },
			})
		},
	})
	if err != nil {
		return err
	}
	if _, err := s.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the response continues after its JSON")
	}
	return nil
}

// add reads one result and keeps what it is to.
func (r *listResponse[T]) add(s stream) error {
	var (
		result struct{ Key, Value json.RawMessage }
		key    *string
	)
	if err := s.Decode(&result); err != nil {
		return err
	}
	if !utf8.Valid(result.Key) || !utf8.Valid(result.Value) {
		return errNotUTF8
	}
	if result.Key == nil || result.Value == nil {
		return errIncompleteResult
	}
	if err := json.Unmarshal(result.Key, &key); err != nil {
		return err
	}
	if key == nil {
		return errIncompleteResult
	}
	kept := listResult[T]{key: *key, isString: bytes.HasPrefix(result.Value, []byte(`"`))}
	if kept.isString {
		if inner := quotedJSON(result.Value); inner != nil {
			unquoted := r.keep(Entry{Key: kept.key, Value: inner})
			kept.unquoted, kept.holdsObject = &unquoted, inner[0] == '{'
		}
	}
	kept.kept = r.keep(Entry{Key: kept.key, Value: result.Value})
	r.results = append(r.results, kept)
	return nil
}

var errIncompleteResult = errors.New("a result of the response lacks its \"key\" or \"value\"")

func (r *listResponse[T]) check() error {
	switch {
	case !r.hasResults:
		return errors.New("the response lacks \"body.results\"")
	case len(r.results) == 0 && r.total > 0:
		return fmt.Errorf("the response has no results, but a total of %d", r.total)
	}
	return nil
}

// stream reads JSON as it arrives.
type stream struct{ *json.Decoder }

// object reads an object: the members of these names, in lower case, by the
// functions, the others to nowhere.
func (s stream) object(members map[string]func() error) error {
	if err := s.delimiter('{'); err != nil {
		return err
	}
	for s.More() {
		name, err := s.Token()
		if err != nil {
			return err
		}
		read := s.skip
		if member, ok := members[strings.ToLower(fmt.Sprint(name))]; ok { // as encoding/json matches names
			read = member
		}
		if err := read(); err != nil {
			return err
		}
	}
	return s.delimiter('}')
}

// array reads an array, each element by the function.
func (s stream) array(element func() error) error {
	if err := s.delimiter('['); err != nil {
		return err
	}
	for s.More() {
		if err := element(); err != nil {
			return err
		}
	}
	return s.delimiter(']')
}

func (s stream) delimiter(want json.Delim) error {
	token, err := s.Token()
	switch {
	case errors.Is(err, io.EOF) && s.InputOffset() > 0:
		return io.ErrUnexpectedEOF
	case err != nil:
		return err
	case token != want:
		return errUnexpectedShape
	}
	return nil
}

func (s stream) skip() error {
	var nowhere json.RawMessage
	return s.Decode(&nowhere)
}

// noError reads the place of an error.
func (s stream) noError() error {
	var text json.RawMessage
	if err := s.Decode(&text); err != nil {
		return err
	}
	return new(noError).UnmarshalJSON(text)
}
