package quiva

import (
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
	count      int // of results, those without a value included
	hasResults bool
	total      int64
}

// listResult is what is kept of one result.
type listResult[T any] struct {
	key  string
	kept T
}

func (r *listResponse[T]) read(body io.Reader) error {
	*r = listResponse[T]{keep: r.keep} // an attempt before this one may have broken off
	s := stream{json.NewDecoder(body)}
	if err := r.readObject(s, 0); err != nil {
		return err
	}
	if _, err := s.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the response continues after its JSON")
	}
	return nil
}

// readObject reads an object, around which there are so many bodies. The results are
// in a body, or in one that is in an envelope.
func (r *listResponse[T]) readObject(s stream, bodies int) error {
	members := map[string]func() error{"error": s.noError}
	if bodies > 0 {
		members["results"] = func() error { r.hasResults = true; return s.array(func() error { return r.add(s) }) }
		members["results_total"] = func() error { return s.Decode(&r.total) }
	}
	if bodies < 2 {
		members["body"] = func() error { return r.readObject(s, bodies+1) }
	}
	return s.object(members)
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
	r.count++
	if !isNoValue(result.Value) {
		r.results = append(r.results, listResult[T]{*key, r.keep(Entry{Key: *key, Value: unquote(result.Value)})})
	}
	return nil
}

var errIncompleteResult = errors.New("a result of the response lacks its \"key\" or \"value\"")

func (r *listResponse[T]) check() error {
	switch {
	case !r.hasResults:
		return errors.New("the response lacks \"body.results\"")
	case r.count == 0 && r.total > 0:
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

// array reads an array, each element by the function, or null.
func (s stream) array(element func() error) error {
	token, err := s.Token()
	if err != nil || token == nil {
		return err
	}
	if token != json.Delim('[') {
		return errUnexpectedShape
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
