package jsonvalue_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"testing"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"golang.org/x/text/unicode/norm"

	"github.com/quivaworks/terraform-provider-quiva/internal/jsonvalue"
)

var seeds = []string{
	`{}`, `[]`, `null`, `true`, `""`, `0`, `-0`, `1e5`, `0.1`, `{"a":{"b":[1,"x",null,false,{}]},"":1.50}`,
	`{"a":1,"a":2}`, `9007199254740993`, `1e-4000`, `"\ud83d\ude80"`, `"\u2028<&>"`, `[[[[[]]]]]`, ` [1 , 2 ] `, "\"\xff\"", `{"a":`,
	`123456789012345678901234567890.123456789`, `{"e\u0301":"e\u0301"}`,
}

// FuzzRoundTrip: whatever JSON can become a Terraform value comes back as the
// same JSON, also after the trip through Terraform's wire format.
func FuzzRoundTrip(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		value, err := jsonvalue.Decode(text)
		if err != nil {
			return
		}
		want, err := jsonvalue.Canonical(text)
		if err != nil {
			t.Fatalf("decoded, but has no canonical form: %v", err)
		}
		encoded, err := jsonvalue.Encode(value)
		if err != nil {
			t.Fatalf("decoded, but does not encode: %v", err)
		}
		if !bytes.Equal(encoded, want) {
			t.Fatalf("round trip gave %s, want %s", encoded, want)
		}

		// HashiCorp's libraries understand it, and what they make of it is
		// understood.
		unpacked, err := tfprotov6.DynamicValue{MsgPack: []byte(value)}.Unmarshal(tftypes.DynamicPseudoType)
		if err != nil {
			t.Fatal(err)
		}
		received, err := types.DynamicType.ValueFromTerraform(t.Context(), unpacked)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err = jsonvalue.Encode(packed(t, received))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encoded, want) {
			t.Fatalf("trip over the wire gave %s, want %s", encoded, want)
		}

		// Taken apart and put together, it is the same.
		if members, ok := value.Members(); ok && jsonvalue.Object(members) != value {
			t.Fatalf("the members of %s make another value", want)
		}
	})
}

// FuzzEncode: no text is taken for a value that it is not; what is one has
// valid JSON.
func FuzzEncode(f *testing.F) {
	for _, seed := range seeds {
		if value, err := jsonvalue.Decode([]byte(seed)); err == nil {
			f.Add(string(value))
		}
	}
	f.Add(string(jsonvalue.Unknown))
	f.Fuzz(func(t *testing.T, text string) {
		value := jsonvalue.Value(text)
		encoded, err := jsonvalue.Encode(value)
		if err == nil && utf8.ValidString(text) && !json.Valid(encoded) {
			t.Errorf("encodes as %s", encoded)
		}
		value.Kind()
		value.IsKnown()
		value.Members()
	})
}

// FuzzEqual: equality is reflexive and symmetric, and agrees with an oracle
// that compares numbers as fractions.
func FuzzEqual(f *testing.F) {
	for i, seed := range seeds {
		f.Add([]byte(seed), []byte(seeds[(i+1)%len(seeds)]))
		f.Add([]byte(seed), []byte(seed+" "))
	}
	f.Add([]byte(`{"b":1e1,"a":[]}`), []byte(`{"a":[],"b":10.0}`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if _, err := jsonvalue.Canonical(a); err != nil {
			return
		}
		if _, err := jsonvalue.Canonical(b); err != nil {
			return
		}
		if equal, err := jsonvalue.Equal(a, a); err != nil || !equal {
			t.Fatalf("%s does not equal itself (%v)", a, err)
		}
		ab, errAB := jsonvalue.Equal(a, b)
		ba, errBA := jsonvalue.Equal(b, a)
		if errAB != nil || errBA != nil || ab != ba {
			t.Fatalf("Equal(a,b) = %t, %v but Equal(b,a) = %t, %v", ab, errAB, ba, errBA)
		}
		if want, ok := oracle(a, b); ok && ab != want {
			t.Fatalf("Equal(%s, %s) = %t, the oracle says %t", a, b, ab, want)
		}
	})
}

// oracle compares two JSON texts without this package. It answers !ok for
// numbers whose fraction would fill the memory, and for text that Terraform
// would normalize.
func oracle(a, b []byte) (equal, ok bool) {
	read := func(text []byte) (tree any) {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		_ = decoder.Decode(&tree)
		return tree
	}
	if !norm.NFC.IsNormal(a) || !norm.NFC.IsNormal(b) || bytes.Contains(a, []byte(`\u`)) || bytes.Contains(b, []byte(`\u`)) {
		return false, false
	}
	return oracleTrees(read(a), read(b))
}

func oracleTrees(a, b any) (equal, ok bool) {
	switch a := a.(type) {
	case json.Number:
		b, isNumber := b.(json.Number)
		if !isNumber {
			return false, true
		}
		fractionA, okA := fraction(a)
		fractionB, okB := fraction(b)
		if !okA || !okB {
			return false, false
		}
		return fractionA.Cmp(fractionB) == 0, true
	case []any:
		b, isArray := b.([]any)
		if !isArray || len(a) != len(b) {
			return false, true
		}
		for i := range a {
			if equal, ok := oracleTrees(a[i], b[i]); !ok || !equal {
				return false, ok
			}
		}
		return true, true
	case map[string]any:
		b, isObject := b.(map[string]any)
		if !isObject || len(a) != len(b) {
			return false, true
		}
		for name := range a {
			other, found := b[name]
			if !found {
				return false, true
			}
			if equal, ok := oracleTrees(a[name], other); !ok || !equal {
				return false, ok
			}
		}
		return true, true
	default:
		return a == b, true
	}
}

func fraction(n json.Number) (*big.Rat, bool) {
	if f, err := n.Float64(); err != nil || f > 1e300 || f < -1e300 || (f < 1e-300 && f > -1e-300 && len(n) > 20) {
		return nil, false
	}
	return new(big.Rat).SetString(n.String())
}
