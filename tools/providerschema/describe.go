package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
)

// describe turns schemas of Terraform's protocol into those that documentation
// is generated from.
func describe(schemas *tfprotov6.GetProviderSchemaResponse) (*tfjson.ProviderSchema, error) {
	described := new(tfjson.ProviderSchema)
	var problems [7]error
	described.ConfigSchema, problems[0] = schemaOf(schemas.Provider)
	described.ResourceSchemas, problems[1] = describeAll(schemas.ResourceSchemas, schemaOf)
	described.DataSourceSchemas, problems[2] = describeAll(schemas.DataSourceSchemas, schemaOf)
	described.EphemeralResourceSchemas, problems[3] = describeAll(schemas.EphemeralResourceSchemas, schemaOf)
	described.ListResourceSchemas, problems[4] = describeAll(schemas.ListResourceSchemas, schemaOf)
	described.ActionSchemas, problems[5] = describeAll(schemas.ActionSchemas, actionOf)
	described.Functions, problems[6] = describeAll(schemas.Functions, functionOf)
	return described, errors.Join(problems[:]...)
}

func describeAll[In, Out any](all map[string]In, describe func(In) (Out, error)) (map[string]Out, error) {
	described := make(map[string]Out, len(all))
	for name, one := range all {
		var err error
		if described[name], err = describe(one); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return described, nil
}

// schemaOf leaves the version out, which is for states.
func schemaOf(schema *tfprotov6.Schema) (*tfjson.Schema, error) {
	block, err := blockOf(schema.Block)
	return &tfjson.Schema{Block: block}, err
}

func actionOf(action *tfprotov6.ActionSchema) (*tfjson.ActionSchema, error) {
	block, err := blockOf(action.Schema.Block)
	return &tfjson.ActionSchema{Block: block}, err
}

func blockOf(block *tfprotov6.SchemaBlock) (*tfjson.SchemaBlock, error) {
	if len(block.BlockTypes) > 0 {
		return nil, errors.New("nested blocks are not described: the provider has nested attributes in their place")
	}
	attributes, err := attributesOf(block.Attributes)
	return &tfjson.SchemaBlock{
		Attributes:      attributes,
		Description:     block.Description,
		DescriptionKind: kindOf(block.DescriptionKind),
		Deprecated:      block.Deprecated,
	}, err
}

func attributesOf(attributes []*tfprotov6.SchemaAttribute) (map[string]*tfjson.SchemaAttribute, error) {
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
		var err error
		if nested := attribute.NestedType; nested != nil {
			one.AttributeNestedType = &tfjson.SchemaNestedAttributeType{NestingMode: tfjson.SchemaNestingMode(strings.ToLower(nested.Nesting.String()))}
			one.AttributeNestedType.Attributes, err = attributesOf(nested.Attributes)
		} else {
			one.AttributeType, err = typeOf(attribute.Type)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", attribute.Name, err)
		}
		described[attribute.Name] = one
	}
	return described, nil
}

func functionOf(function *tfprotov6.Function) (*tfjson.FunctionSignature, error) {
	described := &tfjson.FunctionSignature{
		Description:        function.Description,
		Summary:            function.Summary,
		DeprecationMessage: function.DeprecationMessage,
	}
	var err error
	if described.ReturnType, err = typeOf(function.Return.Type); err != nil {
		return nil, err
	}
	for _, parameter := range function.Parameters {
		one, err := parameterOf(parameter)
		if err != nil {
			return nil, err
		}
		described.Parameters = append(described.Parameters, one)
	}
	if function.VariadicParameter != nil {
		described.VariadicParameter, err = parameterOf(function.VariadicParameter)
	}
	return described, err
}

func parameterOf(parameter *tfprotov6.FunctionParameter) (*tfjson.FunctionParameter, error) {
	parameterType, err := typeOf(parameter.Type)
	return &tfjson.FunctionParameter{
		Name:        parameter.Name,
		Description: parameter.Description,
		IsNullable:  parameter.AllowNullValue,
		Type:        parameterType,
	}, err
}

// typeOf goes through JSON, in which both libraries write a type in the same way.
func typeOf(t tftypes.Type) (described cty.Type, err error) {
	text, err := json.Marshal(t)
	if err != nil {
		return cty.NilType, err
	}
	return described, json.Unmarshal(text, &described)
}

func kindOf(kind tfprotov6.StringKind) tfjson.SchemaDescriptionKind {
	return tfjson.SchemaDescriptionKind(strings.ToLower(kind.String()))
}
