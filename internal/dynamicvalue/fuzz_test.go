package dynamicvalue_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"golang.org/x/text/unicode/norm"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
)

var seeds = []string{
	`{}`, `[]`, `null`, `true`, `""`, `0`, `-0`, `1e5`, `0.1`, `{"a":{"b":[1,"x",null,false,{}]},"":1.50}`,
	`{"a":1,"a":2}`, `9007199254740993`, `1e-4000`, `"\ud83d\ude80"`, `"\u2028<&>"`, `[[[[[]]]]]`, ` [1 , 2 ] `, "\"\xff\"", `{"a":`,
	`123456789012345678901234567890.123456789`, `{"e\u0301":"e\u0301"}`, `"\ud800"`, `"\\ud800"`, `["\ud83d","\ude80"]`,
	`0.1000000000000000055511151231257827021181583404541015625`, `0.50000762939453125`, `[1e-4090,1e4096]`, `[[],[[]],{}]`,
}

// sizeLimit keeps a fuzzer from finding that more text takes longer.
const sizeLimit = 10_000

// FuzzRoundTrip: whatever JSON can become a Terraform value comes back as the
// same JSON, also after the trip through Terraform's wire format.
func FuzzRoundTrip(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > sizeLimit {
			return
		}
		value, err := dynamicvalue.Decode(text)
		if err != nil {
			return
		}
		want, err := dynamicvalue.Canonical(text)
		if err != nil {
			t.Fatalf("decoded, but has no canonical form: %v", err)
		}
		encoded, err := dynamicvalue.Encode(value)
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
		encoded, err = dynamicvalue.Encode(packed(t, received))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encoded, want) {
			t.Fatalf("trip over the wire gave %s, want %s", encoded, want)
		}

		// Taken apart and put together, it is the same.
		if members, ok := value.Members(); ok && dynamicvalue.Object(members) != value {
			t.Fatalf("the members of %s make another value", want)
		}
	})
}

// FuzzEncode: no text is taken for a value that it is not; what is one has
// valid JSON.
func FuzzEncode(f *testing.F) {
	for _, seed := range seeds {
		if value, err := dynamicvalue.Decode([]byte(seed)); err == nil {
			f.Add(string(value))
		}
	}
	f.Add(string(dynamicvalue.Unknown))
	for _, value := range []dynamicvalue.Value{"\x92\xc4\x08\"number\"\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a", "\x92\xc4\x08\"string\"\xa1x", "\x92\xc4\x11[\"list\",\"number\"]\x91\xcb\x7f\xf8\x00\x00\x00\x00\x00\x01"} {
		f.Add(string(value))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > sizeLimit {
			return
		}
		value := dynamicvalue.Value(text)
		encoded, err := dynamicvalue.Encode(value)
		if err == nil && utf8.ValidString(text) && !json.Valid(encoded) {
			t.Errorf("encodes as %s", encoded)
		}
		value.Kind()
		value.IsKnown()
		value.Members()
		if value.Opaque().Transparent() != value {
			t.Errorf("%q is %q after it was opaque", value, value.Opaque().Transparent())
		}
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
		if _, err := dynamicvalue.Canonical(a); err != nil {
			return
		}
		if _, err := dynamicvalue.Canonical(b); err != nil {
			return
		}
		if !dynamicvalue.Equal(a, a) {
			t.Fatalf("%s does not equal itself", a)
		}
		ab, ba := dynamicvalue.Equal(a, b), dynamicvalue.Equal(b, a)
		if ab != ba {
			t.Fatalf("Equal(a,b) = %t but Equal(b,a) = %t", ab, ba)
		}
		digestA, _ := dynamicvalue.Digest(a)
		digestB, _ := dynamicvalue.Digest(b)
		if ab != (digestA == digestB) {
			t.Fatalf("Equal(%s, %s) = %t, but their digests are %x and %x", a, b, ab, digestA, digestB)
		}
		if value, err := dynamicvalue.Decode(a); err == nil && dynamicvalue.HoldsDigest(value, digestB) != ab {
			t.Fatalf("%s holds the digest of %s: %t", a, b, !ab)
		}
		if want, ok := oracle(a, b); ok && ab != want {
			t.Fatalf("Equal(%s, %s) = %t, the oracle says %t", a, b, ab, want)
		}
	})
}

