package provider_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"github.com/zclconf/go-cty/cty/msgpack"

	"github.com/quivaworks/terraform-provider-quiva/internal/provider"
)

// diagnostic is what Terraform prints of an error or a warning. Its source is the
// argument that it is about, as it is written.
type diagnostic struct {
	severity, address, source, summary, detail string
}

func (d diagnostic) String() string {
	return fmt.Sprintf("%s: %s\n\n  with %s %s\n\n%s\n", d.severity, d.summary, d.address, d.source, d.detail)
}

// phase is one walk of Terraform over its graph, for which it starts the provider:
// a validation, a plan, an apply.
type phase struct {
	*workspace
	configuration *configuration
	server        coreServer
	schemas       *tfprotov6.GetProviderSchemaResponse
	identities    map[string]*tfprotov6.ResourceIdentitySchema
	instances     map[string]map[string]map[string]cty.Value // count and each, by block and instance key
	validating    bool

	mu          sync.Mutex
	state       state
	values      map[string]map[string]cty.Value // by block and instance key
	changes     map[objectKey]*change
	diagnostics []diagnostic
}

// coreServer is what Terraform can call.
type coreServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
}

// terraformData is Terraform's own resource terraform_data.
var terraformData = &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{
	{Name: "id", Type: tftypes.String, Computed: true}, {Name: "output", Type: tftypes.DynamicPseudoType, Computed: true},
	{Name: "input", Type: tftypes.DynamicPseudoType, Optional: true}, {Name: "triggers_replace", Type: tftypes.DynamicPseudoType, Optional: true},
}}}

func (w *workspace) begin(configuration *configuration) *phase {
	w.t.Helper()
	server, err := provider.NewServer(context.Background(), "test")
	w.check(err)
	schemas, err := server.GetProviderSchema(w.t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	w.check(err)
	identities, err := server.GetResourceIdentitySchemas(w.t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	w.check(err)
	return &phase{
		workspace: w, configuration: configuration, server: server.(coreServer), schemas: schemas, identities: identities.IdentitySchemas,
		instances: map[string]map[string]map[string]cty.Value{}, values: map[string]map[string]cty.Value{}, state: state{}, changes: map[objectKey]*change{},
	}
}

// report adds diagnostics of the protocol, and reports whether none is an error.
func (p *phase) report(address string, diagnostics []*tfprotov6.Diagnostic, err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		diagnostics = append(diagnostics, &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityError, Summary: "Plugin error", Detail: err.Error()})
	}
	ok := true
	for _, d := range diagnostics {
		severity := "Warning"
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			severity, ok = "Error", false
		}
		at := d.Attribute.String()
		if b := p.configuration.blocks[blockOf(address)]; b != nil && len(d.Attribute.Steps()) > 0 {
			name, _ := d.Attribute.Steps()[0].(tftypes.AttributeName)
			if set := b.body.Attributes[string(name)]; set != nil {
				at = p.configuration.source(set.Range())
			}
		}
		p.diagnostics = append(p.diagnostics, diagnostic{severity, address, at, d.Summary, d.Detail})
	}
	return ok
}

func (p *phase) reportHCL(address string, diagnostics hcl.Diagnostics) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range diagnostics {
		p.diagnostics = append(p.diagnostics, diagnostic{"Error", address, "", d.Summary, d.Detail})
	}
	return !diagnostics.HasErrors()
}

// accuse reports what Terraform calls a bug of the provider.
func (p *phase) accuse(address, summary string, problems []string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, problem := range problems {
		p.diagnostics = append(p.diagnostics, diagnostic{"Error", address, "", summary, problem + "\n\nThis is a bug in the provider"})
		p.t.Errorf("%s: %s: %s", address, summary, problem)
	}
	return len(problems) == 0
}

// schemaOf returns a block's schema, or nil.
func (p *phase) schemaOf(b *block) *tfprotov6.Schema {
	if b.typeName == "terraform_data" {
		return terraformData
	}
	return map[string]map[string]*tfprotov6.Schema{"resource": p.schemas.ResourceSchemas, "data": p.schemas.DataSourceSchemas, "ephemeral": p.schemas.EphemeralResourceSchemas}[b.kind][b.typeName]
}

func (p *phase) resourceType(typeName string) cty.Type {
	return objectType(p.schemaOf(&block{kind: "resource", typeName: typeName}).Block.Attributes, false)
}

