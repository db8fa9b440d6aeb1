package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
)

var _ function.Function = mergeFunction{}

// NewMergeFunction returns the function merge.
func NewMergeFunction() function.Function { return mergeFunction{} }

type mergeFunction struct{}

func (mergeFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "merge"
}

func (mergeFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Merge objects deeply",
		MarkdownDescription: "Merges objects from left to right, including nested objects, as a JSON Merge Patch does (RFC 7396). Use it for environments whose values or entries differ in a few properties. " +
			"Terraform's own `merge` replaces a nested object as a whole.",
		Parameters: []function.Parameter{
			function.DynamicParameter{
				Name:                "base",
				MarkdownDescription: "Object or map to begin with.",
				AllowUnknownValues:  true,
			},
		},
		VariadicParameter: function.DynamicParameter{
			Name: "override",
			MarkdownDescription: "Objects or maps. Each changes the result so far: a property that is `null` is removed, an object is merged, and anything else, including a list, replaces the previous value. " +
				"An override that is `null` changes nothing.",
			AllowNullValue:     true,
			AllowUnknownValues: true,
		},
		Return: function.DynamicReturn{},
	}
}

func (mergeFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var (
		base      types.Dynamic
		overrides []types.Dynamic
	)
	resp.Error = req.Arguments.Get(ctx, &base, &overrides)
	if resp.Error != nil {
		return
	}
	merged := dynamicvalue.Null
	for i, argument := range append([]types.Dynamic{base}, overrides...) {
		value := dynamicvalue.Of(argument)
		switch kind := value.Kind(); kind {
		case dynamicvalue.KindNull:
			continue // of overrides alone: Terraform refuses a base that is null
		case dynamicvalue.KindObject, dynamicvalue.KindMap, dynamicvalue.KindUnknown:
		default:
			resp.Error = function.NewArgumentFuncError(int64(i), fmt.Sprintf("only objects and maps can be merged; %s is a %s", nameOfMerged(i), kind))
			return
		}
		if i == 0 {
			merged = value
		} else {
			merged = dynamicvalue.Merge(merged, value)
		}
	}
	resp.Error = resp.Result.Set(ctx, merged.Attribute())
}

// nameOfMerged names an argument: Terraform itself does not say which override an
// error is about.
func nameOfMerged(i int) string {
	switch i {
	case 0:
		return "the base"
	case 1, 2, 3:
		return "the " + []string{"1st", "2nd", "3rd"}[i-1] + " override"
	}
	return fmt.Sprintf("the %dth override", i)
}
