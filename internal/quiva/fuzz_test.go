package quiva

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzResponse: no response makes the client panic, only a well-formed one yields
// a value, only the gateway's own words mean not found, and no error shows a
// value out of JSON.
func FuzzResponse(f *testing.F) {
	for _, text := range []string{
		`{"body":{"key":"a","value":{"n":1}},"metadata":{"bucket":"b","key":"a"}}`, `{"body":{"value":null}}`, `{"body":{"key":"a","value":"canary`,
		`{"error":"not_found"}`, `{"status_code":404,"body":{"error":"not_found"}}`, `{"message":"success"}`,
		"<html>\n", "", "null", "[[[[", `{"body":[]}`, "\"\xff\"", `{"a":"\"canary"}`, `{"error":1}`, "\x1f\x8b",
	} {
		f.Add(200, []byte(text))
		f.Add(404, []byte(text))
	}
	redactor := newRedactor(Credential{Secret: "ms-secret"})
	f.Fuzz(func(t *testing.T, status int, text []byte) {
		failure := &Error{Method: "GET", Path: "/", StatusCode: status}
		if status == 200 {
			response := entryResponse{key: "a"}
			err := decodeResponse(text, &response)
			if err == nil && (!json.Valid(response.Body.Value) || !utf8.Valid(text)) {
				t.Fatalf("took %q for a response", text)
			}
			if err == nil {
				return
			}
			failure.Cause, failure.Excerpt = err.Error(), redactor.excerpt(string(text))
		} else {
			redactor.explain(failure, text)
			if errors.Is(failure, ErrNotFound) && (status != 404 || !bytes.Contains(text, []byte("not"))) {
				t.Fatalf("status %d with %q means not found", status, text)
			}
		}
		shown := redactor.error(failure).Error()
		if strings.Contains(shown, "ms-secret") || !utf8.ValidString(shown) || len(failure.Excerpt) > excerptLimit+len("…") {
			t.Fatalf("the error is %q", shown)
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
