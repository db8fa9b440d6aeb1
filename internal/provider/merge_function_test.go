package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

func output(expression string) string {
	return "output \"test\" {\n  value = " + expression + "\n}\n"
}

// TestMergeFunction: what it makes of values of Terraform.
func TestMergeFunction(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ arguments, of, want string }{
		"nested":                 {`{ a = { b = 1, c = 2 } }, { a = { b = 3 } }`, "", `{"a":{"b":3,"c":2}}`},
		"null removes":           {`{ a = { b = 1, c = 2 }, d = 1 }, { a = { b = null }, d = null }`, "", `{"a":{"c":2}}`},
		"null in what is added":  {`{}, { a = { b = null, c = [null] } }`, "", `{"a":{"c":[null]}}`},
		"null override":          {`{ a = 1 }, null, { b = 2 }, tomap(null)`, "", `{"a":1,"b":2}`},
		"for_each of the result": {`tomap({ a = "1" }), tomap({ b = "2" })`, `[for k, v in %s : "${k}=${v}"]`, `["a=1","b=2"]`},
		"set stays a set":        {`{ s = toset(["x", "x"]) }, { a = 1 }`, `setunion(%s.s, ["x"])`, `["x"]`},
		"digits":                 {`{ a = 123456789012345678901234567890.125 }, { b = { c = 9007199254740993, d = 0.1 } }`, `[tostring(%[1]s.a), tostring(%[1]s.b.c), tostring(%[1]s.b.d)]`, `["123456789012345678901234567890.125","9007199254740993","0.1"]`},
		"a large number":         {`{ a = 1e400 }, { b = 1 }`, `[%[1]s.a == 1e400, length(tostring(%[1]s.a))]`, `[true,401]`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			merged := "provider::quiva::merge(" + tt.arguments + ")"
			if tt.of != "" {
				merged = fmt.Sprintf(tt.of, merged)
			}
			run(t, resource.TestStep{
				Config:            output("jsonencode(" + merged + ")"),
				ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("test", knownvalue.StringExact(tt.want))},
			})
		})
	}
}

func TestMergeFunctionErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ arguments, want string }{
		"null base":          {"null", `Invalid value for "base" parameter: argument must not be null.`},
		"text":               {`"{}"`, `Invalid value for "base" parameter: only objects and maps can be merged; the base is a string.`},
		"list":               {`{}, tolist([])`, `Invalid value for "override" parameter: only objects and maps can be merged; the 1st override is a list.`},
		"the third override": {`{}, {}, null, 7`, `Invalid value for "override" parameter: only objects and maps can be merged; the 3rd override is a number.`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, resource.TestStep{Config: output("provider::quiva::merge(" + tt.arguments + ")"), ExpectError: message(tt.want)})
		})
	}
}

// TestMergeFunctionUnknown: of what is partly unknown, the plan shows the rest.
func TestMergeFunctionUnknown(t *testing.T) {
	t.Parallel()
	const configuration = `
resource "terraform_data" "test" {
  input = "x"
}
locals {
  known   = { a = 1, b = { c = 2, d = 3 } }
  unknown = terraform_data.test.output
}
`
	at := func(names ...string) (path tfjsonpath.Path) {
		path = tfjsonpath.New(names[0])
		for _, name := range names[1:] {
			path = path.AtMapKey(name)
		}
		return path
	}
	tests := map[string]struct {
		arguments string
		planned   []plancheck.PlanCheck
		applied   string
	}{
		"property of an override": {`local.known, { b = { c = local.unknown } }`, []plancheck.PlanCheck{
			plancheck.ExpectKnownOutputValueAtPath("test", at("b", "d"), knownvalue.Int64Exact(3)), plancheck.ExpectUnknownOutputValueAtPath("test", at("b", "c")),
		}, `{"a":1,"b":{"c":"x","d":3}}`},
		"merged with an unknown one": {`{ a = 1, u = local.unknown }, { u = { v = 1 } }`, []plancheck.PlanCheck{
			plancheck.ExpectKnownOutputValueAtPath("test", at("a"), knownvalue.Int64Exact(1)), plancheck.ExpectUnknownOutputValueAtPath("test", at("u")),
		}, `{"a":1,"u":{"v":1}}`},
		"whole override": {`local.known, { for k in [local.unknown] : k => 1 }`, []plancheck.PlanCheck{plancheck.ExpectUnknownOutputValue("test")}, `{"a":1,"b":{"c":2,"d":3},"x":1}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, resource.TestStep{
				Config:            configuration + output("provider::quiva::merge("+tt.arguments+")") + "output \"json\" {\n  value = jsonencode(provider::quiva::merge(" + tt.arguments + "))\n}\n",
				ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: tt.planned},
				ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("json", knownvalue.StringExact(tt.applied))},
			})
		})
	}
}
