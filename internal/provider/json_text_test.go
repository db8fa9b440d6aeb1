package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// TestJSONTextValidated: a text that is not the JSON of an object is refused before
// anything is asked, whoever declares it, and the error says where it is wrong.
func TestJSONTextValidated(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	str := func(value any) tftypes.Value { return tftypes.NewValue(tftypes.String, value) }
	arguments := map[string]string{"value": "quiva_kv_entry", "value_wo": "quiva_kv_entry", "entries": "quiva_kv_entries"}
	for given, want := range map[any]string{
		`{"on": true}`: "", `{}`: "", tftypes.UnknownValue: "",
		"{\n  \"on\": true,\n}":       "this text is not the JSON of one: line 3, column 1: a name in double quotes is missing",
		"{\"on\": 1,\n \"on\": 2}":    `line 2, column 2: the name "on" stands twice in one object`,
		`[1]`:                         "line 1, column 1: an object must begin with {",
		`null`:                        "line 1, column 1: an object must begin with {",
		``:                            "wrap it in an object: NAME = { text = … }",
		`{"a": "\ud800"}`:             "half of a character",
		strings.Repeat(`{"a":`, 1001): "deeper than 1000 levels",
		`files/flag.json`:             "this is the name of a file…\n\n  NAME = file(\"files/flag.json\")",
	} {
		for argument, typeName := range arguments {
			value, name := str(given), argument
			if argument == "entries" {
				value = tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, map[string]tftypes.Value{"k": value, "other": str("{}")})
				name = `"k"`
			}
			config := map[string]tftypes.Value{"bucket": str("flags"), argument: value}
			if argument != "entries" {
				config["key"] = str("k")
			}
			if argument == "value_wo" {
				config["value_wo_version"] = tftypes.NewValue(tftypes.Number, 1)
			}
			response, err := server.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{
				TypeName: typeName, Config: objectOf(t, resourceSchema(t, server, typeName), config),
				ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
			})
			if err != nil {
				t.Fatal(err)
			}
			got := describe(response.Diagnostics)
			if (want == "") != (len(response.Diagnostics) == 0) || !matchesText(got, "…"+strings.ReplaceAll(want, "NAME", name)+"…") {
				t.Errorf("%s = %.60q: got %s, want %s", argument, fmt.Sprint(given), got, want)
			}
		}
	}
}
