package protocol

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
)

// opaque is a provider whose inner server sees only opaque values. For data
// sources and ephemeral resources, only results need it, since their
// configurations contain no dynamic values; for functions, both arguments and
// results do. Each of its calls that could take long ends with the run.
type opaque struct {
	*stoppable

	resources, dataSources, ephemeralResources map[string]dynamicAttributes
	functions                                  map[string]*tfprotov6.Function
}

// dynamicAttributes are those attributes of a schema that hold any type.
type dynamicAttributes map[string]bool

func newOpaque(inner *stoppable, schemas *tfprotov6.GetProviderSchemaResponse) *opaque {
	return &opaque{inner, dynamicOf(schemas.ResourceSchemas), dynamicOf(schemas.DataSourceSchemas), dynamicOf(schemas.EphemeralResourceSchemas), schemas.Functions}
}

func dynamicOf(schemas map[string]*tfprotov6.Schema) map[string]dynamicAttributes {
	all := make(map[string]dynamicAttributes, len(schemas))
	for typeName, schema := range schemas {
		dynamic := dynamicAttributes{}
		for _, attribute := range schema.Block.Attributes {
			if attribute.Type != nil && attribute.Type.Is(tftypes.DynamicPseudoType) {
				dynamic[attribute.Name] = true
			}
		}
		all[typeName] = dynamic
	}
	return all
}

// conceal makes the dynamic attributes of objects opaque.
func (d dynamicAttributes) conceal(objects ...**tfprotov6.DynamicValue) error {
	return d.replace(dynamicvalue.Value.Opaque, objects)
}

// reveal is the opposite of conceal.
func (d dynamicAttributes) reveal(objects ...**tfprotov6.DynamicValue) error {
	return d.replace(dynamicvalue.Value.Transparent, objects)
}

// replace changes these attributes of objects. All else stays as it is, byte by byte, and
// so does an object in JSON.
func (d dynamicAttributes) replace(change func(dynamicvalue.Value) dynamicvalue.Value, objects []**tfprotov6.DynamicValue) error {
	for _, object := range objects {
		if len(d) == 0 || *object == nil {
			continue
		}
		packed := (*object).MsgPack
		attributes, err := dynamicvalue.MembersOf(string(packed))
		if err != nil {
			return fmt.Errorf("reading an object: %w", err)
		}
		var replaced []byte
		copied := 0
		for _, attribute := range attributes {
			if d[attribute.Name] {
				replaced = append(replaced, packed[copied:attribute.Start]...)
				replaced = append(replaced, change(dynamicvalue.Value(packed[attribute.Start:attribute.End]))...)
				copied = attribute.End
			}
		}
		if copied > 0 {
			*object = &tfprotov6.DynamicValue{MsgPack: append(replaced, packed[copied:]...)}
		}
	}
	return nil
}

func (o *opaque) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	if err := o.resources[req.TypeName].conceal(&req.Config); err != nil {
		return nil, err
	}
	return o.providerServer.ValidateResourceConfig(ctx, req)
}

// callOpaque makes a call with opaque objects in its request, and reveals the one in its
// response.
func callOpaque[Request, Response any](ctx context.Context, s *stoppable, dynamic dynamicAttributes, req Request, next func(context.Context, Request) (*Response, error),
	object func(*Response) **tfprotov6.DynamicValue, concealed ...**tfprotov6.DynamicValue,
) (*Response, error) {
	if err := dynamic.conceal(concealed...); err != nil {
		return nil, err
	}
	resp, err := call(ctx, s, req, next)
	if err != nil {
		return nil, err
	}
	return resp, dynamic.reveal(object(resp))
}

func (o *opaque) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	object := func(resp *tfprotov6.ReadResourceResponse) **tfprotov6.DynamicValue { return &resp.NewState }
	return callOpaque(ctx, o.stoppable, o.resources[req.TypeName], req, o.providerServer.ReadResource, object, &req.CurrentState)
}

func (o *opaque) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	object := func(resp *tfprotov6.PlanResourceChangeResponse) **tfprotov6.DynamicValue { return &resp.PlannedState }
	return callOpaque(ctx, o.stoppable, o.resources[req.TypeName], req, o.providerServer.PlanResourceChange, object, &req.PriorState, &req.ProposedNewState, &req.Config)
}

