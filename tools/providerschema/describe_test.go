package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// TestDescribe compares with what `terraform providers schema -json` prints.
func TestDescribe(t *testing.T) {
	t.Parallel()
	schema := &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{
		Description: "A *thing*.", DescriptionKind: tfprotov6.StringKindMarkdown, Deprecated: true,
		Attributes: []*tfprotov6.SchemaAttribute{
			{Name: "value", Type: tftypes.DynamicPseudoType, Optional: true, WriteOnly: true},
			{Name: "keys", Type: tftypes.List{ElementType: tftypes.String}, Computed: true, Sensitive: true},
			{Name: "nested", Required: true, Deprecated: true, NestedType: &tfprotov6.SchemaObject{
				Nesting:    tfprotov6.SchemaObjectNestingModeList,
				Attributes: []*tfprotov6.SchemaAttribute{{Name: "n", Type: tftypes.Number, Required: true, Description: "A number."}},
			}},
		},
	}}
	const block = `{
		"attributes": {
			"keys": {"type": ["list", "string"], "description_kind": "plain", "computed": true, "sensitive": true},
			"nested": {
				"nested_type": {
					"attributes": {"n": {"type": "number", "description": "A number.", "description_kind": "plain", "required": true}},
					"nesting_mode": "list"
				},
				"description_kind": "plain", "deprecated": true, "required": true
			},
			"value": {"type": "dynamic", "description_kind": "plain", "optional": true, "write_only": true}
		},
		"description": "A *thing*.", "description_kind": "markdown", "deprecated": true
	}`
	const want = `{
		"provider": {"version": 0, "block": ` + block + `},
		"resource_schemas": {"r": {"version": 0, "block": ` + block + `}},
		"data_source_schemas": {"d": {"version": 0, "block": ` + block + `}},
		"ephemeral_resource_schemas": {"e": {"version": 0, "block": ` + block + `}},
		"action_schemas": {"a": {"block": ` + block + `}},
		"functions": {"f": {
			"description": "Merges.", "summary": "Merge", "deprecation_message": "Use g.", "return_type": "dynamic",
			"parameters": [{"name": "base", "description": "The base.", "is_nullable": true, "type": "dynamic"}],
			"variadic_parameter": {"name": "override", "type": ["map", "bool"]}
		}},
		"list_resource_schemas": {"l": {"version": 0, "block": ` + block + `}}
	}`
	named := func(name string) map[string]*tfprotov6.Schema { return map[string]*tfprotov6.Schema{name: schema} }
	described, err := describe(&tfprotov6.GetProviderSchemaResponse{
		Provider:                 schema,
		ResourceSchemas:          named("r"),
		DataSourceSchemas:        named("d"),
		EphemeralResourceSchemas: named("e"),
		ListResourceSchemas:      named("l"),
		ActionSchemas:            map[string]*tfprotov6.ActionSchema{"a": {Schema: schema}},
		Functions: map[string]*tfprotov6.Function{"f": {
			Parameters:         []*tfprotov6.FunctionParameter{{Name: "base", Description: "The base.", AllowNullValue: true, Type: tftypes.DynamicPseudoType}},
			VariadicParameter:  &tfprotov6.FunctionParameter{Name: "override", Type: tftypes.Map{ElementType: tftypes.Bool}},
			Return:             &tfprotov6.FunctionReturn{Type: tftypes.DynamicPseudoType},
			Summary:            "Merge",
			Description:        "Merges.",
			DeprecationMessage: "Use g.",
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(described)
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(want)); err != nil {
		t.Fatal(err)
	}
	if string(got) != compact.String() {
		t.Errorf("described\n%s\nwant\n%s", got, &compact)
	}
}

// TestDescribeBlocks: what cannot be described is an error, and not left out.
func TestDescribeBlocks(t *testing.T) {
	t.Parallel()
	_, err := describe(&tfprotov6.GetProviderSchemaResponse{
		Provider: &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{BlockTypes: []*tfprotov6.SchemaNestedBlock{{TypeName: "b"}}}},
	})
	if err == nil || !strings.Contains(err.Error(), "nested blocks are not described") {
		t.Errorf("got error %v", err)
	}
}
