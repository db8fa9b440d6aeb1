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

// TestKVEntryDataSource: any JSON that the gateway holds is a native value, of the
// entry alone and among others.
func TestKVEntryDataSource(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		held, expression string
		want             knownvalue.Check
	}{
		"attribute":     {`{"rollout":25}`, "VALUE.rollout + 1", knownvalue.Int64Exact(26)},
		"NFD name":      {`{"e\u0301":"e\u0301"}`, `VALUE["é"]`, knownvalue.StringExact("é")},
		"exact number":  {`{"a":9007199254740993.25}`, "tostring(VALUE.a)", knownvalue.StringExact("9007199254740993.25")},
		"empty object":  {`{}`, "length(VALUE)", knownvalue.Int64Exact(0)},
		"text":          {`"just text"`, "VALUE", knownvalue.StringExact("just text")},
		"as json again": {`{"b":[],"a":{}}`, "jsonencode(VALUE)", knownvalue.StringExact(`{"a":{},"b":[]}`)},
	}
	for name, tt := range tests {
		for value, data := range map[string]string{
			"data.quiva_kv_entry.test.value":               entryData("team/a"),
			`data.quiva_kv_entries.test.entries["team/a"]`: entriesData(),
		} {
			t.Run(name+" of "+value, func(t *testing.T) {
				t.Parallel()
				gateway := newGateway(t)
				gateway.PutEntry("flags", "team/a", tt.held)
				gateway.PutEntry("flags", "other", `{"n":[1]}`)
				run(t, resource.TestStep{
					Config:            withProvider(gateway, data) + "output \"test\" {\n  value = " + strings.ReplaceAll(tt.expression, "VALUE", value) + "\n}\n",
					ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("test", tt.want)},
				})
			})
		}
	}
}

// digits returns n digits that no rounding leaves alone.
func digits(n int) (text string) {
	for range n {
		text += "7"
	}
	return text
}
