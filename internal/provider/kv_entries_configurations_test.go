package provider_test

import (
	"fmt"
	"strings"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

const entriesAddress = "quiva_kv_entries.test"

// manyEntries is a configuration of entries of the bucket "flags".
func manyEntries(gateway *mockgateway.Server, hcl string, more ...string) string {
	return withProvider(gateway, "resource \"quiva_kv_entries\" \"test\" {\n  bucket = \"flags\"\n  entries = "+hcl+"\n"+lines(more)+"}\n")
}

// numbered is an expression of so many entries k000, k001, … with what more
// says of some of them.
func numbered(count int, more ...string) string {
	return fmt.Sprintf("merge({ for i in range(%d) : format(\"k%%03d\", i) => { n = i } }, { %s })", count, strings.Join(more, ", "))
}

// withOther adds a resource whose output is not known before it is applied, and
// changes with its input.
func withOther(configuration, input string) string {
	return configuration + "resource \"terraform_data\" \"other\" {\n  input = " + input + "\n}\n"
}
