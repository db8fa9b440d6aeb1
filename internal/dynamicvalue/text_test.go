package dynamicvalue_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
)

// text is a string as Terraform sends it.
func text(t testing.TB, text string) dynamicvalue.Value { return packed(t, types.StringValue(text)) }

// values are JSON values that a parser has to take, after those of the JSON parsing
// test suite (github.com/nst/JSONTestSuite), with their canonical text.
var values = map[string]string{
	`[]`: `[]`, "[\n]": `[]`, `[ ]`: `[]`, `[[] ]`: `[[]]`, `[""]`: `[""]`, `[1,null,true,false]`: `[1,null,true,false]`, "[1\n]": `[1]`, "\t[2] ": `[2]`, `["a"]`: `["a"]`,
	`{}`: `{}`, `{"":0}`: `{"":0}`, "{\r\n\"a\"\t:\n[ { } ]\n}": `{"a":[{}]}`, `{"min":-1.0e+28,"max":1.0e+28}`: `{"max":10000000000000000000000000000,"min":-10000000000000000000000000000}`,
	`{"foo\u0000bar":42}`: `{"foo\u0000bar":42}`, `{"title":"\u041f\u043e"}`: `{"title":"По"}`,
	`0`: `0`, `-0`: `0`, `-1`: `-1`, `0e+1`: `0`, `0e1`: `0`, `1E22`: `10000000000000000000000`, `1E-2`: `0.01`, `1E+2`: `100`, `123.456e-789`: `1.23456e-787`, `123.456e78`: `1.23456e80`, `-1e+9999`: `-1e9999`,
	`-0.000000000000000000000000000000000000000000000000000000000000000000000000000001`: `-1e-78`, `-237462374673276894279832749832423479823246327846`: `-2.37462374673276894279832749832423479823246327846e47`,
	`-0.0e5`: `0`, `0e99`: `0`, `0.10`: `0.1`, `100e-2`: `1`, `123.456e1`: `1234.56`, `1e39`: "1" + strings.Repeat("0", 39), `1e40`: `1e40`, `1.50e-42`: `1.5e-42`, `12e999999999`: `1.2e1000000000`, `[null,true,false]`: `[null,true,false]`,
	`null`: `null`, `true`: `true`, `false`: `false`, ` true `: `true`,
	`"\""`: `"\""`, `"\"\\\/\b\f\n\r\t"`: `"\"\\/\b\f\n\r\t"`, `"\\u0000"`: `"\\u0000"`, `"\\n"`: `"\\n"`, `"\uD801\udc37"`: `"𐐷"`, `"\ud83d\ude39\ud83d\udc8d"`: `"😹💍"`, `"\uDBFF\uDFFF"`: "\"\U0010ffff\"",
	`"a/*b*/c/*d//e"`: `"a/*b*/c/*d//e"`, `"\u0012"`: `"\u0012"`, `"\uFFFF"`: "\"\uffff\"", `"\u2028\u2029"`: `"\u2028\u2029"`, `"€𝄞"`: `"€𝄞"`, "\"\x7f\"": "\"\x7f\"", `"\u0061\u30af\u30EA\u30b9"`: `"aクリス"`, `" "`: `" "`, `"\u0022"`: `"\""`,
}

// notJSON are texts that a parser has to refuse, after those of the same suite.
var notJSON = []string{
	``, ` `, "\u2060", "\ufeff", `<null>`, `]`, `[`, `{`, `}`, `[1 true]`, `[1:2]`, `[1,,2]`, `[,1]`, `[1,]`, `[1,,]`, `[,]`, `[""`, `["x"`, `["x"]]`, `[x`, `[3[4]]`, `["a" b]`, `[1,`, `["",`, `[*]`, `[a`, `[1}`, `[[]`, "[\"a\",\n4\n,1,", "[\f]", "[\u2060]",
	`[++1]`, `[+1]`, `[+Inf]`, `[-01]`, `[-1.0.]`, `[-2.]`, `[-NaN]`, `[.-1]`, `[.2e-3]`, `[0.1.2]`, `[0.3e+]`, `[0.3e]`, `[0.e1]`, `[0E+]`, `[0E]`, `[0e]`, `[1.0e+]`, `[1.0e-]`, `[1 000.0]`, `[1eE2]`, `[2.e+3]`, `[9.e+]`, `[Inf]`, `[NaN]`, `[Infinity]`, `[-Infinity]`, `[-]`, `[- 1]`, `[-012]`, `[-.123]`, `[-1x]`, `[1+2]`, `[0x1]`, `[0x42]`, `[1ea]`, `[1.]`, `[.123]`, `[1.2a-3]`, `[012]`, `[１]`, "[\u0661]",
	`{[`, `{,`, `{1:1}`, `{:"b"}`, `{"a" b}`, `{"a"`, `{"a":`, `{"x", null}`, `{"x"::"b"}`, `{"a":"a" 123}`, `{a:"b"}`, `{'a':0}`, `{"a":0,}`, `{"id":0,,,,,}`, `{null:null,null:null}`, `{"a":/*comment*/"b"}`, `{"a":"b"}/**/`, `{"a":"b"}//`, `{"a":"b"}#`, `{"a":"b",,"c":"d"}`, `{"a":"b`, `{"a":"b"}#{}`, `{"a":1 "b":2}`, `{}}`, `{"":`, `{"a":"b",`, `{"a": true} "x"`,
	`nul`, `tru`, `fals`, `nulll`, `truth`, `True`, `TRUE`, `[nul]`, `[True]`, `[true false]`, `undefined`, `a`, `å`, `#`, `2@`, `1 2`, `*`, `\u0020{}`, "\x00", "123\x00", "{}\x00",
	`'x'`, `"`, `"x`, `"\`, `"\"`, `"\u"`, `"\u00A"`, `"\u00Ax"`, `"\x00"`, `"\a"`, `"\'"`, `"\🌀"`, `"\uqqqq"`, `"\u{1}"`, "\"\t\"", "\"a\nb\"", "\"\x00\"", "\"\x1f\"", `"\\\"`, `""x`, `é`,
	`"\uD800"`, `"\uDC00\uD800"`, `"\uD800\n"`, `"\uD800\uD800\n"`, `"\uD888\u1234"`, "\"\xff\"", "\"\xed\xa0\x80\"", "\"\xc0\xaf\"", "\"\xf4\xbf\xbf\xbf\"",
}

