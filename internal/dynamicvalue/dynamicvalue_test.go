package dynamicvalue_test

import (
	"errors"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
)

func number(t *testing.T, text string) types.Number {
	t.Helper()
	f, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	return types.NumberValue(f)
}

// packed returns a value as Terraform sends it, made by the libraries of HashiCorp.
func packed(t testing.TB, value attr.Value) dynamicvalue.Value {
	t.Helper()
	raw, err := value.ToTerraformValue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sent, err := tfprotov6.NewDynamicValue(tftypes.DynamicPseudoType, raw)
	if err != nil {
		t.Fatal(err)
	}
	return dynamicvalue.Value(sent.MsgPack)
}

// wire returns a type, in Terraform's JSON form, and a value of it as Terraform sends them.
func wire(t *testing.T, typ string, value any) dynamicvalue.Value {
	t.Helper()
	text, err := msgpack.Marshal([]any{[]byte(typ), value})
	if err != nil {
		t.Fatal(err)
	}
	return dynamicvalue.Value(text)
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
		"control":        {str("a\x00\n\t\x7f"), "\"a\\u0000\\n\\t\x7f\""},
		"unicode":        {str("Grüße 🚀 日本"), `"Grüße 🚀 日本"`},
		"empty string":   {str(""), `""`},
		"decomposed":     {types.MapValueMust(types.StringType, map[string]attr.Value{"e\u0301": str("e\u0301")}), `{"é":"é"}`},
		"integer":        {number(t, "25"), `25`},
		"tenth":          {number(t, "0.1"), `0.1`},
		"small":          {number(t, "0.000001"), `0.000001`},
		"beyond float64": {number(t, "9007199254740993"), `9007199254740993`},
		"beyond int64":   {number(t, "18446744073709551617.25"), `18446744073709551617.25`},
		"many digits":    {number(t, "3."+strings.Repeat("14159", 30)), "3." + strings.Repeat("14159", 30)},
		"tiny":           {number(t, "-12.5e-300"), `-1.25e-299`},
		"minus zero":     {types.NumberValue(new(big.Float).Neg(new(big.Float))), `0`},
		"list":           {types.ListValueMust(types.StringType, []attr.Value{str("b"), str("a")}), `["b","a"]`},
		"set":            {types.SetValueMust(types.StringType, []attr.Value{str("a"), str("b")}), `["a","b"]`},
		"tuple": {types.TupleValueMust([]attr.Type{types.StringType, types.BoolType, types.DynamicType},
			[]attr.Value{str("a"), types.BoolValue(false), types.DynamicNull()}), `["a",false,null]`},
		"map":          {types.MapValueMust(types.StringType, map[string]attr.Value{"b": str("1"), "a": types.StringNull()}), `{"a":null,"b":"1"}`},
		"empty object": {types.ObjectValueMust(nil, nil), `{}`},
		"object": {types.ObjectValueMust(map[string]attr.Type{"": types.BoolType, "ü \"": types.NumberType},
			map[string]attr.Value{"": types.BoolValue(true), "ü \"": number(t, "1.0")}), `{"":true,"ü \"":1}`},
	}
	for name, test := range tests {
		if got, err := dynamicvalue.Encode(packed(t, test.value)); err != nil || string(got) != test.want {
			t.Errorf("%s: got %s, %v; want %s", name, got, err, test.want)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`["list",`, dynamicvalue.MaxDepth+1) + `"bool"` + strings.Repeat("]", dynamicvalue.MaxDepth+1)
	tests := map[string]struct {
		value dynamicvalue.Value
		want  string
	}{
		"unknown":        {packed(t, types.DynamicValue(types.StringUnknown())), dynamicvalue.ErrUnknown.Error()},
		"infinite":       {packed(t, types.NumberValue(new(big.Float).SetInf(true))), "infinite"},
		"enormous":       {wire(t, `"number"`, "1e400000000"), "beyond 1e±4096"},
		"small":          {wire(t, `"number"`, "-0."+strings.Repeat("0", 4096)+"1"), "beyond 1e±4096"},
		"elements":       {wire(t, `["list","bool"]`, make([]bool, dynamicvalue.MaxElements)), "more than 500000 elements"},
		"digits":         {wire(t, `["list","number"]`, slices.Repeat([]string{"1" + strings.Repeat("0", 999)}, 51)), "more than 50000 digits together"},
		"too deep":       {wire(t, deep, nested(dynamicvalue.MaxDepth+1)), "deeper than 1000 levels"},
		"no number":      {wire(t, `"number"`, "1x"), "not a JSON number"},
		"array":          {"\x92\xc4\x08\"number\"\xdd\xff\xff\xff\xff", "not a JSON number"}, // which claims 4 billion elements
		"another length": {wire(t, `["tuple",["bool","bool"]]`, []bool{true}), "1 elements where the type has 2"},
		"another type":   {wire(t, `["matrix","bool"]`, []bool{true}), "cannot be represented as JSON"},
		"cut":            {"\x92\xc4", "EOF"},
		"too long":       {dynamicvalue.Null + "x", "continues after its end"},
	}
	for name, test := range tests {
		got, err := dynamicvalue.Encode(test.value)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %q and error %v, want an error with %q", name, got, err, test.want)
		}
	}
	if _, err := dynamicvalue.Encode(dynamicvalue.Unknown); !errors.Is(err, dynamicvalue.ErrUnknown) {
		t.Errorf("the error of an unknown value is %v, not ErrUnknown", err)
	}
}

