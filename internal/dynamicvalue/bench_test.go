package dynamicvalue_test

import (
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
)

// flag is a value of the usual size and shape.
const flag = `{"description":"Single-page checkout","enabled":true,"expires":"2026-12-31","owner":"team-payments",` +
	`"rollout":{"percentage":25.5,"seed":9007199254740993,"sticky_by":"customer_id"},"segments":["beta","staff"],"notes":null}`

func BenchmarkDecode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := dynamicvalue.Decode([]byte(flag)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	value, err := dynamicvalue.Decode([]byte(flag))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := dynamicvalue.Encode(value); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHolds compares what Terraform holds with what a gateway returns,
// which is done for every entry of every plan.
func BenchmarkHolds(b *testing.B) {
	value, err := dynamicvalue.Decode([]byte(flag))
	if err != nil {
		b.Fatal(err)
	}
	canonical, err := dynamicvalue.Canonical([]byte(flag))
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string][]byte{"canonical": canonical, "other spelling": []byte(" " + flag)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !dynamicvalue.Holds(value, text) {
					b.Fatal("it does not")
				}
			}
		})
	}
}

func BenchmarkRefresh(b *testing.B) {
	value, err := dynamicvalue.Decode([]byte(flag))
	if err != nil {
		b.Fatal(err)
	}
	changed := []byte(strings.Replace(flag, "true", "false", 1))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := dynamicvalue.Refresh(value, changed); err != nil {
			b.Fatal(err)
		}
	}
}