// TestJSONText: the text of an object is taken as what it says, in whatever place,
// and what no JSON parser may take is refused.
func TestJSONText(t *testing.T) {
	t.Parallel()
	for given, canonical := range values {
		if got, err := dynamicvalue.Canonical([]byte(given)); err != nil || string(got) != canonical {
			t.Errorf("%s is read as %s, %v; want %s", given, got, err, canonical)
		}
		if got, err := dynamicvalue.CanonicalObject(given); (err == nil) != (canonical[0] == '{') || err == nil && string(got) != canonical {
			t.Errorf("%s is read as the object %s, %v", given, got, err)
		}
		for within, want := range map[string]string{`{"a":%s}`: `{"a":%s}`, ` {"b":[%s,1] ,"a":"" } `: `{"a":"","b":[%s,1]}`} {
			given, want := fmt.Sprintf(within, given), fmt.Sprintf(want, canonical)
			got, err := dynamicvalue.CanonicalObject(given)
			written, entryErr := dynamicvalue.EncodeEntry(text(t, given))
			if err != nil || entryErr != nil || string(got) != want || string(written) != want {
				t.Errorf("%s is read as %s, %v, and written as %s, %v; want %s", given, got, err, written, entryErr, want)
			}
			digest, _ := dynamicvalue.Digest(got)
			native, err := dynamicvalue.Decode(got)
			asText := text(t, given)
			if err == nil && (!dynamicvalue.Same(asText, native) || !dynamicvalue.HoldsDigest(asText, digest)) {
				t.Errorf("%s differs from its native value", given)
			}
		}
	}
	for _, given := range notJSON {
		for _, whole := range []string{given, `{"a":` + given + `}`, `{"a":[` + given + `]}`} {
			if whole == `{"a":[`+given+`]}` && strings.TrimSpace(given) == "" {
				continue // an array may be empty
			}
			if got, err := dynamicvalue.CanonicalObject(whole); err == nil {
				t.Errorf("%s is read as %s", whole, got)
			}
			if got, err := dynamicvalue.Canonical([]byte(whole)); err == nil {
				t.Errorf("%s is read as %s", whole, got)
			}
		}
	}
}

// TestJSONTextRefused: the error says where, and what.
func TestJSONTextRefused(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		`flag.json`:                             "line 1, column 1: an object must begin with {",
		"\n [1]":                                "line 2, column 2: an object must begin with {",
		`null`:                                  "line 1, column 1: an object must begin with {",
		"{\n  \"é\": 1,\n  \"b\": 2,\n}":        "line 4, column 1: expected a property name in double quotes",
		`{"ä": 1 "b": 2}`:                       "line 1, column 9: expected a comma or }",
		`{"a": [1 2]}`:                          "line 1, column 10: expected a comma or ]",
		`{"a" 1}`:                               "line 1, column 6: expected a colon",
		`{"a": yes}`:                            "line 1, column 7: expected a JSON value",
		`{"a": "\x"}`:                           "line 1, column 7: invalid escape",
		"{\"a\": \"b\nc\"}":                     "line 1, column 9: unescaped control character",
		`{"a": "b}`:                             "line 1, column 7: unterminated string",
		`{"a": 1e99999999999}`:                  "line 1, column 7: the exponent of the number 1e99999999999 is out of range",
		`{} {}`:                                 "line 1, column 4: the JSON text continues",
		"{\"on\": 1,\n  \"on\": 1}":             `line 2, column 3: duplicate property "on"`,
		`{"a": [{"b": {"x": 1, "\u0078": 2}}]}`: `line 1, column 23: duplicate property "x"`,
		"\ufeff{}":                              "line 1, column 1: the JSON text begins with a byte order mark",
		`{"é": 1, "e\u0301": 1}`:                `line 1, column 10: two properties have the name "é"`,
		strings.Repeat(`{"a":`, 1001):           "deeper than 1000 levels",
	} {
		if _, err := dynamicvalue.CanonicalObject(given); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100s: the error is %v, want %s", given, err, want)
		}
	}
}

