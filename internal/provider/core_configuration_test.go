package provider_test

import (
	"fmt"
	"maps"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// configuration is what Terraform reads from a .tf file.
type configuration struct {
	provider  *hclsyntax.Body
	blocks    map[string]*block // resources, data sources and ephemeral resources, by address
	locals    hclsyntax.Attributes
	variables map[string]cty.Value
	outputs   map[string]hclsyntax.Expression
	moved     [][2]string
	removed   []string                        // from the state, without being destroyed
	imports   map[string]hclsyntax.Expression // the ID by the address
	text      string
}

// block is one resource, data source or ephemeral resource.
type block struct {
	kind, typeName, address string
	body                    *hclsyntax.Body
	dependsOn               []string // by reference or depends_on
	explicit                []string // by depends_on
	triggers                []string // replace_triggered_by
	createBeforeDestroy     bool
	provisionerFails        bool // has one, which fails
}

// metaArguments are Terraform's own.
var metaArguments = []string{"count", "for_each", "depends_on", "provider"}

// parse reads a configuration, with the variables that are given.
func parse(text string, given map[string]cty.Value) (*configuration, hcl.Diagnostics) {
	file, diagnostics := hclsyntax.ParseConfig([]byte(text), "main.tf", hcl.InitialPos)
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	c := &configuration{blocks: map[string]*block{}, locals: hclsyntax.Attributes{}, variables: map[string]cty.Value{}, outputs: map[string]hclsyntax.Expression{}, imports: map[string]hclsyntax.Expression{}, text: text}
	for _, b := range file.Body.(*hclsyntax.Body).Blocks {
		attribute := func(name string) string {
			return text[b.Body.Attributes[name].Expr.Range().Start.Byte:b.Body.Attributes[name].Expr.Range().End.Byte]
		}
		switch b.Type {
		case "provider":
			c.provider = b.Body
		case "resource":
			c.add(b, "")
		case "data", "ephemeral":
			c.add(b, b.Type+".")
		case "locals":
			maps.Copy(c.locals, b.Body.Attributes)
		case "output":
			c.outputs[b.Labels[0]] = b.Body.Attributes["value"].Expr
		case "variable":
			value, isGiven := given[b.Labels[0]]
			var diags hcl.Diagnostics
			if initial, ok := b.Body.Attributes["default"]; ok && !isGiven {
				value, diags = initial.Expr.Value(&hcl.EvalContext{})
			}
			if declared, ok := b.Body.Attributes["type"]; ok {
				of, typeDiags := typeexpr.TypeConstraint(declared.Expr)
				converted, err := convert.Convert(value, of)
				if diags = append(diags, typeDiags...); err != nil {
					diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid default value for variable", Detail: err.Error()})
				}
				value = converted
			}
			diagnostics = append(diagnostics, diags...)
			c.variables[b.Labels[0]] = value
		case "moved":
			c.moved = append(c.moved, [2]string{attribute("from"), attribute("to")})
		case "removed":
			c.removed = append(c.removed, attribute("from"))
		case "import":
			c.imports[attribute("to")] = b.Body.Attributes["id"].Expr
		case "terraform":
		default:
			diagnostics = append(diagnostics, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Only Terraform reads blocks of the type " + b.Type})
		}
	}
	for _, b := range c.blocks {
		b.dependsOn = append(c.references(b.body), b.explicit...)
	}
	return c, diagnostics
}

func (c *configuration) source(at hcl.Range) string { return c.text[at.Start.Byte:at.End.Byte] }

func (c *configuration) add(parsed *hclsyntax.Block, prefix string) {
	b := &block{kind: parsed.Type, typeName: parsed.Labels[0], body: parsed.Body, address: prefix + strings.Join(parsed.Labels, ".")}
	addresses := func(attribute *hclsyntax.Attribute) (found []string) {
		if attribute != nil {
			for _, traversal := range attribute.Expr.Variables() {
				found = append(found, addressOf(traversal))
			}
		}
		return found
	}
	b.explicit = addresses(parsed.Body.Attributes["depends_on"])
	for _, nested := range parsed.Body.Blocks {
		b.provisionerFails = b.provisionerFails || nested.Type == "provisioner"
		if nested.Type == "lifecycle" {
			b.triggers = addresses(nested.Body.Attributes["replace_triggered_by"])
			if attribute, ok := nested.Body.Attributes["create_before_destroy"]; ok {
				value, _ := attribute.Expr.Value(nil)
				b.createBeforeDestroy = value.True()
			}
			b.explicit = append(b.explicit, b.triggers...)
		}
	}
	c.blocks[b.address] = b
}

// addressOf returns what a reference leads to: the address of a block, local.NAME
// or "" for anything else.
func addressOf(reference hcl.Traversal) string {
	var names []string
	for _, step := range reference {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			names = append(names, step.Name)
		case hcl.TraverseAttr:
			names = append(names, step.Name)
		}
	}
	length := 2
	switch names[0] {
	case "var", "count", "each":
		return ""
	case "data", "ephemeral":
		length = 3
	}
	return strings.Join(names[:min(length, len(names))], ".")
}

// references returns the blocks that expressions refer to, also by a local.
func (c *configuration) references(body *hclsyntax.Body) (found []string) {
	if body == nil {
		return nil
	}
	var of func(hclsyntax.Expression)
	of = func(expression hclsyntax.Expression) {
		for _, traversal := range expression.Variables() {
			address := addressOf(traversal)
			if name, isLocal := strings.CutPrefix(address, "local."); isLocal {
				of(c.locals[name].Expr)
			} else if c.blocks[address] != nil {
				found = append(found, address)
			}
		}
	}
	for _, attribute := range body.Attributes {
		of(attribute.Expr)
	}
	return found
}

// instances returns the keys of a block's instances with what count and each are
// for them. A block without either has the one key "".
func (b *block) instances(scope *hcl.EvalContext) (map[string]map[string]cty.Value, hcl.Diagnostics) {
	all := map[string]map[string]cty.Value{}
	if attribute, ok := b.body.Attributes["count"]; ok {
		count, diagnostics := attribute.Expr.Value(scope)
		if !diagnostics.HasErrors() {
			number, _ := count.AsBigFloat().Int64()
			for i := range number {
				all[fmt.Sprintf("[%d]", i)] = map[string]cty.Value{"count": cty.ObjectVal(map[string]cty.Value{"index": cty.NumberIntVal(i)})}
			}
		}
		return all, diagnostics
	}
	if attribute, ok := b.body.Attributes["for_each"]; ok {
		each, diagnostics := attribute.Expr.Value(scope)
		if !diagnostics.HasErrors() {
			for it := each.ElementIterator(); it.Next(); {
				key, value := it.Element()
				if each.Type().IsSetType() {
					key = value
				}
				all[fmt.Sprintf("[%q]", key.AsString())] = map[string]cty.Value{"each": cty.ObjectVal(map[string]cty.Value{"key": key, "value": value})}
			}
		}
		return all, diagnostics
	}
	return map[string]map[string]cty.Value{"": nil}, nil
}

// evaluate evaluates a body by a schema, as Terraform does.
func evaluate(body *hclsyntax.Body, schema *tfprotov6.Schema, scope *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	arguments, spec := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}}, hcldec.ObjectSpec{}
	if body != nil {
		arguments.SrcRange = body.SrcRange
		maps.Copy(arguments.Attributes, body.Attributes)
		for _, name := range metaArguments {
			delete(arguments.Attributes, name)
		}
	}
	for _, attribute := range schema.Block.Attributes {
		if attribute.Optional || attribute.Required {
			spec[attribute.Name] = &hcldec.AttrSpec{Name: attribute.Name, Type: typeOf(attribute, true), Required: attribute.Required}
		} else {
			spec[attribute.Name] = &hcldec.LiteralSpec{Value: cty.NullVal(typeOf(attribute, false))}
		}
	}
	return hcldec.Decode(arguments, spec, scope)
}