// oracle compares two JSON texts without this package. It is not ok for numbers
// whose fraction would fill the memory, and for text and numbers that have other
// forms to Terraform.
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
	if len(n) > 15 && strings.Contains(string(n), ".") {
		return nil, false // it may be a float written out
	}
	if f, err := n.Float64(); err != nil || f > 1e300 || f < -1e300 || (f < 1e-300 && f > -1e-300 && len(n) > 20) {
		return nil, false
	}
	return new(big.Rat).SetString(n.String())
}

// FuzzText: what is read is JSON, what is not read is not, or for a reason that
// encoding/json does not know, and the text of an object is read as any other, and
// is the same as its native value.
func FuzzText(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
		f.Add([]byte(`{"a":` + seed + `}`))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		canonical, err := dynamicvalue.Canonical(text)
		switch {
		case err == nil && !json.Valid(text):
			t.Fatalf("%q is no JSON, but is read as %s", text, canonical)
		case err != nil && json.Valid(text) && !reason.MatchString(err.Error()):
			t.Fatalf("%q is JSON, but: %v", text, err)
		}
		object, objectErr := dynamicvalue.CanonicalObject(string(text))
		switch isObject := bytes.HasPrefix(canonical, []byte("{")); {
		case objectErr == nil && !bytes.Equal(object, canonical):
			t.Fatalf("%q is read as %s, and as an object as %s", text, canonical, object)
		case objectErr != nil && isObject && !strings.Contains(objectErr.Error(), "duplicate property"):
			t.Fatalf("%q is the object %s, but: %v", text, canonical, objectErr)
		}
		native, decodeErr := dynamicvalue.Decode(text)
		if objectErr != nil || decodeErr != nil {
			return
		}
		asText := packed(t, types.StringValue(string(text)))
		wire, err := dynamicvalue.EncodeEntry(asText)
		digest, _ := dynamicvalue.Digest(text)
		if err != nil || !bytes.Equal(wire, canonical) || !dynamicvalue.Same(asText, native) || !dynamicvalue.HoldsDigest(asText, digest) {
			t.Fatalf("%q as text is written as %s, %v, or differs from the native value", text, wire, err)
		}
	})
}

var reason = regexp.MustCompile("UTF-8|half of a character|nests deeper|more than|out of range|normalized")

// FuzzRefresh: what a refresh gives is what is there, and the state itself if
// that is the same.
func FuzzRefresh(f *testing.F) {
	for i, seed := range seeds {
		if value, err := dynamicvalue.Decode([]byte(seed)); err == nil {
			f.Add(string(value), []byte(seed))
			f.Add(string(value), []byte(seeds[(i+1)%len(seeds)]))
		}
	}
	f.Add("\x92\xc4\x11[\"list\",\"string\"]\x92\xa1a\xa1b", []byte(`["a","c"]`))
	f.Add("\x92\xc4\x08\"string\"\xa9{\"a\": 1 }", []byte(`{"a":1}`))
	f.Add("\x92\xc4\x08\"string\"\xa9{\"a\": 1 }", []byte(`{"a":1e9999}`))
	f.Add("\x92\xc4\x10[\"map\",\"number\"]\x81\xa1a\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a", []byte(`{"a":0.1,"b":[{}]}`))
	f.Add("\x92\xc4\x10[\"set\",\"string\"]\x92\xa1a\xa1b", []byte(`["b","a"]`))
	f.Fuzz(func(t *testing.T, state string, remote []byte) {
		if len(state) > sizeLimit || len(remote) > sizeLimit {
			return
		}
		refreshed, err := dynamicvalue.Refresh(dynamicvalue.Value(state), remote)
		_, isText := refreshed.Text() // which has room for all digits
		if _, decodeErr := dynamicvalue.Decode(remote); (err == nil) != (decodeErr == nil) && !isText {
			t.Fatalf("refreshing %s gave %v, decoding it %v", remote, err, decodeErr)
		}
		if err != nil {
			return
		}
		if !dynamicvalue.Holds(refreshed, remote) {
			t.Fatalf("refreshed to %q, but %s is there", refreshed, remote)
		}
		if dynamicvalue.Holds(dynamicvalue.Value(state), remote) && refreshed != dynamicvalue.Value(state) && refreshed != dynamicvalue.Null {
			t.Fatalf("the state is the same, but became %q", refreshed)
		}
	})
}
