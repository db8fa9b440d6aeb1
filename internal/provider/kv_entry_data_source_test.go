package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

func entryData(key string) string {
	return fmt.Sprintf("data \"quiva_kv_entry\" \"test\" {\n  bucket = \"flags\"\n  key = %q\n}\n", key)
}

// TestKVEntryDataSource: any JSON that the gateway holds is a native value.
func TestKVEntryDataSource(t *testing.T) {
	t.Parallel()
	const value = "data.quiva_kv_entry.test.value"
	tests := map[string]struct {
		held, expression string
		want             knownvalue.Check
	}{
		"attribute":     {`{"rollout":25}`, value + ".rollout + 1", knownvalue.Int64Exact(26)},
		"nested":        {`{"a":{"b/c":[1,{"d":"x"}]}}`, value + `.a["b/c"][1].d`, knownvalue.StringExact("x")},
		"NFD name":      {`{"e\u0301":"e\u0301"}`, value + `["é"]`, knownvalue.StringExact("é")},
		"null inside":   {`{"a":null}`, value + ".a == null", knownvalue.Bool(true)},
		"loop":          {`{"a":1,"b":2}`, "join(\",\", [for k, v in " + value + " : \"${k}=${v}\"])", knownvalue.StringExact("a=1,b=2")},
		"exact number":  {`{"a":9007199254740993.25}`, "tostring(" + value + ".a)", knownvalue.StringExact("9007199254740993.25")},
		"empty object":  {`{}`, "length(" + value + ")", knownvalue.Int64Exact(0)},
		"text":          {`"just text"`, value, knownvalue.StringExact("just text")},
		"number":        {`12.5`, value, knownvalue.Float64Exact(12.5)},
		"list":          {`[1,"a",null]`, "length(" + value + ")", knownvalue.Int64Exact(3)},
		"as json again": {`{"b":[],"a":{}}`, "jsonencode(" + value + ")", knownvalue.StringExact(`{"a":{},"b":[]}`)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "team/a", tt.held)
			run(t, resource.TestStep{
				Config:            withProvider(gateway, entryData("team/a")) + "output \"test\" {\n  value = " + tt.expression + "\n}\n",
				ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("test", tt.want)},
			})
		})
	}
}

func TestKVEntryDataSourceErrors(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "digits", `{"a":1.`+digits(200)+`}`)
	gateway.PutEntry("flags", "digits-together", `{"a":[`+strings.Repeat("1e-4090,", 200)+`0]}`)
	gateway.PutEntry("flags", "half", `{"a":"\ud800"}`)
	tests := map[string]struct{ key, want string }{
		"absent":              {"absent", `The bucket "flags" has no entry "absent", or there is no such bucket`},
		"empty":               {"", `The key must not be empty`},
		"illegal":             {"a b", `The key contains " ".`},
		"too many digits":     {"digits", `has 201 digits, more than Terraform can hold`},
		"digits together":     {"digits-together", `The entry "digits-together" holds JSON that Terraform cannot represent: the value's numbers of more than 153 digits take more than 50000 digits together`},
		"half of a character": {"half", `the JSON text holds \ud800, half of a character`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, resource.TestStep{Config: withProvider(gateway, entryData(tt.key)), ExpectError: message(tt.want)})
		})
	}
}

// digits returns n digits that no rounding leaves alone.
func digits(n int) (text string) {
	for range n {
		text += "7"
	}
	return text
}