// TestEncodeNumbers: Terraform sends a number as a float64 where that is exact.
// All digits of an integer count; those of another float are noise beyond its
// shortest decimal, which is what Terraform keeps of it in the state.
func TestEncodeNumbers(t *testing.T) {
	t.Parallel()
	tests := map[string]any{
		"1180591620717411303424": math.Pow(2, 70),
		"18446744073709551615":   uint64(math.MaxUint64),
		"-9223372036854775808":   int64(math.MinInt64),
		"-2.5":                   -2.5,
		"0.1":                    0.1,
		"2.9999999999999996":     math.Log(1000) / math.Log(10),
		"0.5000076293945312":     0.5 + math.Pow(2, -17), // which is 0.50000762939453125
		"1234567.89":             1234567.89,
		"9.313225746154784e-42":  9.313225746154784e-42,
		"0":                      math.Copysign(0, -1),
		"3.3":                    "3.3",
	}
	for want, number := range tests {
		if got, err := dynamicvalue.Encode(wire(t, `"number"`, number)); err != nil || string(got) != want {
			t.Errorf("%v is encoded as %s, %v; want %s", number, got, err, want)
		}
	}
	const unsorted dynamicvalue.Value = "\x92\xc4\x0e[\"map\",\"bool\"]\x83\xa1b\xc3\xa1a\xc2\xa1c\xc0"
	if got, err := dynamicvalue.Encode(unsorted); err != nil || string(got) != `{"a":false,"b":true,"c":null}` {
		t.Errorf("members that the sender has not sorted are encoded as %s, %v", got, err)
	}
}

