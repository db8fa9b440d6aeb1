package jsonvalue_test

import (
	"errors"
	"maps"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/quivaworks/terraform-provider-quiva/internal/jsonvalue"
)

func number(t *testing.T, text string) types.Number {
	t.Helper()
	f, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	return types.NumberValue(f)
}

// packed returns a value as Terraform sends it, made by the libraries of
// HashiCorp.
func packed(t testing.TB, value attr.Value) jsonvalue.Value {
	t.Helper()
	raw, err := value.ToTerraformValue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sent, err := tfprotov6.NewDynamicValue(tftypes.DynamicPseudoType, raw)
	if err != nil {
		t.Fatal(err)
	}
	return jsonvalue.Value(sent.MsgPack)
}

// wire returns a type, in Terraform's JSON form, and a value of it as Terraform
// sends them.
func wire(t *testing.T, typ string, value any) jsonvalue.Value {
	t.Helper()
	text, err := msgpack.Marshal([]any{[]byte(typ), value})
	if err != nil {
		t.Fatal(err)
	}
	return jsonvalue.Value(text)
}

// nested returns an array in an array, and so on.
func nested(depth int) any {
	value := any(true)
	for range depth {
		value = []any{value}
	}
	return value
}

func TestEncode(t *testing.T) {
	t.Parallel()
	str := types.StringValue
	tests := map[string]struct {
		value attr.Value
		want  string
	}{
		"null string":    {types.StringNull(), `null`},
		"null dynamic":   {types.DynamicNull(), `null`},
		"dynamic":        {types.DynamicValue(types.BoolValue(true)), `true`},
		"string":         {str("plain"), `"plain"`},
		"html":           {str("<a href=\"x\">&</a>"), `"<a href=\"x\">&</a>"`},
		"control":        {str("a\x00\n\t\x7f"), "\"a\\u0000\\n\\t\x7f\""},
		"unicode":        {str("Grüße 🚀 日本"), `"Grüße 🚀 日本"`},
		"empty string":   {str(""), `""`},
		"integer":        {number(t, "25"), `25`},
		"negative":       {number(t, "-25.50"), `-25.5`},
		"tenth":          {number(t, "0.1"), `0.1`},
		"small":          {number(t, "0.000001"), `0.000001`},
		"beyond float64": {number(t, "9007199254740993"), `9007199254740993`},
		"beyond int64":   {number(t, "18446744073709551617.25"), `18446744073709551617.25`},
		"many digits":    {number(t, "3."+strings.Repeat("14159", 30)), "3." + strings.Repeat("14159", 30)},
		"huge":           {number(t, "1e300"), `1e300`},
		"tiny":           {number(t, "-12.5e-300"), `-1.25e-299`},
		"minus zero":     {types.NumberValue(new(big.Float).Neg(new(big.Float))), `0`},
		"list":           {types.ListValueMust(types.StringType, []attr.Value{str("b"), str("a")}), `["b","a"]`},
		"empty list":     {types.ListValueMust(types.StringType, nil), `[]`},
		"set":            {types.SetValueMust(types.StringType, []attr.Value{str("a"), str("b")}), `["a","b"]`},
		"tuple": {types.TupleValueMust([]attr.Type{types.StringType, types.BoolType, types.DynamicType},
			[]attr.Value{str("a"), types.BoolValue(false), types.DynamicNull()}), `["a",false,null]`},
		"map":          {types.MapValueMust(types.StringType, map[string]attr.Value{"b": str("1"), "a": types.StringNull()}), `{"a":null,"b":"1"}`},
		"empty object": {types.ObjectValueMust(nil, nil), `{}`},
		"object": {types.ObjectValueMust(map[string]attr.Type{"": types.BoolType, "ü \"": types.NumberType},
			map[string]attr.Value{"": types.BoolValue(true), "ü \"": number(t, "1.0")}), `{"":true,"ü \"":1}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := jsonvalue.Encode(packed(t, test.value))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`["list",`, jsonvalue.MaxDepth+1) + `"bool"` + strings.Repeat("]", jsonvalue.MaxDepth+1)
	tests := map[string]struct {
		value jsonvalue.Value
		want  string
	}{
		"unknown":        {packed(t, types.DynamicValue(types.StringUnknown())), jsonvalue.ErrUnknown.Error()},
		"unknown within": {packed(t, types.ListValueMust(types.StringType, []attr.Value{types.StringUnknown()})), jsonvalue.ErrUnknown.Error()},
		"infinite":       {packed(t, types.NumberValue(new(big.Float).SetInf(true))), "infinite"},
		"enormous":       {wire(t, `"number"`, "1e400000000"), "beyond 1e±4096"},
		"large":          {wire(t, `"number"`, "1e4096"), "beyond 1e±4096"},
		"small":          {wire(t, `"number"`, "-1e-4098"), "beyond 1e±4096"},
		"too deep":       {wire(t, deep, nested(jsonvalue.MaxDepth+1)), "deeper than 1000 levels"},
		"no number":      {wire(t, `"number"`, "1x"), "end of string"},
		"another length": {wire(t, `["tuple",["bool","bool"]]`, []bool{true}), "1 elements where the type has 2"},
		"another type":   {wire(t, `["matrix","bool"]`, []bool{true}), "has no JSON form"},
		"cut":            {"\x92\xc4", "EOF"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := jsonvalue.Encode(test.value)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q and error %v, want an error with %q", got, err, test.want)
			}
		})
	}
	if _, err := jsonvalue.Encode(jsonvalue.Unknown); !errors.Is(err, jsonvalue.ErrUnknown) {
		t.Errorf("the error of an unknown value is %v, not ErrUnknown", err)
	}
}

// TestEncodeNumbers: Terraform sends a number as a float64 where that is exact,
// and all its digits count.
func TestEncodeNumbers(t *testing.T) {
	t.Parallel()
	tests := map[string]any{
		"1180591620717411303424":           math.Pow(2, 70),
		"0.000000000931322574615478515625": math.Pow(2, -30),
		"-2.5":                             -2.5,
		"18446744073709551615":             uint64(math.MaxUint64),
		"-9223372036854775808":             int64(math.MinInt64),
		"0.1":                              "0.1",
	}
	for want, number := range tests {
		if got, err := jsonvalue.Encode(wire(t, `"number"`, number)); err != nil || string(got) != want {
			t.Errorf("%v is encoded as %s, %v; want %s", number, got, err, want)
		}
	}
}

// TestEncodeSorts: members are sorted even if the sender did not.
func TestEncodeSorts(t *testing.T) {
	t.Parallel()
	unsorted := jsonvalue.Value("\x92\xc4\x0e[\"map\",\"bool\"]\x83\xa1b\xc3\xa1a\xc2\xa1c\xc0")
	if got, err := jsonvalue.Encode(unsorted); err != nil || string(got) != `{"a":false,"b":true,"c":null}` {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value attr.Value
		want  map[string]string // the JSON of each; null if there are none
	}{
		"object": {types.ObjectValueMust(map[string]attr.Type{"a": types.BoolType, "b": types.DynamicType, "c": types.StringType, "d": types.DynamicType},
			map[string]attr.Value{"a": types.BoolValue(true), "b": types.DynamicNull(), "c": types.StringNull(), "d": types.DynamicValue(types.StringValue("x"))}),
			map[string]string{"a": "true", "b": "null", "c": "null", "d": `"x"`}},
		"map":            {types.MapValueMust(types.StringType, map[string]attr.Value{"a": types.StringValue("x")}), map[string]string{"a": `"x"`}},
		"empty object":   {types.ObjectValueMust(nil, nil), map[string]string{}},
		"list":           {types.ListValueMust(types.StringType, nil), nil},
		"string":         {types.StringValue("{}"), nil},
		"null":           {types.DynamicNull(), nil},
		"null object":    {types.DynamicValue(types.ObjectNull(nil)), nil},
		"unknown object": {types.DynamicValue(types.ObjectUnknown(nil)), nil},
		"unknown":        {types.DynamicUnknown(), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			members, ok := packed(t, test.value).Members()
			if ok != (test.want != nil) {
				t.Fatalf("got %v, %t", members, ok)
			}
			if !ok {
				return
			}
			got := map[string]string{}
			for member, value := range members {
				text, err := jsonvalue.Encode(value)
				if err != nil {
					t.Fatal(err)
				}
				got[member] = string(text)
			}
			if !maps.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			again, ok := jsonvalue.Object(members).Members()
			if !ok || !maps.Equal(again, members) {
				t.Errorf("put together and taken apart again, they are %v", again)
			}
		})
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value attr.Value
		kind  string
		known bool
	}{
		"object":         {types.ObjectValueMust(nil, nil), jsonvalue.KindObject, true},
		"map":            {types.MapValueMust(types.StringType, nil), jsonvalue.KindMap, true},
		"list":           {types.ListValueMust(types.StringType, nil), "list", true},
		"set":            {types.SetValueMust(types.StringType, nil), "set", true},
		"tuple":          {types.TupleValueMust(nil, nil), "tuple", true},
		"string":         {types.StringValue(""), jsonvalue.KindString, true},
		"number":         {types.NumberValue(big.NewFloat(1)), jsonvalue.KindNumber, true},
		"bool":           {types.BoolValue(false), jsonvalue.KindBool, true},
		"null":           {types.DynamicNull(), jsonvalue.KindNull, true},
		"null string":    {types.DynamicValue(types.StringNull()), jsonvalue.KindNull, true},
		"unknown string": {types.DynamicValue(types.StringUnknown()), jsonvalue.KindString, false},
		"unknown":        {types.DynamicUnknown(), jsonvalue.KindDynamic, false},
	}
	for name, test := range tests {
		value := packed(t, test.value)
		if kind, known := value.Kind(), value.IsKnown(); kind != test.kind || known != test.known {
			t.Errorf("%s is %s, known %t; want %s, %t", name, kind, known, test.kind, test.known)
		}
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		` {"b" : 1.0 , "a":[ ] } `: `{"a":[],"b":1}`,
		`{"a":1,"a":2}`:            `{"a":2}`,
		`1E2`:                      `100`,
		`-0`:                       `0`,
		`-0.0e5`:                   `0`,
		`0e99`:                     `0`,
		`0.10`:                     `0.1`,
		`100e-2`:                   `1`,
		`123.456e1`:                `1234.56`,
		`1e39`:                     "1" + strings.Repeat("0", 39),
		`1e40`:                     `1e40`,
		`1.50e-42`:                 `1.5e-42`,
		`12e999999999`:             `1.2e1000000000`,
		`"\u0041\/"`:               `"A/"`,
		`[null,true,false]`:        `[null,true,false]`,
	}
	for text, want := range tests {
		got, err := jsonvalue.Canonical([]byte(text))
		if err != nil || string(got) != want {
			t.Errorf("Canonical(%s) = %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want bool
	}{
		{`{"a":1,"b":[1,2]}`, `{ "b":[1.0, 2e0], "a":1 }`, true},
		{`1`, `1.0`, true},
		{`[1,2]`, `[2,1]`, false},
		{`{}`, `[]`, false},
		{`{"a":null}`, `{}`, false},
		{`0`, `false`, false},
		{`"1"`, `1`, false},
		{`9007199254740993`, `9007199254740992`, false},
		{`0.1`, `0.1000000000000000055511151231257827`, false},
		{`"é"`, `"\u00e9"`, true},
		{`{"é":"é"}`, `{"e\u0301":"e\u0301"}`, true},
	}
	for _, test := range tests {
		got, err := jsonvalue.Equal([]byte(test.a), []byte(test.b))
		if err != nil || got != test.want {
			t.Errorf("Equal(%s, %s) = %t, %v; want %t", test.a, test.b, got, err, test.want)
		}
	}
}

// What is no JSON, or more than Terraform can take, is an error everywhere and
// a panic nowhere.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"empty":           {``, "empty"},
		"truncated":       {`{"a":`, "unexpected EOF"},
		"same name":       {`{"é":1,"e\u0301":2}`, `two properties have the name "é"`},
		"two values":      {`{} {}`, "goes on"},
		"not UTF-8":       {"\"\xff\"", "UTF-8"},
		"deep":            {strings.Repeat("[", 1001) + strings.Repeat("]", 1001), "deeper than 1000 levels"},
		"very deep":       {strings.Repeat("[", 100_000), "max depth"},
		"exponent":        {`1e4097`, "more than Terraform can show"},
		"exponent of int": {`1e99999999999999999999`, "out of range"},
		"digits":          {`1.` + strings.Repeat("7", 400), "401 digits"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := jsonvalue.Decode([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v and error %v, want an error with %q", got, err, test.want)
			}
		})
	}
}
