package jsonvalue_test

import (
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/jsonvalue"
)

// flag is a value of the usual size and shape.
const flag = `{"description":"Single-page checkout","enabled":true,"expires":"2026-12-31","owner":"team-payments",` +
	`"rollout":{"percentage":25.5,"seed":9007199254740993,"sticky_by":"customer_id"},"segments":["beta","staff"],"notes":null}`

func BenchmarkDecode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jsonvalue.Decode([]byte(flag)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	value, err := jsonvalue.Decode([]byte(flag))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jsonvalue.Encode(value); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEqual(b *testing.B) {
	other := []byte(" " + flag)
	b.ReportAllocs()
	for b.Loop() {
		if equal, err := jsonvalue.Equal([]byte(flag), other); err != nil || !equal {
			b.Fatal(equal, err)
		}
	}
}