// TestTextEntry: a string is the object whose JSON text it is, and that only at the
// top: within a value, it is a string.
func TestTextEntry(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		`{"b": 1.0, "a": "\u00e9"}`: `{"a":"é","b":1}`,
		`{"a": 1, "a": 1}`:          `"{\"a\": 1, \"a\": 1}"`, // no configuration has passed with it
		`[1]`:                       `"[1]"`,
		``:                          `""`,
	} {
		if got, err := dynamicvalue.EncodeEntry(text(t, given)); err != nil || string(got) != want {
			t.Errorf("%s is encoded as %s, %v; want %s", given, got, err, want)
		}
	}
	nested := packed(t, types.MapValueMust(types.StringType, map[string]attr.Value{"a": types.StringValue(`{ }`)}))
	if got, err := dynamicvalue.EncodeEntry(nested); err != nil || string(got) != `{"a":"{ }"}` {
		t.Errorf("a text within a value is encoded as %s, %v", got, err)
	}

	a, b, other := text(t, `{"a":1}`), text(t, `{ "a": 1e0 }`), text(t, `{"a":2}`)
	native := packed(t, types.MapValueMust(types.NumberType, map[string]attr.Value{"a": number(t, "1")}))
	for name, test := range map[string]struct {
		a, b             dynamicvalue.Value
		same, isSameText bool
	}{
		"spelled otherwise": {a, b, true, true},
		"another":           {a, other, false, false},
		"native":            {a, native, true, false},
		"unknown":           {a, packed(t, types.DynamicValue(types.StringUnknown())), false, false},
		"null":              {a, packed(t, types.DynamicValue(types.StringNull())), false, false},
		"nested":            {nested, packed(t, types.MapValueMust(types.StringType, map[string]attr.Value{"a": types.StringValue(`{}`)})), false, false},
	} {
		if same, isSameText := dynamicvalue.Same(test.a, test.b), dynamicvalue.SameText(test.a, test.b); same != test.same || isSameText != test.isSameText {
			t.Errorf("%s: the same is %t, the same text %t", name, same, isSameText)
		}
		entries := func(value dynamicvalue.Value) dynamicvalue.Value {
			return dynamicvalue.Object(map[string]dynamicvalue.Value{"k": value, "other": native})
		}
		if isSameText := dynamicvalue.SameTexts(entries(test.a), entries(test.b)); isSameText != test.isSameText {
			t.Errorf("%s: as entries, the same text %t", name, isSameText)
		}
	}
	if empty := dynamicvalue.Object(nil); dynamicvalue.SameTexts(a, b) || dynamicvalue.SameTexts(empty, dynamicvalue.Null) ||
		dynamicvalue.SameTexts(empty, packed(t, types.DynamicValue(types.ObjectNull(nil)))) || !dynamicvalue.SameTexts(empty, empty) {
		t.Error("what is no object of entries has the same texts as one")
	}
}

// TestRefreshText: a text stays one, just as it is if it says what is there.
func TestRefreshText(t *testing.T) {
	t.Parallel()
	digits := "1." + strings.Repeat("7", 400)
	for name, test := range map[string]struct{ state, remote, want string }{
		"same":           {`{ "b": 1.0, "a": [] }`, `{"a":[],"b":1}`, `{ "b": 1.0, "a": [] }`},
		"drift":          {`{ "on": true }`, `{"z": 1, "on": false}`, `{"on":false,"z":1}`},
		"all digits":     {`{}`, `{"a":` + digits + `}`, `{"a":` + digits + `}`},
		"beyond numbers": {`{}`, `{"a":1e5000}`, `{"a":1e5000}`},
		"a foreign text": {`text`, `{"a":1}`, `{"a":1}`},
	} {
		got, err := dynamicvalue.Refresh(text(t, test.state), []byte(test.remote))
		if is, _ := got.Text(); err != nil || is != test.want {
			t.Errorf("%s: refreshed to %q, %v; want %s", name, got, err, test.want)
		}
		if !dynamicvalue.Holds(got, []byte(test.remote)) {
			t.Errorf("%s: it is not what is there: %q", name, got)
		}
	}
	for _, remote := range []string{`[1]`, `"text"`, `null`} { // no text says that
		got, err := dynamicvalue.Refresh(text(t, `{}`), []byte(remote))
		want, _ := dynamicvalue.Decode([]byte(remote))
		if err != nil || got != want {
			t.Errorf("%s: refreshed to %q, %v", remote, got, err)
		}
	}
}