// scope is what expressions can refer to by now.
func (p *phase) scope(own map[string]cty.Value) *hcl.EvalContext {
	p.mu.Lock()
	defer p.mu.Unlock()
	tree := map[string]any{"var": cty.ObjectVal(p.configuration.variables)}
	for address, b := range p.configuration.blocks {
		if values, ok := p.values[address]; ok || p.validating {
			names := strings.Split(address, ".")
			at, last := tree, len(names)-1
			for _, name := range names[:last] {
				if at[name] == nil {
					at[name] = map[string]any{}
				}
				at = at[name].(map[string]any)
			}
			at[names[last]] = b.whole(values, p.validating)
		}
	}
	scope := &hcl.EvalContext{Variables: branches(tree), Functions: functions()}
	for name, described := range p.schemas.Functions {
		scope.Functions["provider::quiva::"+name] = p.function(name, described)
	}
	maps.Copy(scope.Variables, own)
	locals := map[string]cty.Value{}
	for range p.configuration.locals { // each may refer to others
		for name, attribute := range p.configuration.locals {
			if value, diagnostics := attribute.Expr.Value(scope); !diagnostics.HasErrors() {
				locals[name] = value
			}
		}
		scope.Variables["local"] = cty.ObjectVal(locals)
	}
	return scope
}

// branches makes values of the parts of a tree.
func branches(tree map[string]any) map[string]cty.Value {
	values := map[string]cty.Value{}
	for name, part := range tree {
		if inner, ok := part.(map[string]any); ok {
			part = cty.ObjectVal(branches(inner))
		}
		values[name] = part.(cty.Value)
	}
	return values
}

// whole is what a reference to a block is, by the values of its instances.
func (b *block) whole(values map[string]cty.Value, validating bool) cty.Value {
	single, isSingle := values[""]
	switch {
	case validating:
		return cty.DynamicVal
	case isSingle:
		return single
	case b.body.Attributes["count"] != nil:
		all := make([]cty.Value, len(values))
		for i := range all {
			all[i] = values[fmt.Sprintf("[%d]", i)]
		}
		return cty.TupleVal(all)
	}
	all := map[string]cty.Value{}
	for key, value := range values {
		all[strings.Trim(key, `[]"`)] = value
	}
	return cty.ObjectVal(all)
}

// function calls a function of the provider.
func (p *phase) function(name string, described *tfprotov6.Function) function.Function {
	var parameters []function.Parameter
	for _, of := range append(slices.Clone(described.Parameters), described.VariadicParameter) {
		if of != nil {
			parameters = append(parameters, function.Parameter{
				Name: of.Name, Type: ctyType(of.Type), AllowNull: of.AllowNullValue, AllowUnknown: of.AllowUnknownValues,
				AllowDynamicType: of.AllowUnknownValues || of.AllowNullValue, // null has no type either
			})
		}
	}
	count, last := len(described.Parameters), len(parameters)-1
	spec := &function.Spec{Params: parameters[:count], Type: function.StaticReturnType(ctyType(described.Return.Type))}
	if last == count {
		spec.VarParam = &parameters[last]
	}
	spec.Impl = func(arguments []cty.Value, of cty.Type) (cty.Value, error) {
		request := &tfprotov6.CallFunctionRequest{Name: name}
		for i, argument := range arguments {
			declared := parameters[min(i, last)]
			if !declared.AllowUnknown && !argument.IsWhollyKnown() {
				return cty.UnknownVal(of), nil
			}
			request.Arguments = append(request.Arguments, pack(argument, declared.Type))
		}
		response, err := p.server.CallFunction(p.t.Context(), request)
		switch {
		case err != nil:
			return cty.NilVal, err
		case response.Error != nil && response.Error.FunctionArgument != nil:
			return cty.NilVal, function.NewArgErrorf(int(*response.Error.FunctionArgument), "%s", response.Error.Text)
		case response.Error != nil:
			return cty.NilVal, errors.New(response.Error.Text)
		}
		return unpack(response.Result, of)
	}
	return function.New(spec)
}

// configure validates the provider's configuration and configures it, unless the
// phase only validates.
func (p *phase) configure() bool {
	config, diagnostics := evaluate(p.configuration.provider, p.schemas.Provider, p.scope(nil))
	if !p.reportHCL("provider", diagnostics) {
		return false
	}
	packed := pack(config, objectType(p.schemas.Provider.Block.Attributes, false))
	validated, err := p.server.ValidateProviderConfig(p.t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: packed})
	if ok := p.report("provider", validated.Diagnostics, err); !ok || p.validating {
		return ok
	}
	configured, err := p.server.ConfigureProvider(p.t.Context(), &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.99.0", Config: packed})
	return p.report("provider", configured.Diagnostics, err)
}

