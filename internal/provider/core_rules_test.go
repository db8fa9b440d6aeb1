package provider_test

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// What Terraform's package objchange does: what it proposes to a provider, and
// what it demands of it.

// proposed returns the configuration, with what is in the state where a computed
// attribute is not configured.
func proposed(attributes []*tfprotov6.SchemaAttribute, prior, config cty.Value) cty.Value {
	values := config.AsValueMap()
	if prior.IsNull() {
		return config
	}
	for _, attribute := range attributes {
		if !attribute.Computed || !values[attribute.Name].IsNull() {
			continue
		}
		// A nested attribute was configured if it has more than a provider computes.
		if was := prior.GetAttr(attribute.Name); attribute.NestedType == nil || !attribute.Optional || was.IsNull() {
			values[attribute.Name] = was
		}
	}
	return cty.ObjectVal(values)
}

// equal reports whether values are the same to Terraform.
func equal(a, b cty.Value) bool {
	same := a.Equals(b)
	return same.IsKnown() && same.True()
}

// invalid returns how a planned value is neither what is configured, nor computed,
// nor what was there before.
func invalid(attributes []*tfprotov6.SchemaAttribute, prior, config, planned cty.Value) (problems []string) {
	if planned.IsNull() {
		return []string{"planned nothing for what is configured"}
	}
	for _, attribute := range attributes {
		is, set := planned.GetAttr(attribute.Name), config.GetAttr(attribute.Name)
		switch {
		case attribute.WriteOnly:
			if !is.IsNull() {
				problems = append(problems, attribute.Name+" is write-only, and has a planned value")
			}
		case is.RawEquals(set), attribute.Computed && set.IsNull():
		case !prior.IsNull() && !set.IsNull() && is.RawEquals(prior.GetAttr(attribute.Name)):
		default:
			problems = append(problems, fmt.Sprintf("%s is planned as %#v, which is neither %#v as configured nor what was there before", attribute.Name, is, set))
		}
	}
	return problems
}

// incompatible returns whether a value is not what was known of it before: where that
// was unknown, any value of its type will do.
func incompatible(before, now cty.Value) []string {
	masked, err := cty.Transform(now, func(at cty.Path, value cty.Value) (cty.Value, error) {
		was, err := at.Apply(before)
		if err != nil {
			return value, nil //nolint:nilerr // it was not there
		}
		switch {
		case was.IsNull() && value.IsNull():
			return was, nil
		case was.IsKnown() && (!was.Type().IsSetType() || was.IsWhollyKnown()):
		case value.Type().TestConformance(was.Type()) == nil:
			return was, nil
		}
		return value, nil
	})
	if err == nil && masked.RawEquals(before) {
		return nil
	}
	return []string{fmt.Sprintf("what was %#v is %#v", before, now)}
}

// unknownIn reports a result that is not wholly known.
func unknownIn(value cty.Value) []string {
	if value.IsWhollyKnown() {
		return nil
	}
	return []string{fmt.Sprintf("the result has unknown parts: %#v", value)}
}

// planTerraformData plans what Terraform's terraform_data does.
func planTerraformData(prior, config cty.Value) cty.Value {
	values := config.AsValueMap()
	values["id"], values["output"] = cty.UnknownVal(cty.String), cty.DynamicVal
	if !prior.IsNull() {
		values["id"] = prior.GetAttr("id")
	}
	switch input := values["input"]; {
	case !prior.IsNull() && prior.GetAttr("input").RawEquals(input):
		values["output"] = prior.GetAttr("output")
	case input.IsNull():
		values["output"] = input
	case input.Type() != cty.DynamicPseudoType:
		values["output"] = cty.UnknownVal(input.Type())
	}
	return cty.ObjectVal(values)
}

func applyTerraformData(planned cty.Value) cty.Value {
	values := planned.AsValueMap()
	values["output"] = values["input"]
	if !values["id"].IsKnown() {
		values["id"] = cty.StringVal("an-id")
	}
	return cty.ObjectVal(values)
}
