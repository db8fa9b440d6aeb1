package dynamicvalue_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

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

		// HashiCorp's libraries understand it, and what they make of it is understood.
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

// FuzzEncode: no text is taken for a value that it is not; what is one has valid JSON.
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