func (o *opaque) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	o.ignoreInterrupts()
	object := func(resp *tfprotov6.ApplyResourceChangeResponse) **tfprotov6.DynamicValue { return &resp.NewState }
	return callOpaque(ctx, o.stoppable, o.resources[req.TypeName], req, o.providerServer.ApplyResourceChange, object, &req.PriorState, &req.PlannedState, &req.Config)
}

func (o *opaque) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	resp, err := call(ctx, o.stoppable, req, o.providerServer.ImportResourceState)
	if err != nil {
		return nil, err
	}
	for _, imported := range resp.ImportedResources {
		if err := o.resources[imported.TypeName].reveal(&imported.State); err != nil {
			return nil, err
		}
	}
	return resp, nil
}

func (o *opaque) MoveResourceState(ctx context.Context, req *tfprotov6.MoveResourceStateRequest) (*tfprotov6.MoveResourceStateResponse, error) {
	object := func(resp *tfprotov6.MoveResourceStateResponse) **tfprotov6.DynamicValue { return &resp.TargetState }
	return callOpaque(ctx, o.stoppable, o.resources[req.TargetTypeName], req, o.providerServer.MoveResourceState, object)
}

func (o *opaque) GenerateResourceConfig(ctx context.Context, req *tfprotov6.GenerateResourceConfigRequest) (*tfprotov6.GenerateResourceConfigResponse, error) {
	object := func(resp *tfprotov6.GenerateResourceConfigResponse) **tfprotov6.DynamicValue { return &resp.Config }
	return callOpaque(ctx, o.stoppable, o.resources[req.TypeName], req, o.providerServer.GenerateResourceConfig, object, &req.State)
}

func (o *opaque) ListResource(ctx context.Context, req *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	ctx, end := o.within(ctx)
	stream, err := o.providerServer.ListResource(ctx, req)
	if err != nil {
		end()
		return nil, err
	}
	return &tfprotov6.ListResourceServerStream{Results: func(yield func(tfprotov6.ListResourceResult) bool) {
		defer end()
		for result := range stream.Results {
			if err := o.resources[req.TypeName].reveal(&result.Resource); err != nil {
				result.Diagnostics = append(result.Diagnostics, &tfprotov6.Diagnostic{
					Severity: tfprotov6.DiagnosticSeverityError, Summary: "Unreadable list result", Detail: err.Error(),
				})
			}
			if !yield(result) {
				return
			}
		}
	}}, nil
}

func (o *opaque) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	object := func(resp *tfprotov6.ReadDataSourceResponse) **tfprotov6.DynamicValue { return &resp.State }
	return callOpaque(ctx, o.stoppable, o.dataSources[req.TypeName], req, o.providerServer.ReadDataSource, object)
}

func (o *opaque) OpenEphemeralResource(ctx context.Context, req *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	object := func(resp *tfprotov6.OpenEphemeralResourceResponse) **tfprotov6.DynamicValue { return &resp.Result }
	return callOpaque(ctx, o.stoppable, o.ephemeralResources[req.TypeName], req, o.providerServer.OpenEphemeralResource, object)
}

// CallFunction makes the dynamic arguments of a function opaque. OpenTofu sends
// nothing for an argument that is null.
func (o *opaque) CallFunction(ctx context.Context, req *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error) {
	function, ok := o.functions[req.Name]
	if !ok {
		return call(ctx, o.stoppable, req, o.providerServer.CallFunction)
	}
	for i, argument := range req.Arguments {
		if argument == nil || len(argument.MsgPack)+len(argument.JSON) == 0 {
			argument = &tfprotov6.DynamicValue{MsgPack: []byte(dynamicvalue.Null)}
			req.Arguments[i] = argument
		}
		parameter := function.VariadicParameter
		if i < len(function.Parameters) {
			parameter = function.Parameters[i]
		}
		if parameter != nil && parameter.Type.Is(tftypes.DynamicPseudoType) {
			req.Arguments[i] = &tfprotov6.DynamicValue{MsgPack: []byte(dynamicvalue.Value(argument.MsgPack).Opaque())}
		}
	}
	resp, err := call(ctx, o.stoppable, req, o.providerServer.CallFunction)
	if err == nil && resp.Result != nil && function.Return.Type.Is(tftypes.DynamicPseudoType) {
		resp.Result = &tfprotov6.DynamicValue{MsgPack: []byte(dynamicvalue.Value(resp.Result.MsgPack).Transparent())}
	}
	return resp, err
}
