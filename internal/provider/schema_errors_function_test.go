package provider_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
)

// TestSchemaErrorsFunction: what is wrong with a value, a line for each error.
func TestSchemaErrorsFunction(t *testing.T) {
	t.Parallel()
	const flag = `{
    type       = "object"
    required   = ["enabled"]
    properties = { enabled = { type = "boolean" }, rollout = { "$ref" = "#/$defs/percentage" } }
    "$defs"    = { percentage = { type = "number", minimum = 0, maximum = 100 } }
    additionalProperties = false
  }`
	tests := map[string]struct {
		value, schema string
		want          []string
	}{
		"valid":               {`{ enabled = true, rollout = 25 }`, flag, nil},
		"too large":           {`{ enabled = true, rollout = 120 }`, flag, []string{"/rollout: maximum: got 120, want 100"}},
		"sorted":              {`{ rollout = "all", z = 1 }`, flag, []string{"/rollout: got string, want number", "additional properties 'z' not allowed", "missing property 'enabled'"}},
		"null":                {`null`, flag, []string{"got null, want object"}},
		"a map is an object":  {`tomap({ enabled = true })`, flag, nil},
		"a set is an array":   {`{ a = toset([3, 1]) }`, `{ properties = { a = { items = { maximum = 2 } } } }`, []string{"/a/1: maximum: got 3, want 2"}},
		"pointer":             {`{ "a/b~c" = [[7]] }`, `{ properties = { "a/b~c" = { items = { items = { type = "string" } } } } }`, []string{"/a~1b~0c/0/0: got number, want string"}},
		"digits":              {`9007199254740993`, `{ maximum = 9007199254740992 }`, []string{"maximum: got 9007199254740993, want 9007199254740992"}},
		"no multiple":         {`0.30000000000000000000000000000001`, `{ multipleOf = 0.1 }`, []string{"multipleOf: got 0.30000000000000000000000000000001, want 0.1"}},
		"a large number":      {`1e400`, `{ exclusiveMaximum = 1e399 }`, []string{"exclusiveMaximum: got 1e+400, want 1e+399"}},
		"alternatives":        {`{ a = 1 }`, `{ properties = { a = { anyOf = [{ type = "string" }, { minimum = 5 }] } } }`, []string{"/a: matches none of anyOf: /a: got number, want string; or /a: minimum: got 1, want 5"}},
		"errors of one":       {`{}`, `{ oneOf = [{ required = ["a"], minProperties = 1 }, { type = "array" }] }`, []string{"matches none of oneOf: minProperties: got 0, want 1, missing property 'a'; or got object, want array"}},
		"two alternatives":    {`7`, `{ oneOf = [{ minimum = 5 }, { maximum = 9 }] }`, []string{"'oneOf' failed, subschemas 0, 1 matched"}},
		"no item":             {`{ a = [1, 2] }`, `{ properties = { a = { contains = { type = "string" } } } }`, []string{"/a: no items match contains schema"}},
		"property name":       {`{ a = { bcd = 1 } }`, `{ properties = { a = { propertyNames = { maxLength = 2 } } } }`, []string{"/a: invalid propertyName 'bcd': maxLength: got 3, want 2"}},
		"once":                {`1`, `{ allOf = [{ type = "string" }, { type = "string" }] }`, []string{"got number, want string"}},
		"format":              {`{ mail = "nobody" }`, `{ properties = { mail = { format = "email" } } }`, []string{"/mail: 'nobody' is not valid email: missing @"}},
		"a schema as a value": {`{ type = 1 }`, `{ "$ref" = "https://json-schema.org/draft/2020-12/schema" }`, []string{"/type: matches none of anyOf: /type: value must be one of 'array', 'boolean', 'integer', 'null', 'number', 'object', 'string'; or /type: got number, want array"}},
		"a circle":            {`{}`, `{ "$ref" = "#" }`, []string{"the schema refers to itself in a cycle"}},

		// What tells the drafts apart: an array of items is a tuple up to 2019-09,
		// exclusiveMinimum a bool in 4, const is new in 6, if in 7.
		"draft 4":       {`[0, 1]`, `{ "$schema" = "http://json-schema.org/draft-04/schema#", items = [{ minimum = 0, exclusiveMinimum = true }, { const = 2 }] }`, []string{"/0: exclusiveMinimum: got 0, want 0"}},
		"draft 7":       {`[0, 1]`, `{ "$schema" = "http://json-schema.org/draft-07/schema#", items = [{ if = {}, then = false }] }`, []string{"/0: not allowed"}},
		"draft 2019-09": {`[0, 1]`, `{ "$schema" = "https://json-schema.org/draft/2019-09/schema", items = [{}, { minimum = 2 }] }`, []string{"/1: minimum: got 1, want 2"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := []knownvalue.Check{}
			for _, line := range tt.want {
				want = append(want, knownvalue.StringExact(line))
			}
			run(t, resource.TestStep{
				Config:            output("provider::quiva::schema_errors(" + tt.value + ", " + tt.schema + ")"),
				ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("test", knownvalue.ListExact(want))},
			})
		})
	}
}