// functions are those of Terraform's that tests use.
func functions() map[string]function.Function {
	return map[string]function.Function{
		"concat": stdlib.ConcatFunc, "distinct": stdlib.DistinctFunc, "format": stdlib.FormatFunc, "join": stdlib.JoinFunc, "jsondecode": stdlib.JSONDecodeFunc,
		"jsonencode": stdlib.JSONEncodeFunc, "log": stdlib.LogFunc, "merge": stdlib.MergeFunc, "pow": stdlib.PowFunc, "range": stdlib.RangeFunc,
		"setunion": stdlib.SetUnionFunc, "sort": stdlib.SortFunc, "split": stdlib.SplitFunc,
		"tolist": stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)), "tomap": stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
		"toset": stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)), "tostring": stdlib.MakeToFunc(cty.String),
		"length": function.New(&function.Spec{
			Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType}},
			Type:   function.StaticReturnType(cty.Number),
			Impl: func(arguments []cty.Value, _ cty.Type) (cty.Value, error) {
				if arguments[0].Type() == cty.String {
					return cty.NumberIntVal(int64(len(arguments[0].AsString()))), nil
				}
				return cty.NumberIntVal(int64(arguments[0].LengthInt())), nil
			},
		}),
		// Which values Terraform shows is its own affair.
		"sensitive": function.New(&function.Spec{
			Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowUnknown: true, AllowNull: true, AllowDynamicType: true}},
			Type:   func(arguments []cty.Value) (cty.Type, error) { return arguments[0].Type(), nil },
			Impl:   func(arguments []cty.Value, _ cty.Type) (cty.Value, error) { return arguments[0], nil },
		}),
	}
}
