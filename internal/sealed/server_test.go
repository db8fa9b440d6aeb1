package sealed_test

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/quivaworks/terraform-provider-quiva/internal/sealed"
)

// inner is a provider with one resource, data source and ephemeral resource that
// returns what it is given, and remembers what that was.
type inner struct {
	tfprotov6.ProviderServer

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
	return &tfprotov6.GetProviderSchemaResponse{ResourceSchemas: schemas, DataSourceSchemas: schemas, EphemeralResourceSchemas: schemas}, nil
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

func (i *inner) ImportResourceState(context.Context, *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return &tfprotov6.ImportResourceStateResponse{ImportedResources: []*tfprotov6.ImportedResource{{TypeName: "test", State: i.result()}}}, nil
}

func (i *inner) ReadDataSource(context.Context, *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return &tfprotov6.ReadDataSourceResponse{State: i.result()}, nil
}

func (i *inner) OpenEphemeralResource(context.Context, *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	return &tfprotov6.OpenEphemeralResourceResponse{Result: i.result()}, nil
}

// result is an object as the framework writes one that holds a sealed value.
func (i *inner) result() *tfprotov6.DynamicValue {
	return i.see(pack(tftypes.NewValue(tftypes.String, "\x92\xc4\x08\"number\"\x07")))
}

func newServer(t *testing.T) (*inner, tfprotov6.ProviderServer) {
	t.Helper()
	i := &inner{}
	server, err := sealed.NewServer(t.Context(), i)
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

// values are the values that a dynamic attribute can have, and whether they are
// sealed.
var values = map[string]struct {
	value  tftypes.Value
	sealed bool
}{
	"object": {tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"a": tftypes.String}}, map[string]tftypes.Value{"a": text("x")}), true},
	"partly unknown": {tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, []tftypes.Value{
		tftypes.NewValue(tftypes.String, tftypes.UnknownValue)}), true},
	"string":          {text("x"), true},
	"unknown string":  {tftypes.NewValue(tftypes.String, tftypes.UnknownValue), true},
	"null string":     {tftypes.NewValue(tftypes.String, nil), false},
	"null":            {tftypes.NewValue(tftypes.DynamicPseudoType, nil), false},
	"unknown":         {tftypes.NewValue(tftypes.DynamicPseudoType, tftypes.UnknownValue), false},
	"string, sealed?": {text("\x92\xc4\x08\"string\"\xa1x"), true},
}

// TestResource: the inner server sees values sealed, Terraform gets back what it
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
				if unchanged := seen.Equal(sent); unchanged == test.sealed {
					t.Errorf("the inner server sees %s", seen)
				}
				var attributes map[string]tftypes.Value
				if err := seen.As(&attributes); err != nil {
					t.Fatal(err)
				}
				if value := attributes["value"]; test.sealed && !value.Type().Is(tftypes.String) {
					t.Errorf("the inner server sees %s", value)
				}
			})
		}
	}
}

// TestResults: what is returned alone is unsealed too.
func TestResults(t *testing.T) {
	t.Parallel()
	want := string(pack(tftypes.NewValue(tftypes.Number, 7)).MsgPack)
	_, server := newServer(t)
	imported, err := server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: "test"})
	if err != nil || string(imported.ImportedResources[0].State.MsgPack) != want {
		t.Errorf("imported %v, %v", imported, err)
	}
	read, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: "test"})
	if err != nil || string(read.State.MsgPack) != want {
		t.Errorf("read %v, %v", read, err)
	}
	opened, err := server.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{TypeName: "test"})
	if err != nil || string(opened.Result.MsgPack) != want {
		t.Errorf("opened %v, %v", opened, err)
	}
}

// TestUpgradeResourceState: a state of the present schema is not touched; all
// others are the framework's.
func TestUpgradeResourceState(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		version  int64
		json     string
		returned bool
	}{
		"the present":       {2, `{"name":"n","value":{"value":{},"type":["object",{}]},"force":null,"nested":null}`, true},
		"another version":   {1, `{"name":"n","value":null,"force":null,"nested":null}`, false},
		"attribute missing": {2, `{"name":"n","value":null,"force":null}`, false},
		"attribute unknown": {2, `{"name":"n","value":null,"force":null,"other":null}`, false},
		"not JSON":          {2, `{`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inner, server := newServer(t)
			resp, err := server.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{
				TypeName: "test", Version: test.version, RawState: &tfprotov6.RawState{JSON: []byte(test.json)},
			})
			if err != nil {
				t.Fatal(err)
			}
			if returned := string(resp.UpgradedState.JSON) == test.json; returned != test.returned || returned == (len(inner.seen) > 0) {
				t.Errorf("got %s, and the inner server saw %v", resp.UpgradedState.JSON, inner.seen)
			}
		})
	}
}

// TestUnchanged: only a plan that changes nothing is made without the framework.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	yes, no, unset := tftypes.NewValue(tftypes.Bool, true), tftypes.NewValue(tftypes.Bool, false), tftypes.NewValue(tftypes.Bool, nil)
	none := &tfprotov6.DynamicValue{MsgPack: []byte{0xc0}}
	tests := map[string]struct {
		prior, proposed, config *tfprotov6.DynamicValue
		asked                   bool
	}{
		"nothing":              {packWith(text("a"), no), packWith(text("a"), no), packWith(text("a"), unset), false},
		"nothing, all set":     {packWith(text("a"), yes), packWith(text("a"), yes), packWith(text("a"), yes), false},
		"value":                {packWith(text("a"), no), packWith(text("b"), no), packWith(text("b"), unset), true},
		"back to the default":  {packWith(text("a"), yes), packWith(text("a"), yes), packWith(text("a"), unset), true},
		"never had a default":  {packWith(text("a"), unset), packWith(text("a"), unset), packWith(text("a"), unset), true},
		"creation":             {none, packWith(text("a"), unset), packWith(text("a"), unset), true},
		"destruction":          {packWith(text("a"), no), none, none, true},
		"neither before, then": {none, none, none, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inner, server := newServer(t)
			resp, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
				TypeName: "test", PriorState: test.prior, ProposedNewState: test.proposed, Config: test.config, PriorPrivate: []byte("private"),
			})
			if err != nil {
				t.Fatal(err)
			}
			if asked := len(inner.seen) > 0; asked != test.asked {
				t.Errorf("the framework was asked: %t", asked)
			}
			if !test.asked && (string(resp.PlannedPrivate) != "private" || string(resp.PlannedState.MsgPack) != string(test.prior.MsgPack)) {
				t.Errorf("planned %q", resp.PlannedState.MsgPack)
			}
		})
	}
}

// FuzzSeal: whatever Terraform sends comes back byte by byte, or is an error.
func FuzzSeal(f *testing.F) {
	for _, test := range values {
		f.Add(pack(test.value).MsgPack)
	}
	f.Add([]byte{0xc0})
	f.Fuzz(func(t *testing.T, packed []byte) {
		_, server := newServer(t)
		resp, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: "test", CurrentState: &tfprotov6.DynamicValue{MsgPack: packed}})
		if err == nil && string(resp.NewState.MsgPack) != string(packed) {
			t.Errorf("%q came back as %q", packed, resp.NewState.MsgPack)
		}
	})
}