// TestLargestNumbers: what may just be.
func TestLargestNumbers(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`1e4096`, `-1e4096`, `1e-4096`, "[" + strings.Repeat("1e-4000,", 11) + "1e-4000]"} {
		value, err := dynamicvalue.Decode([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := dynamicvalue.Encode(value); err != nil || string(got) != text {
			t.Errorf("%s came back as %s, %v", text, got, err)
		}
	}
}

// TestRefresh: parts that are the same JSON keep the types of the state, and a
// collection stays one where its elements do.
func TestRefresh(t *testing.T) {
	t.Parallel()
	object := wire(t, `["object",{"hosts":["list","string"],"zones":["set","string"],"tags":["map","string"],"note":"string","rate":"number"}]`,
		map[string]any{"hosts": []any{"a", "b"}, "zones": []any{"x", "y"}, "tags": map[string]any{"k": "v"}, "note": nil, "rate": 0.1})
	list := wire(t, `["list",["object",{"tags":["set","string"]}]]`, []any{map[string]any{"tags": []any{"a"}}, map[string]any{"tags": []any{"b"}}})
	tests := map[string]struct {
		state  dynamicvalue.Value
		remote string
		typ    string
	}{
		"same":            {object, `{"zones":["x","y"],"tags":{"k":"v"},"rate":1e-1,"note":null,"hosts":["a","b"]}`, `["object",{"hosts":["list","string"],"zones":["set","string"],"tags":["map","string"],"note":"string","rate":"number"}]`},
		"new property":    {object, `{"zones":["x","y"],"tags":{"k":"v"},"rate":0.1,"note":null,"hosts":["a","b"],"new":1}`, `["object",{"hosts":["list","string"],"new":"number","note":"string","rate":"number","tags":["map","string"],"zones":["set","string"]}]`},
		"changed element": {object, `{"zones":["x","y"],"tags":{"k":"w"},"hosts":["a","c","d"]}`, `["object",{"hosts":["list","string"],"tags":["map","string"],"zones":["set","string"]}]`},
		"other elements":  {object, `{"zones":["y","x"],"tags":{"k":"v","l":1},"hosts":["a",1]}`, `["object",{"hosts":["tuple",["string","number"]],"tags":["object",{"k":"string","l":"number"}],"zones":["tuple",["string","string"]]}]`},
		"null instead":    {object, `{"zones":null,"tags":{"k":null},"hosts":[null]}`, `["object",{"hosts":["list","string"],"tags":["map","string"],"zones":["set","string"]}]`},
		"other kinds":     {object, `{"zones":{},"tags":[],"hosts":"a","note":{"a":[]},"rate":true}`, `["object",{"hosts":"string","note":["object",{"a":["tuple",[]]}],"rate":"bool","tags":["tuple",[]],"zones":["object",{}]}]`},
		"within a list":   {list, `[{"tags":["a"]},{"tags":["b"]},{"tags":["c"]}]`, `["tuple",[["object",{"tags":["set","string"]}],["object",{"tags":["set","string"]}],["object",{"tags":["tuple",["string"]]}]]]`},
		"of no state":     {dynamicvalue.Null, `{"a":[1]}`, `["object",{"a":["tuple",["number"]]}]`},
		"a string":        {object, `"text"`, `"string"`},
	}
	for name, test := range tests {
		got, err := dynamicvalue.Refresh(test.state, []byte(test.remote))
		if err != nil || !dynamicvalue.Holds(got, []byte(test.remote)) {
			t.Errorf("%s: it is not what is there: %q, %v", name, got, err)
		}
		if name == "same" && got != test.state || !strings.Contains(string(got), test.typ) {
			t.Errorf("%s: got %q, want the type %s, and the state as it was if it is the same", name, got, test.typ)
		}
	}
	if got, err := dynamicvalue.Refresh(object, []byte(`null`)); got != dynamicvalue.Null || err != nil {
		t.Errorf("null became %q, %v", got, err)
	}
	if _, err := dynamicvalue.Refresh(object, []byte(`"\ud800"`)); err == nil {
		t.Error("half of a character was taken for something")
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
		members, ok := packed(t, test.value).Members()
		isSame := func(value dynamicvalue.Value, text string) bool {
			got, err := dynamicvalue.Encode(value)
			return err == nil && string(got) == text
		}
		if ok != (test.want != nil) || !maps.EqualFunc(members, test.want, isSame) {
			t.Errorf("%s: got %v, %t; want %v", name, members, ok, test.want)
		}
		if again, isObject := dynamicvalue.Object(members).Members(); ok && (!isObject || !maps.Equal(again, members)) {
			t.Errorf("%s: put together and taken apart again, they are %v", name, again)
		}
	}
}

// TestOpaque: a value passes through the framework as it is, unless that has to
// know that there is none.
func TestOpaque(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value  attr.Value
		seen   attr.Value // by the framework, if it is not opaque
		handed dynamicvalue.Value
	}{
		"object":       {value: types.ObjectValueMust(map[string]attr.Type{"a": types.BoolType}, map[string]attr.Value{"a": types.BoolValue(true)})},
		"string":       {value: types.StringValue("\x92\xc4\x08\"string\"\xa1x")},
		"unknown list": {value: types.ListUnknown(types.StringType)},
		"null list":    {value: types.ListNull(types.StringType), seen: types.DynamicValue(types.ListNull(types.StringType)), handed: dynamicvalue.Null},
		"null":         {value: types.DynamicNull(), seen: types.DynamicNull(), handed: dynamicvalue.Null},
		"unknown":      {value: types.DynamicUnknown(), seen: types.DynamicUnknown(), handed: dynamicvalue.Unknown},
	}
	for name, test := range tests {
		value := packed(t, types.DynamicValue(test.value))
		raw, err := tfprotov6.DynamicValue{MsgPack: []byte(value.Opaque())}.Unmarshal(tftypes.DynamicPseudoType)
		if err != nil {
			t.Fatal(err)
		}
		received, err := types.DynamicType.ValueFromTerraform(t.Context(), raw)
		if err != nil {
			t.Fatal(err)
		}
		seen, want := received.(types.Dynamic), value
		if test.seen != nil {
			want = test.handed
			if !seen.Equal(test.seen) {
				t.Errorf("%s: the framework sees %s, want %s", name, seen, test.seen)
			}
		}
		if got := dynamicvalue.Of(seen); got != want {
			t.Errorf("%s: the provider gets %q, want %q", name, got, want)
		}
		if returned := packed(t, want.Attribute()).Transparent(); returned != want {
			t.Errorf("%s: Terraform gets %q back, want %q", name, returned, want)
		}
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value attr.Value
		kind  string
		known bool
	}{
		"object":         {types.ObjectValueMust(nil, nil), dynamicvalue.KindObject, true},
		"map":            {types.MapValueMust(types.StringType, nil), dynamicvalue.KindMap, true},
		"list":           {types.ListValueMust(types.StringType, nil), "list", true},
		"set":            {types.SetValueMust(types.StringType, nil), "set", true},
		"tuple":          {types.TupleValueMust(nil, nil), "tuple", true},
		"string":         {types.StringValue(""), dynamicvalue.KindString, true},
		"number":         {types.NumberValue(big.NewFloat(1)), dynamicvalue.KindNumber, true},
		"bool":           {types.BoolValue(false), dynamicvalue.KindBool, true},
		"null":           {types.DynamicNull(), dynamicvalue.KindNull, true},
		"null string":    {types.DynamicValue(types.StringNull()), dynamicvalue.KindNull, true},
		"unknown string": {types.DynamicValue(types.StringUnknown()), dynamicvalue.KindString, false},
		"unknown":        {types.DynamicUnknown(), dynamicvalue.KindUnknown, false},
	}
	for name, test := range tests {
		value := packed(t, test.value)
		if kind, known := value.Kind(), value.IsKnown(); kind != test.kind || known != test.known {
			t.Errorf("%s is %s, known %t; want %s, %t", name, kind, known, test.kind, test.known)
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
		{`{"a":1,"a":2}`, `{"a":2}`, true},
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
		{`"🚀"`, `"\ud83d\ude80"`, true},
		// A binary float written out in full is the float's shortest decimal.
		{`0.1`, `0.1000000000000000055511151231257827021181583404541015625`, true},
		{`0.5000076293945312`, `0.50000762939453125`, true},
		// More digits than a float's are no float, however near it is.
		{`0.5`, `0.5` + strings.Repeat("0", 156) + `29134`, false},
		// What is no JSON, or cannot be told apart once it is read, equals nothing.
		{`"\ud800"`, `"\ud800"`, false},
		{`"\ud800"`, `"\ufffd"`, false},
		{`{`, `{`, false},
	}
	for _, test := range tests {
		a, b := []byte(test.a), []byte(test.b)
		if got, reverse := dynamicvalue.Equal(a, b), dynamicvalue.Equal(b, a); got != test.want || reverse != test.want {
			t.Errorf("Equal(%s, %s) = %t and reversed %t, want %t", a, b, got, reverse, test.want)
		}
		digestA, errA := dynamicvalue.Digest(a)
		digestB, errB := dynamicvalue.Digest(b)
		if errA == nil && errB == nil && (digestA == digestB) != test.want {
			t.Errorf("%s and %s have the digests %x and %x", a, b, digestA, digestB)
		}
		if value, err := dynamicvalue.Decode(a); err == nil && dynamicvalue.HoldsDigest(value, digestB) != test.want {
			t.Errorf("%s holds the digest of %s: %t", a, b, !test.want)
		}
	}
}

// What is no JSON, or more than Terraform can take, is an error everywhere and a panic nowhere.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"empty":           {``, "line 1, column 1: expected a JSON value"},
		"truncated":       {"{\n\"é\":", "line 2, column 5: expected a JSON value"},
		"same name":       {`{"é":1,"e\u0301":2}`, `two properties have the name "é"`},
		"two values":      {`{} {}`, "continues after its first value"},
		"not UTF-8":       {"\"\xff\"", "UTF-8"},
		"lone high half":  {`{"a":"\\\ud83d x"}`, `holds \ud83d, half of a character`},
		"lone low half":   {`["\ude80"]`, `holds \ude80, half of a character`},
		"two high halves": {`"\ud83d\ud83d"`, `holds \ud83d, half of a character`},
		"half in a name":  {`{"\uD83D":1}`, `holds \uD83D, half of a character`},
		"elements":        {"[" + strings.Repeat("[],", dynamicvalue.MaxElements-1) + "[]]", "more than 500000 elements"},
		"elements deep":   {"[" + strings.Repeat(`{"a":{"b":""}},`, dynamicvalue.MaxElements/3+1) + "[]]", "more than 500000 elements"},
		"all digits":      {"[" + strings.Repeat("1e-4090,", 12) + "1e-4090]", "more than 50000 digits together"},
		"digits of one":   {"0." + strings.Repeat("0", 4000) + strings.Repeat("7", 50_000), "more than 50000 digits together"},
		"deep":            {strings.Repeat("[", 1001) + strings.Repeat("]", 1001), "deeper than 1000 levels"},
		"very deep":       {strings.Repeat("[", 100_000), "deeper than 1000 levels"},
		"exponent":        {`1e4097`, "beyond 1e±4096"},
		"exponent of int": {`1e99999999999999999999`, "out of range"},
		"digits":          {`1.` + strings.Repeat("7", 400), "401 digits"},
		"near a float":    {`0.5` + strings.Repeat("0", 156) + `29134`, "162 digits"},
	}
	for name, test := range tests {
		got, err := dynamicvalue.Decode([]byte(test.text))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %.100q and error %v, want an error with %q", name, got, err, test.want)
		}
	}
}
