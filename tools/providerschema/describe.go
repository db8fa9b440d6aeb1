package main

import (
	"encoding/json"
	"errors"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
)

// describe turns schemas of Terraform's protocol into those that documentation
// is generated from.
func describe(schemas *tfprotov6.GetProviderSchemaResponse) (*tfjson.ProviderSchema, error) {
	var d describer
	described := &tfjson.ProviderSchema{
		ConfigSchema:             d.schemaOf(schemas.Provider),
		ResourceSchemas:          describeAll(schemas.ResourceSchemas, d.schemaOf),
		DataSourceSchemas:        describeAll(schemas.DataSourceSchemas, d.schemaOf),
		EphemeralResourceSchemas: describeAll(schemas.EphemeralResourceSchemas, d.schemaOf),
		ListResourceSchemas:      describeAll(schemas.ListResourceSchemas, d.schemaOf),
		ActionSchemas:            describeAll(schemas.ActionSchemas, d.actionOf),
		Functions:                describeAll(schemas.Functions, d.functionOf),
	}
	return described, errors.Join(d.problems...)
}

func describeAll[In, Out any](all map[string]In, describe func(In) Out) map[string]Out {
	described := make(map[string]Out, len(all))
	for name, one := range all {
		described[name] = describe(one)
	}
	return described
}

// describer collects what cannot be described.
type describer struct{ problems []error }

// schemaOf leaves the version out, which is for states.
func (d *describer) schemaOf(schema *tfprotov6.Schema) *tfjson.Schema {
	return &tfjson.Schema{Block: d.blockOf(schema.Block)}
}

func (d *describer) actionOf(action *tfprotov6.ActionSchema) *tfjson.ActionSchema {
	return &tfjson.ActionSchema{Block: d.blockOf(action.Schema.Block)}
}

func (d *describer) blockOf(block *tfprotov6.SchemaBlock) *tfjson.SchemaBlock {
	if len(block.BlockTypes) > 0 {
		d.problems = append(d.problems, errors.New("nested blocks are not described: the provider has nested attributes in their place"))
	}
	return &tfjson.SchemaBlock{
		Attributes:      d.attributesOf(block.Attributes),
		Description:     block.Description,
		DescriptionKind: kindOf(block.DescriptionKind),
		Deprecated:      block.Deprecated,
	}
}

func (d *describer) attributesOf(attributes []*tfprotov6.SchemaAttribute) map[string]*tfjson.SchemaAttribute {
	described := make(map[string]*tfjson.SchemaAttribute, len(attributes))
	for _, attribute := range attributes {
		one := &tfjson.SchemaAttribute{
			Description:     attribute.Description,
			DescriptionKind: kindOf(attribute.DescriptionKind),
			Deprecated:      attribute.Deprecated,
			Required:        attribute.Required,
			Optional:        attribute.Optional,
			Computed:        attribute.Computed,
			Sensitive:       attribute.Sensitive,
			WriteOnly:       attribute.WriteOnly,
		}
		if nested := attribute.NestedType; nested != nil {
			one.AttributeNestedType = &tfjson.SchemaNestedAttributeType{
				NestingMode: tfjson.SchemaNestingMode(strings.ToLower(nested.Nesting.String())),
				Attributes:  d.attributesOf(nested.Attributes),
			}
		} else {
			one.AttributeType = d.typeOf(attribute.Type)
		}
		described[attribute.Name] = one
	}
	return described
}

func (d *describer) functionOf(function *tfprotov6.Function) *tfjson.FunctionSignature {
	described := &tfjson.FunctionSignature{
		Description:        function.Description,
		Summary:            function.Summary,
		DeprecationMessage: function.DeprecationMessage,
		ReturnType:         d.typeOf(function.Return.Type),
	}
	for _, parameter := range function.Parameters {
		described.Parameters = append(described.Parameters, d.parameterOf(parameter))
	}
	if function.VariadicParameter != nil {
		described.VariadicParameter = d.parameterOf(function.VariadicParameter)
	}
	return described
}

func (d *describer) parameterOf(parameter *tfprotov6.FunctionParameter) *tfjson.FunctionParameter {
	return &tfjson.FunctionParameter{
		Name:        parameter.Name,
		Description: parameter.Description,
		IsNullable:  parameter.AllowNullValue,
		Type:        d.typeOf(parameter.Type),
	}
}

// typeOf goes through JSON, in which both libraries write a type in the same way.
func (d *describer) typeOf(t tftypes.Type) (described cty.Type) {
	text, err := json.Marshal(t)
	if err == nil {
		err = json.Unmarshal(text, &described)
	}
	if err != nil {
		d.problems = append(d.problems, err)
	}
	return described
}

func kindOf(kind tfprotov6.StringKind) tfjson.SchemaDescriptionKind {
	return tfjson.SchemaDescriptionKind(strings.ToLower(kind.String()))
}