// node is a step of a phase that comes after others; where one of these fails, it
// does not come.
type node struct {
	after []string
	run   func() bool
}

// walk visits the nodes: as many as ten at once, as Terraform does, or one by one
// in the order that the workspace has.
func (p *phase) walk(nodes map[string]*node) {
	type result struct {
		name string
		ok   bool
	}
	results, running, done := make(chan result), 0, map[string]bool{}
	pending, stop := maps.Clone(nodes), p.stop
	for len(pending)+running > 0 {
		var ready []string
		hasSkipped := false
		for name, n := range pending {
			if slices.ContainsFunc(n.after, func(other string) bool { _, isDone := done[other]; return nodes[other] != nil && !isDone }) {
				continue
			}
			if p.isStopped() || slices.ContainsFunc(n.after, func(other string) bool { return nodes[other] != nil && !done[other] }) {
				delete(pending, name)
				done[name], hasSkipped = false, true
				continue
			}
			ready = append(ready, name)
		}
		if hasSkipped {
			continue
		}
		slices.Sort(ready)
		if len(ready)+running == 0 {
			p.t.Fatalf("a cycle: %v", slices.Collect(maps.Keys(pending)))
		}
		for len(ready) > 0 && (p.next == nil && running < 10 || running == 0) {
			i := 0
			if p.next != nil {
				i = p.next(ready)
			}
			name := ready[i]
			ready = slices.Delete(ready, i, i+1)
			n := pending[name]
			delete(pending, name)
			running++
			go func() { results <- result{name, n.run()} }()
		}
		select {
		case finished := <-results:
			running--
			done[finished.name] = finished.ok
		case <-stop:
			stop = nil
			_, err := p.server.StopProvider(p.t.Context(), &tfprotov6.StopProviderRequest{})
			p.check(err)
		}
	}
}

// isStopped reports whether the apply has been interrupted.
func (p *phase) isStopped() bool {
	select {
	case <-p.stop:
		return true
	default:
		return false
	}
}

// typeOf returns the type of an attribute's values, or that of its configurations,
// which may leave out what is optional.
func typeOf(attribute *tfprotov6.SchemaAttribute, configured bool) cty.Type {
	if attribute.NestedType == nil {
		return ctyType(attribute.Type)
	}
	object := objectType(attribute.NestedType.Attributes, configured)
	switch attribute.NestedType.Nesting {
	case tfprotov6.SchemaObjectNestingModeList:
		return cty.List(object)
	case tfprotov6.SchemaObjectNestingModeSet:
		return cty.Set(object)
	case tfprotov6.SchemaObjectNestingModeMap:
		return cty.Map(object)
	}
	return object
}

func objectType(attributes []*tfprotov6.SchemaAttribute, configured bool) cty.Type {
	types, optional := map[string]cty.Type{}, []string{}
	for _, attribute := range attributes {
		types[attribute.Name] = typeOf(attribute, configured)
		if configured && !attribute.Required {
			optional = append(optional, attribute.Name)
		}
	}
	return cty.ObjectWithOptionalAttrs(types, optional)
}

// ctyType converts a type by its JSON, which is the same in both libraries.
func ctyType(of tftypes.Type) (converted cty.Type) {
	text, err := json.Marshal(of)
	if err = errors.Join(err, json.Unmarshal(text, &converted)); err != nil {
		panic(err)
	}
	return converted
}

func pack(value cty.Value, of cty.Type) *tfprotov6.DynamicValue {
	packed, err := msgpack.Marshal(value, of)
	if err != nil {
		panic(err)
	}
	return &tfprotov6.DynamicValue{MsgPack: packed}
}

func unpack(packed *tfprotov6.DynamicValue, of cty.Type) (cty.Value, error) {
	if packed == nil {
		return cty.NullVal(of), nil
	}
	if len(packed.JSON) > 0 {
		return ctyjson.Unmarshal(packed.JSON, of)
	}
	return msgpack.Unmarshal(packed.MsgPack, of)
}

// value reads what the provider returned; that it cannot be read is its fault.
func (p *phase) value(address string, packed *tfprotov6.DynamicValue, of cty.Type) cty.Value {
	value, err := unpack(packed, of)
	if err == nil {
		value, err = convert.Convert(value, of)
	}
	if err != nil {
		p.accuse(address, "Provider returned an invalid value", []string{err.Error()})
		return cty.NullVal(of)
	}
	return value
}
