package protocol

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// wholeNumbers says which number of a configuration is not a whole one. The
// framework does not, and calls it an error of the provider.
type wholeNumbers struct {
	providerServer
}

func (s wholeNumbers) ValidateProviderConfig(ctx context.Context, req *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	resp, err := s.providerServer.ValidateProviderConfig(ctx, req)
	if err == nil {
		resp.Diagnostics = s.explain(ctx, resp.Diagnostics, req.Config, func(schemas *tfprotov6.GetProviderSchemaResponse) *tfprotov6.Schema {
			return schemas.Provider
		})
	}
	return resp, err
}

func (s wholeNumbers) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	resp, err := s.providerServer.ValidateResourceConfig(ctx, req)
	if err == nil {
		resp.Diagnostics = s.explain(ctx, resp.Diagnostics, req.Config, func(schemas *tfprotov6.GetProviderSchemaResponse) *tfprotov6.Schema {
			return schemas.ResourceSchemas[req.TypeName]
		})
	}
	return resp, err
}

func (s wholeNumbers) ValidateDataResourceConfig(ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	resp, err := s.providerServer.ValidateDataResourceConfig(ctx, req)
	if err == nil {
		resp.Diagnostics = s.explain(ctx, resp.Diagnostics, req.Config, func(schemas *tfprotov6.GetProviderSchemaResponse) *tfprotov6.Schema {
			return schemas.DataSourceSchemas[req.TypeName]
		})
	}
	return resp, err
}

func (s wholeNumbers) ValidateActionConfig(ctx context.Context, req *tfprotov6.ValidateActionConfigRequest) (*tfprotov6.ValidateActionConfigResponse, error) {
	resp, err := s.providerServer.ValidateActionConfig(ctx, req)
	if err == nil {
		resp.Diagnostics = s.explain(ctx, resp.Diagnostics, req.Config, func(schemas *tfprotov6.GetProviderSchemaResponse) *tfprotov6.Schema {
			return schemas.ActionSchemas[req.ActionType].Schema
		})
	}
	return resp, err
}

// explain looks for the numbers only once the framework has refused a
// configuration, so that a right one costs nothing.
func (s wholeNumbers) explain(ctx context.Context, refused []*tfprotov6.Diagnostic, config *tfprotov6.DynamicValue, schemaOf func(*tfprotov6.GetProviderSchemaResponse) *tfprotov6.Schema) []*tfprotov6.Diagnostic {
	if len(refused) == 0 {
		return refused
	}
	schemas, err := s.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return refused
	}
	schema := schemaOf(schemas)
	value, err := config.Unmarshal(schema.ValueType())
	if err != nil {
		return refused
	}
	found, err := notWhole(schema.ValueType(), value)
	found = slices.DeleteFunc(found, func(number *tfprotov6.Diagnostic) bool {
		return !slices.ContainsFunc(refused, func(diagnostic *tfprotov6.Diagnostic) bool { return isAboutInteger(diagnostic, number.Attribute) })
	})
	if err == nil && len(found) > 0 {
		return found
	}
	return refused
}

// isAboutInteger reports whether the framework has refused a number for not being
// an integer, by itself or with the object that it is in. The protocol does not
// tell Int64 attributes from those that take any number.
func isAboutInteger(refused *tfprotov6.Diagnostic, number *tftypes.AttributePath) bool {
	steps, within := number.Steps(), refused.Attribute.Steps()
	return strings.Contains(refused.Detail, "integer") && len(within) <= len(steps) && slices.EqualFunc(within, steps[:len(within)], tftypes.AttributePathStep.Equal)
}

// notWhole returns an error for each number of a schema that is no integer of 64
// bits.
func notWhole(declared tftypes.Type, value tftypes.Value) (found []*tfprotov6.Diagnostic, err error) {
	err = tftypes.Walk(value, func(at *tftypes.AttributePath, value tftypes.Value) (bool, error) {
		of, _, err := tftypes.WalkAttributePath(declared, at)
		if err != nil {
			return false, err
		}
		if of, ok := of.(tftypes.Type); !ok || of.Is(tftypes.DynamicPseudoType) {
			return false, nil // an entry's value, whose numbers may be any
		}
		if value.IsNull() || !value.IsKnown() || !value.Type().Is(tftypes.Number) {
			return true, nil
		}
		var number big.Float
		if err := value.As(&number); err != nil {
			return false, err
		}
		if _, accuracy := number.Int64(); accuracy != big.Exact {
			found = append(found, &tfprotov6.Diagnostic{
				Severity:  tfprotov6.DiagnosticSeverityError,
				Attribute: at,
				Summary:   "Not a whole number",
				Detail:    fmt.Sprintf("A whole number of at most 64 bits is required here, and this is %s.", number.Text('g', -1)),
			})
		}
		return true, nil
	})
	return found, err
}
