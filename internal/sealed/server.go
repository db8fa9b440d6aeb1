package sealed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// server is a provider whose inner server sees sealed values only. Of data
// sources and ephemeral resources that is what they return: none takes a dynamic
// value.
type server struct {
	tfprotov6.ProviderServer

	resources, dataSources, ephemeralResources map[string]object
}

// object is what the server needs to know of a schema.
type object struct {
	version    int64
	attributes map[string]bool
	dynamic    map[string]bool // of the attributes, those that hold any type
	defaulted  map[string]bool // and those that are computed if they are left out
}

// NewServer returns a server for Terraform around one that is to see sealed
// values, of whose schemas it asks it.
func NewServer(ctx context.Context, inner tfprotov6.ProviderServer) (tfprotov6.ProviderServer, error) {
	schemas, err := inner.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	for _, diagnostic := range schemas.Diagnostics {
		if diagnostic.Severity == tfprotov6.DiagnosticSeverityError {
			return nil, errors.New(diagnostic.Summary + ": " + diagnostic.Detail)
		}
	}
	return &server{
		ProviderServer:     inner,
		resources:          objects(schemas.ResourceSchemas),
		dataSources:        objects(schemas.DataSourceSchemas),
		ephemeralResources: objects(schemas.EphemeralResourceSchemas),
	}, nil
}

func objects(schemas map[string]*tfprotov6.Schema) map[string]object {
	all := make(map[string]object, len(schemas))
	for typeName, schema := range schemas {
		o := object{version: schema.Version, attributes: map[string]bool{}, dynamic: map[string]bool{}, defaulted: map[string]bool{}}
		for _, attribute := range schema.Block.Attributes {
			o.attributes[attribute.Name] = true
			if attribute.Type != nil && attribute.Type.Is(tftypes.DynamicPseudoType) {
				o.dynamic[attribute.Name] = true
			}
			if attribute.Optional && attribute.Computed {
				o.defaulted[attribute.Name] = true
			}
		}
		all[typeName] = o
	}
	return all
}

// sealAll seals values in place.
func (o object) sealAll(values ...**tfprotov6.DynamicValue) error {
	var all []error
	for _, value := range values {
		sealed, err := o.seal(*value)
		*value = sealed
		all = append(all, err)
	}
	return errors.Join(all...)
}

func (s *server) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	if err := s.resources[req.TypeName].sealAll(&req.Config); err != nil {
		return nil, err
	}
	return s.ProviderServer.ValidateResourceConfig(ctx, req)
}

// UpgradeResourceState hands a state of the present schema back as it is, in
// JSON, which Terraform reads as well as the MessagePack of all other values.
// The framework would read it and write it again.
func (s *server) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if o := s.resources[req.TypeName]; len(o.dynamic) > 0 && req.Version == o.version && req.RawState != nil && o.isState(req.RawState.JSON) {
		return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &tfprotov6.DynamicValue{JSON: req.RawState.JSON}}, nil
	}
	return s.ProviderServer.UpgradeResourceState(ctx, req)
}

// isState reports whether a state has just the attributes of the schema, and not
// those of another release of the provider.
func (o object) isState(text []byte) bool {
	var state map[string]json.RawMessage
	if json.Unmarshal(text, &state) != nil || len(state) != len(o.attributes) {
		return false
	}
	for name := range state {
		if !o.attributes[name] {
			return false
		}
	}
	return true
}

func (s *server) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	o := s.resources[req.TypeName]
	if err := o.sealAll(&req.CurrentState); err != nil {
		return nil, err
	}
	resp, err := s.ProviderServer.ReadResource(ctx, req)
	if err != nil {
		return nil, err
	}
	resp.NewState, err = o.unseal(resp.NewState)
	return resp, err
}

// PlanResourceChange plans itself that an object stays as it is: the framework
// would find out in many more steps.
func (s *server) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	o := s.resources[req.TypeName]
	if o.isUnchanged(req) {
		return &tfprotov6.PlanResourceChangeResponse{
			PlannedState:    req.PriorState,
			PlannedPrivate:  req.PriorPrivate,
			PlannedIdentity: req.PriorIdentity,
		}, nil
	}
	if err := o.sealAll(&req.PriorState, &req.ProposedNewState, &req.Config); err != nil {
		return nil, err
	}
	resp, err := s.ProviderServer.PlanResourceChange(ctx, req)
	if err != nil {
		return nil, err
	}
	resp.PlannedState, err = o.unseal(resp.PlannedState)
	return resp, err
}

// isUnchanged reports whether the framework would plan that an object stays as it
// is. The one thing that it could change is an attribute that is left out and
// has a default. None can be seen in a schema, so this takes false for the
// default, and leaves all else to the framework.
func (o object) isUnchanged(req *tfprotov6.PlanResourceChangeRequest) bool {
	if len(o.dynamic) == 0 || req.PriorState == nil || req.ProposedNewState == nil || req.Config == nil ||
		!bytes.Equal(req.PriorState.MsgPack, req.ProposedNewState.MsgPack) {
		return false
	}
	prior, err := valuesOf(req.PriorState.MsgPack)
	if err != nil || len(prior) == 0 {
		return false
	}
	config, err := valuesOf(req.Config.MsgPack)
	for name := range o.defaulted {
		if config[name] == null && prior[name] != no {
			return false
		}
	}
	return err == nil
}

func (s *server) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	o := s.resources[req.TypeName]
	if err := o.sealAll(&req.PriorState, &req.PlannedState, &req.Config); err != nil {
		return nil, err
	}
	resp, err := s.ProviderServer.ApplyResourceChange(ctx, req)
	if err != nil {
		return nil, err
	}
	resp.NewState, err = o.unseal(resp.NewState)
	return resp, err
}

func (s *server) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	resp, err := s.ProviderServer.ImportResourceState(ctx, req)
	if err != nil {
		return nil, err
	}
	for _, imported := range resp.ImportedResources {
		if imported.State, err = s.resources[imported.TypeName].unseal(imported.State); err != nil {
			return nil, err
		}
	}
	return resp, nil
}

func (s *server) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	resp, err := s.ProviderServer.ReadDataSource(ctx, req)
	if err != nil {
		return nil, err
	}
	resp.State, err = s.dataSources[req.TypeName].unseal(resp.State)
	return resp, err
}

func (s *server) OpenEphemeralResource(ctx context.Context, req *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	resp, err := s.ProviderServer.OpenEphemeralResource(ctx, req)
	if err != nil {
		return nil, err
	}
	resp.Result, err = s.ephemeralResources[req.TypeName].unseal(resp.Result)
	return resp, err
}
