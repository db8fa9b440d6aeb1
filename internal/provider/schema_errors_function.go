package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
)

var _ function.Function = schemaErrorsFunction{}

// NewSchemaErrorsFunction returns the function schema_errors.
func NewSchemaErrorsFunction() function.Function { return schemaErrorsFunction{} }

type schemaErrorsFunction struct{}

func (schemaErrorsFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "schema_errors"
}

func (schemaErrorsFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Check a value against a JSON Schema",
		MarkdownDescription: "Returns the errors that a [JSON Schema](https://json-schema.org) finds in a value, one line each and sorted, or an empty list if there are none. " +
			"In a `precondition` or a `validation`, it makes the plan fail for a value that your services could not read.",
		Parameters: []function.Parameter{
			function.DynamicParameter{
				Name:                "value",
				MarkdownDescription: "Value to check, of any type. It is checked as the JSON that the gateway would store. While any part of it is unknown, the result is unknown.",
				AllowNullValue:      true,
			},
			function.DynamicParameter{
				Name: "schema",
				MarkdownDescription: "JSON Schema of draft 4, 6, 7, 2019-09 or 2020-12, an object such as `jsondecode(file(\"schema.json\"))`. `$schema` names the draft; without it, 2020-12 is used. " +
					"A `$ref` must refer to a part of the schema or to the schema of a draft: nothing is loaded.",
			},
		},
		Return: function.ListReturn{ElementType: types.StringType},
	}
}

func (schemaErrorsFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var value, schema types.Dynamic
	resp.Error = req.Arguments.Get(ctx, &value, &schema)
	if resp.Error != nil {
		return
	}
	valueText, err := dynamicvalue.Encode(dynamicvalue.Of(value))
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf("the value cannot be written as JSON: %v", err))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, schemaTimeout)
	defer cancel()
	problems, err := schemaErrors(ctx, dynamicvalue.Of(schema), valueText)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(1, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, problems)
}
