package provider

import (
	"context"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// wholeNumber accepts whole numbers from min to max. Attributes that it checks are
// NumberAttributes: of an Int64Attribute, the framework would call a fraction an
// error of the provider.
type wholeNumber struct {
	undescribed

	min, max int64
}

func (v wholeNumber) ValidateNumber(_ context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	number := req.ConfigValue.ValueBigFloat()
	must := ""
	switch {
	case !number.IsInt():
		must = "a whole number"
	case number.Cmp(new(big.Float).SetInt64(v.min)) < 0:
		must = fmt.Sprintf("at least %d", v.min)
	case number.Cmp(new(big.Float).SetInt64(v.max)) > 0:
		must = fmt.Sprintf("at most %d", v.max)
	default:
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid number", fmt.Sprintf("%s must be %s; got %s.", req.Path, must, number.Text('f', -1)))
}

// numberValue returns a number for the state, null for nil.
func numberValue(number *int64) types.Number {
	if number == nil {
		return types.NumberNull()
	}
	return types.NumberValue(new(big.Float).SetInt64(*number))
}

// int64Of returns a number that a wholeNumber has accepted, nil for null.
func int64Of(number types.Number) *int64 {
	if number.IsNull() || number.IsUnknown() {
		return nil
	}
	value, _ := number.ValueBigFloat().Int64()
	return &value
}
