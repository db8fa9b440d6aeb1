package quiva

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

// sizeLimit keeps a fuzzer from finding that more text takes longer.
const sizeLimit = 10_000

// FuzzResponse: no response makes the client panic, only a well-formed one is
// taken for an entry, a list or a success, no words mean not
// found, and no error shows a credential. The seeds are in testdata.
func FuzzResponse(f *testing.F) {
	redactor := newRedactor(Credential{Secret: "ms-secret"})
	check := func(t *testing.T, failure *Error) {
		t.Helper()
		shown := redactor.error(failure).Error()
		if strings.Contains(shown, "ms-secret") || !utf8.ValidString(shown) || len(failure.Excerpt) > excerptLimit+len("…") {
			t.Fatalf("the error is %q", shown)
		}
	}
	f.Fuzz(func(t *testing.T, status int, text []byte) {
		if len(text) > sizeLimit {
			return
		}
		if status != http.StatusOK {
			failure := &Error{Method: "GET", Path: "/", StatusCode: status}
			redactor.explain(failure, text)
			if errors.Is(failure, ErrNotFound) {
				t.Fatalf("status %d with %q means not found, without proof", status, text)
			}
			check(t, failure)
			return
		}
		entry, list := &entryResponse{key: "a"}, &listResponse[Entry]{keep: func(entry Entry) Entry { return entry }}
		for _, into := range []responseBody{entry, list, &writeResponse{}, &bucketsResponse{}} {
			call := call{body: text}
			if streamed, ok := into.(streamedBody); ok {
				call.stream, call.streamErr = streamed.read, streamed.read(bytes.NewReader(text))
			}
			err := call.decode(into)
			if _, isWrite := into.(*writeResponse); err == nil && !json.Valid(text) && (!isWrite || len(bytes.TrimSpace(text)) > 0) {
				t.Fatalf("%T was read from %q", into, text)
			}
			if err != nil {
				check(t, &Error{Method: "GET", Path: "/", StatusCode: status, Cause: err.Error(), Excerpt: redactor.excerpt(string(text))})
			}
		}
		for _, result := range list.results {
			if !json.Valid(result.kept.Value) || !utf8.Valid(result.kept.Value) || !utf8.ValidString(result.key) {
				t.Fatalf("%q lists %q: %q", text, result.key, result.kept.Value)
			}
		}
	})
}

func TestMaskJSON(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		`{"a":"secret","b":[1,true,null,{"c":-2.5}]}`: `{"a":…,"b":[…,…,…,{"c":…}]}`,
		`{"a":"sec\"ret","b`:                          `{"a":…,…`,
		`"secret`:                                     `…`,
		"{\n  \"a\" :\t\"x\"\n}":                      `{"a":…}`,
		`{"\u0073ecret":1}`:                           `{…:…}`,
		`{"a":secret}`:                                `{"a":…}`,
	}
	for text, want := range tests {
		if got := maskJSON(text); got != want {
			t.Errorf("maskJSON(%s) = %s, want %s", text, got, want)
		}
	}
}