// TestSchemaErrorsFunctionSchema: a schema that is none, or not all there, is
// no error of the value.
func TestSchemaErrorsFunctionSchema(t *testing.T) {
	t.Parallel()
	const parameter = `Invalid value for "schema" parameter: `
	tests := map[string]struct{ schema, want string }{
		"null":              {`null`, parameter + `argument must not be null`},
		"JSON text":         {`"{}"`, parameter + `a schema must be an object; got a string; if it is JSON text, decode it: jsondecode(…)`},
		"number":            {`7`, parameter + `a schema must be an object; got a number`},
		"no schema":         {`{ type = "text" }`, parameter + `this is not a JSON Schema: /type: matches none of anyOf`},
		"no such reference": {`{ "$ref" = "#/$defs/x" }`, parameter + `this is not a JSON Schema: json-pointer in "#/$defs/x" not found`},
		"remote":            {`{ properties = { a = { "$ref" = "https://example.com/flag.json" } } }`, parameter + `the schema refers to "https://example.com/flag.json", which is not part of it, and nothing is loaded; put the definition under "$defs", and refer to it as "#/$defs/NAME"`},
		"remote draft":      {`{ type = "object", "$schema" = "https://example.com/draft" }`, parameter + `the schema refers to "https://example.com/draft", which is not part of it`},
		"pattern":           {`{ pattern = "(?=x)" }`, parameter + `this is not a JSON Schema: /pattern: '(?=x)' is not valid regex`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, resource.TestStep{Config: output("provider::quiva::schema_errors({}, " + tt.schema + ")"), ExpectError: message(tt.want)})
		})
	}
}

// TestSchemaErrorsFunctionUnknown: what cannot be checked yet is checked in the
// apply.
func TestSchemaErrorsFunctionUnknown(t *testing.T) {
	t.Parallel()
	run(t, resource.TestStep{
		Config: "resource \"terraform_data\" \"test\" {\n  input = \"x\"\n}\n" +
			output(`provider::quiva::schema_errors({ a = [terraform_data.test.output] }, { properties = { a = { items = { type = "number" } } } })`),
		ConfigPlanChecks:  plans(plancheck.ExpectUnknownOutputValue("test")),
		ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("test", knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("/a/0: got string, want number")}))},
	})
}

// checkSchema calls the function as Terraform does, with two JSON texts.
func checkSchema(ctx context.Context, t *testing.T, server tfprotov6.ProviderServer, value, schema string) *tfprotov6.CallFunctionResponse {
	t.Helper()
	arguments := make([]*tfprotov6.DynamicValue, 2)
	for i, text := range []string{value, schema} {
		decoded, err := dynamicvalue.Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		arguments[i] = &tfprotov6.DynamicValue{MsgPack: []byte(decoded)}
	}
	response, err := server.CallFunction(ctx, &tfprotov6.CallFunctionRequest{Name: "schema_errors", Arguments: arguments})
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// TestSchemaErrorsFunctionExchanged: what refuses nothing is no schema, but most
// likely the value.
func TestSchemaErrorsFunctionExchanged(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	for schema, refused := range map[string]bool{
		`{}`: true, `{"enabled":true,"description":"x","title":"y","default":1,"$schema":"http://json-schema.org/draft-07/schema#"}`: true,
		`{"types":1}`: true, `{"type required":1}`: true, `{"type":"object"}`: false, `{"$ref":"#/$defs/a","$defs":{"a":true}}`: false, `true`: false,
		`{"uniqueItems":true}`: false, `{"$dynamicRef":"https://json-schema.org/draft/2020-12/schema"}`: false,
	} {
		response := checkSchema(t.Context(), t, server, `{"type":"object"}`, schema)
		if refused != (response.Error != nil) || refused && (*response.Error.FunctionArgument != 1 || !strings.Contains(response.Error.Text, "the value comes first, then the schema")) {
			t.Errorf("%s: %+v", schema, response.Error)
		}
	}
}

// TestSchemaErrorsFunctionEnds: a check that would take long ends with its time.
func TestSchemaErrorsFunctionEnds(t *testing.T) {
	t.Parallel()
	definitions := `"d0":{"minimum":1}`
	for i := range 21 {
		definitions += fmt.Sprintf(`,"d%d":{"allOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]}`, i+1, i, i)
	}
	schema := `{"$ref":"#/$defs/d21","$defs":{` + definitions + `}}`
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if response := checkSchema(ctx, t, newServer(t), `5`, schema); response.Error == nil || !strings.Contains(response.Error.Text, "deadline exceeded") {
		t.Errorf("ended with %+v", response.Error)
	}
}
