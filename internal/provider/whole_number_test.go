package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// TestWholeNumbers: every number of every schema is refused on its attribute
// unless it is a whole one within bounds, but for those that may be any number.
func TestWholeNumbers(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	anyNumber := map[string]bool{
		`data.quiva_kv_entries AttributeName("search").AttributeName("min")`: true,
		`data.quiva_kv_entries AttributeName("search").AttributeName("max")`: true,
		`quiva_kv_entry AttributeName("value_wo_version")`:                   true,
	}
	checked := 0
	check := func(name string, schema *tfprotov6.Schema, validate func(*tfprotov6.DynamicValue) ([]*tfprotov6.Diagnostic, error)) {
		valueType := schema.ValueType().(tftypes.Object)
		for _, attribute := range numbers(schema.Block.Attributes, nil) {
			for number, problem := range map[float64]string{1.5: "a whole number; got 1.5.", -1e30: "at least ", 1e30: "at most "} {
				checked++
				t.Run(fmt.Sprintf("%s %s = %g", name, attribute, number), func(t *testing.T) {
					config, err := tfprotov6.NewDynamicValue(valueType, with(valueType, attribute.Steps(), tftypes.NewValue(tftypes.Number, number)))
					if err != nil {
						t.Fatal(err)
					}
					diagnostics, err := validate(&config)
					if err != nil {
						t.Fatal(err)
					}
					if anyNumber[name+" "+attribute.String()] {
						if refused := describe(diagnostics); strings.Contains(refused, "Invalid number") {
							t.Errorf("refused with %s", refused)
						}
						return
					}
					isRefusal := func(d *tfprotov6.Diagnostic) bool {
						return d.Summary == "Invalid number" && strings.Contains(d.Detail, " must be "+problem) && d.Attribute.Equal(attribute)
					}
					if refused := describe(diagnostics); !slices.ContainsFunc(diagnostics, isRefusal) || strings.Contains(refused, "error in the provider") {
						t.Errorf("refused with %s", refused)
					}
				})
			}
		}
	}
	check("provider", schemas.Provider, func(config *tfprotov6.DynamicValue) ([]*tfprotov6.Diagnostic, error) {
		response, err := server.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: config})
		return response.Diagnostics, err
	})
	for name, schema := range schemas.ResourceSchemas {
		check(name, schema, func(config *tfprotov6.DynamicValue) ([]*tfprotov6.Diagnostic, error) {
			response, err := server.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: name, Config: config})
			return response.Diagnostics, err
		})
	}
	for name, schema := range schemas.DataSourceSchemas {
		check("data."+name, schema, func(config *tfprotov6.DynamicValue) ([]*tfprotov6.Diagnostic, error) {
			response, err := server.ValidateDataResourceConfig(t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{TypeName: name, Config: config})
			return response.Diagnostics, err
		})
	}
	for name, schema := range schemas.ActionSchemas {
		check("action."+name, schema.Schema, func(config *tfprotov6.DynamicValue) ([]*tfprotov6.Diagnostic, error) {
			response, err := server.(tfprotov6.ActionServer).ValidateActionConfig(t.Context(), &tfprotov6.ValidateActionConfigRequest{ActionType: name, Config: config})
			return response.Diagnostics, err
		})
	}
	if checked == 0 {
		t.Error("no schema has a number")
	}
}

// numbers returns the paths of the numbers that a configuration can set.
func numbers(attributes []*tfprotov6.SchemaAttribute, parent *tftypes.AttributePath) []*tftypes.AttributePath {
	var found []*tftypes.AttributePath
	for _, attribute := range attributes {
		if attribute.Computed && !attribute.Optional {
			continue
		}
		at := tftypes.NewAttributePathWithSteps(append(parent.Steps(), tftypes.AttributeName(attribute.Name)))
		switch {
		case attribute.NestedType != nil && attribute.NestedType.Nesting == tfprotov6.SchemaObjectNestingModeSingle:
			found = append(found, numbers(attribute.NestedType.Attributes, at)...)
		case attribute.Type != nil && attribute.Type.Is(tftypes.Number):
			found = append(found, at)
		}
	}
	return found
}

// with returns an object that is null but for one attribute.
func with(object tftypes.Object, at []tftypes.AttributePathStep, value tftypes.Value) tftypes.Value {
	attributes := map[string]tftypes.Value{}
	for name, attributeType := range object.AttributeTypes {
		switch {
		case tftypes.AttributeName(name) != at[0]:
			attributes[name] = tftypes.NewValue(attributeType, nil)
		case len(at) == 1:
			attributes[name] = value
		default:
			attributes[name] = with(attributeType.(tftypes.Object), at[1:], value)
		}
	}
	return tftypes.NewValue(object, attributes)
}

func describe(diagnostics []*tfprotov6.Diagnostic) string {
	text := fmt.Sprint(len(diagnostics), " diagnostics")
	for _, diagnostic := range diagnostics {
		text += fmt.Sprintf("\n%s: %s: %s", diagnostic.Attribute, diagnostic.Summary, diagnostic.Detail)
	}
	return text
}
