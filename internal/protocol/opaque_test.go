package protocol_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/quivaworks/terraform-provider-quiva/internal/protocol"
)

// allCalls is a server that implements all calls of the protocol, and panics.
type allCalls struct {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
	tfprotov6.StateStoreServer
}

// inner is a provider with one resource, data source and ephemeral resource that
// returns what it is given, and remembers what that was.
type inner struct {
	allCalls

	seen []*tfprotov6.DynamicValue
}

var schema = &tfprotov6.Schema{Version: 2, Block: &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{
	{Name: "name", Type: tftypes.String, Required: true},
	{Name: "value", Type: tftypes.DynamicPseudoType, Optional: true},
	{Name: "force", Type: tftypes.Bool, Optional: true, Computed: true},
	{Name: "nested", NestedType: &tfprotov6.SchemaObject{Nesting: tfprotov6.SchemaObjectNestingModeSingle}, Optional: true},
}}}

func (i *inner) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	schemas := map[string]*tfprotov6.Schema{"test": schema}
	dynamic := &tfprotov6.FunctionParameter{Name: "dynamic", Type: tftypes.DynamicPseudoType}
	functions := map[string]*tfprotov6.Function{
		"dynamic": {Parameters: []*tfprotov6.FunctionParameter{{Name: "text", Type: tftypes.String}, dynamic}, VariadicParameter: dynamic, Return: &tfprotov6.FunctionReturn{Type: tftypes.DynamicPseudoType}},
		"text":    {Parameters: []*tfprotov6.FunctionParameter{dynamic}, Return: &tfprotov6.FunctionReturn{Type: tftypes.String}},
	}
	return &tfprotov6.GetProviderSchemaResponse{ResourceSchemas: schemas, DataSourceSchemas: schemas, EphemeralResourceSchemas: schemas, Functions: functions}, nil
}

func (i *inner) CallFunction(_ context.Context, req *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error) {
	i.see(req.Arguments...)
	return &tfprotov6.CallFunctionResponse{Result: req.Arguments[len(req.Arguments)-1]}, nil
}

func (i *inner) see(values ...*tfprotov6.DynamicValue) *tfprotov6.DynamicValue {
	i.seen = append(i.seen, values...)
	return values[0]
}

func (i *inner) ValidateResourceConfig(_ context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	i.see(req.Config)
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

func (i *inner) UpgradeResourceState(context.Context, *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: i.see(&tfprotov6.DynamicValue{})}, nil
}

func (i *inner) ReadResource(_ context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: i.see(req.CurrentState)}, nil
}

func (i *inner) PlanResourceChange(_ context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: i.see(req.ProposedNewState, req.PriorState, req.Config)}, nil
}

func (i *inner) ApplyResourceChange(_ context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return &tfprotov6.ApplyResourceChangeResponse{NewState: i.see(req.PlannedState, req.PriorState, req.Config)}, nil
}

func (i *inner) MoveResourceState(context.Context, *tfprotov6.MoveResourceStateRequest) (*tfprotov6.MoveResourceStateResponse, error) {
	return &tfprotov6.MoveResourceStateResponse{TargetState: i.result()}, nil
}

func (i *inner) GenerateResourceConfig(_ context.Context, req *tfprotov6.GenerateResourceConfigRequest) (*tfprotov6.GenerateResourceConfigResponse, error) {
	return &tfprotov6.GenerateResourceConfigResponse{Config: i.see(req.State)}, nil
}

func (i *inner) ListResource(context.Context, *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	return &tfprotov6.ListResourceServerStream{Results: func(yield func(tfprotov6.ListResourceResult) bool) {
		_ = yield(tfprotov6.ListResourceResult{}) && yield(tfprotov6.ListResourceResult{Resource: i.result()})
	}}, nil
}

func (i *inner) ImportResourceState(context.Context, *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return &tfprotov6.ImportResourceStateResponse{ImportedResources: []*tfprotov6.ImportedResource{{TypeName: "test", State: i.result()}}}, nil
}

func (i *inner) ReadDataSource(context.Context, *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return &tfprotov6.ReadDataSourceResponse{State: i.result()}, nil
}

func (i *inner) OpenEphemeralResource(context.Context, *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	return &tfprotov6.OpenEphemeralResourceResponse{Result: i.result()}, nil
}

