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

// readObject reads an object, around which there are so many bodies. The results are in a body,
// or in one that is in an envelope.
func (r *listResponse[T]) readObject(s stream, bodies int) error {
	if err := s.delimiter('{'); err != nil {
		return err
	}
	for s.More() {
		token, err := s.Token()
		if err != nil {
			return err
		}
		switch name := strings.ToLower(fmt.Sprint(token)); { // as encoding/json matches names
		case name == "error":
			err = s.Decode(&noError{})
		case name == "results" && bodies > 0:
			err = r.readResults(s)
		case name == "results_total" && bodies > 0:
			err = s.Decode(&r.total)
		case name == "body" && bodies < 2:
			err = r.readObject(s, bodies+1)
		default:
			err = s.Decode(&json.RawMessage{})
		}
		if err != nil {
			return err
		}
	}
	return s.delimiter('}')
}

// readResults reads an array of results, or null, and keeps what it is to.
func (r *listResponse[T]) readResults(s stream) error {
	r.hasResults = true
	switch token, err := s.Token(); {
	case err != nil || token == nil:
		return err
	case token != json.Delim('['):
		return errUnexpectedShape
	}
	for s.More() {
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
		if result.Key != nil {
			if err := json.Unmarshal(result.Key, &key); err != nil {
				return err
			}
		}
		if key == nil || result.Value == nil {
			return errors.New("a result of the response lacks its \"key\" or \"value\"")
		}
		r.count++
		if !isNoValue(result.Value) {
			r.results = append(r.results, listResult[T]{*key, r.keep(Entry{Key: *key, Value: unquote(result.Value)})})
		}
	}
	return s.delimiter(']')
}

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