// result is an object as the framework writes one that holds an opaque value.
func (i *inner) result() *tfprotov6.DynamicValue {
	return i.see(pack(tftypes.NewValue(tftypes.String, "\x92\xc4\x08\"number\"\x07")))
}

// unchanged has every unchanged object planned without the framework, but for one
// whose private state is "ask".
func unchanged(defaults map[string]map[string]tftypes.Value) protocol.Unchanged {
	return protocol.Unchanged{Defaults: defaults, Plan: func(private []byte) bool { return string(private) != "ask" }}
}

func newServer(t *testing.T) (*inner, tfprotov6.ProviderServer) {
	t.Helper()
	i := &inner{}
	server, err := protocol.NewServer(t.Context(), i, unchanged(map[string]map[string]tftypes.Value{"test": {"force": tftypes.NewValue(tftypes.Bool, false)}}))
	if err != nil {
		t.Fatal(err)
	}
	return i, server
}

// pack returns an object of the schema that holds a value.
func pack(value tftypes.Value) *tfprotov6.DynamicValue {
	return packWith(value, tftypes.NewValue(tftypes.Bool, nil))
}

func packWith(value, force tftypes.Value) *tfprotov6.DynamicValue {
	object := schema.ValueType()
	packed, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, map[string]tftypes.Value{
		"name":   tftypes.NewValue(tftypes.String, "n"),
		"value":  value,
		"force":  force,
		"nested": tftypes.NewValue(tftypes.Object{}, nil),
	}))
	if err != nil {
		panic(err)
	}
	return &packed
}

func text(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }

// values are the values that a dynamic attribute can have, and whether the inner
// server is not to see them.
var values = map[string]struct {
	value  tftypes.Value
	opaque bool
}{
	"object": {tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"a": tftypes.String}}, map[string]tftypes.Value{"a": text("x")}), true},
	"partly unknown": {tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, []tftypes.Value{
		tftypes.NewValue(tftypes.String, tftypes.UnknownValue)}), true},
	"string":          {text("x"), true},
	"unknown string":  {tftypes.NewValue(tftypes.String, tftypes.UnknownValue), true},
	"null string":     {tftypes.NewValue(tftypes.String, nil), false},
	"null":            {tftypes.NewValue(tftypes.DynamicPseudoType, nil), false},
	"unknown":         {tftypes.NewValue(tftypes.DynamicPseudoType, tftypes.UnknownValue), false},
	"string, opaque?": {text("\x92\xc4\x08\"string\"\xa1x"), true},
}

// TestResource: the inner server sees opaque values, Terraform gets back what it
// sent.
func TestResource(t *testing.T) {
	t.Parallel()
	for name, test := range values {
		calls := map[string]func(tfprotov6.ProviderServer) (*tfprotov6.DynamicValue, error){
			"validate": func(s tfprotov6.ProviderServer) (*tfprotov6.DynamicValue, error) {
				_, err := s.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: "test", Config: pack(test.value)})
				return pack(test.value), err
			},
			"read": func(s tfprotov6.ProviderServer) (*tfprotov6.DynamicValue, error) {
				resp, err := s.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: "test", CurrentState: pack(test.value)})
				return resp.NewState, err
			},
			"plan": func(s tfprotov6.ProviderServer) (*tfprotov6.DynamicValue, error) {
				resp, err := s.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: "test", ProposedNewState: pack(test.value), PriorState: pack(text("other")), Config: pack(test.value)})
				return resp.PlannedState, err
			},
			"apply": func(s tfprotov6.ProviderServer) (*tfprotov6.DynamicValue, error) {
				resp, err := s.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{TypeName: "test", PlannedState: pack(test.value), PriorState: pack(text("other")), Config: pack(test.value)})
				return resp.NewState, err
			},
			"generate": func(s tfprotov6.ProviderServer) (*tfprotov6.DynamicValue, error) {
				resp, err := s.GenerateResourceConfig(t.Context(), &tfprotov6.GenerateResourceConfigRequest{TypeName: "test", State: pack(test.value)})
				return resp.Config, err
			},
		}
		for call, do := range calls {
			t.Run(call+"/"+name, func(t *testing.T) {
				t.Parallel()
				inner, server := newServer(t)
				got, err := do(server)
				if err != nil {
					t.Fatal(err)
				}
				if string(got.MsgPack) != string(pack(test.value).MsgPack) {
					t.Errorf("Terraform gets back %q", got.MsgPack)
				}
				seen, err := inner.seen[0].Unmarshal(schema.ValueType())
				if err != nil {
					t.Fatal(err)
				}
				sent, err := pack(test.value).Unmarshal(schema.ValueType())
				if err != nil {
					t.Fatal(err)
				}
				if unchanged := seen.Equal(sent); unchanged == test.opaque {
					t.Errorf("the inner server sees %s", seen)
				}
				var attributes map[string]tftypes.Value
				if err := seen.As(&attributes); err != nil {
					t.Fatal(err)
				}
				if value := attributes["value"]; test.opaque && !value.Type().Is(tftypes.String) {
					t.Errorf("the inner server sees %s", value)
				}
			})
		}
	}
}

// TestResults: what is returned alone is transparent too.
func TestResults(t *testing.T) {
	t.Parallel()
	want := string(pack(tftypes.NewValue(tftypes.Number, 7)).MsgPack)
	_, server := newServer(t)
	imported, importErr := server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: "test"})
	read, readErr := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: "test"})
	moved, moveErr := server.MoveResourceState(t.Context(), &tfprotov6.MoveResourceStateRequest{TargetTypeName: "test"})
	listed, listErr := server.(tfprotov6.ListResourceServer).ListResource(t.Context(), &tfprotov6.ListResourceRequest{TypeName: "test"})
	opened, openErr := server.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{TypeName: "test"})
	if err := errors.Join(importErr, readErr, moveErr, listErr, openErr); err != nil {
		t.Fatal(err)
	}
	results := slices.Collect(listed.Results)
	if len(results) != 2 || results[0].Resource != nil {
		t.Fatalf("listed %v", results)
	}
	for name, got := range map[string]*tfprotov6.DynamicValue{
		"imported": imported.ImportedResources[0].State, "read": read.State, "moved": moved.TargetState, "listed": results[1].Resource, "opened": opened.Result,
	} {
		if string(got.MsgPack) != want {
			t.Errorf("%s %q", name, got.MsgPack)
		}
	}
}

// TestFunction: a function sees opaque values where it takes any type, also as
// one of a variable number of arguments, and its result is transparent.
func TestFunction(t *testing.T) {
	t.Parallel()
	for name, test := range values {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			argument := func(declared tftypes.Type, value tftypes.Value) *tfprotov6.DynamicValue {
				packed, err := tfprotov6.NewDynamicValue(declared, value)
				if err != nil {
					t.Fatal(err)
				}
				return &packed
			}
			inner, server := newServer(t)
			want := string(argument(tftypes.DynamicPseudoType, test.value).MsgPack)
			resp, err := server.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{Name: "dynamic", Arguments: []*tfprotov6.DynamicValue{
				argument(tftypes.String, text("x")), argument(tftypes.DynamicPseudoType, test.value), argument(tftypes.DynamicPseudoType, test.value),
			}})
			if err != nil || string(resp.Result.MsgPack) != want {
				t.Errorf("Terraform gets back %v, %v", resp, err)
			}
			if len(inner.seen) != 3 || string(inner.seen[0].MsgPack) != "\xa1x" {
				t.Fatalf("the function sees %v", inner.seen)
			}
			for _, seen := range inner.seen[1:] {
				if unchanged := string(seen.MsgPack) == want; unchanged == test.opaque {
					t.Errorf("the function sees %q", seen.MsgPack)
				}
			}
			// What returns a text may return one that looks like an opaque value.
			opaque := inner.seen[1]
			resp, err = server.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{Name: "text", Arguments: []*tfprotov6.DynamicValue{opaque}})
			if err != nil || string(resp.Result.MsgPack) != string(inner.seen[3].MsgPack) {
				t.Errorf("a text came back as %v, %v", resp, err)
			}
		})
	}
}

// TestFunctionNull: an argument without data, as which OpenTofu sends null, is null.
func TestFunctionNull(t *testing.T) {
	t.Parallel()
	inner, server := newServer(t)
	if _, err := server.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{Name: "dynamic", Arguments: []*tfprotov6.DynamicValue{{}, nil, {}}}); err != nil {
		t.Fatal(err)
	}
	for i, seen := range inner.seen {
		if string(seen.MsgPack) != "\xc0" {
			t.Errorf("argument %d is seen as %v", i, seen)
		}
	}
}
