package protocol

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
)

// Unchanged says for which objects the server itself may plan that they stay as they
// are.
type Unchanged struct {
	// Defaults are the values that attributes get where a configuration leaves them
	// out, by resource and attribute.
	//
	// The resources in it, also those without any default, are those that plan
	// nothing where the configuration, completed with the defaults, is the state.
	// Each of their attributes that is optional and computed has a default. One that
	// is computed only may have one: the resource plans it where it is another value.
	Defaults map[string]map[string]tftypes.Value
	// Plan is told of each such plan, with the object's private state. If it
	// reports false, the resource plans the object.
	Plan func(private []byte) bool
}

// unchanged plans by itself that an object stays as it is: the framework would
// find out in many more steps.
type unchanged struct {
	providerServer

	resources map[string]resource
	plan      func(private []byte) bool
}

// resource is what unchanged needs to know of one.
type resource struct {
	version    int64
	attributes map[string]bool
	defaults   map[string]string // in MessagePack
}

func newUnchanged(inner providerServer, schemas map[string]*tfprotov6.Schema, which Unchanged) (*unchanged, error) {
	u := &unchanged{inner, make(map[string]resource, len(which.Defaults)), which.Plan}
	for typeName, values := range which.Defaults {
		schema, ok := schemas[typeName]
		if !ok {
			return nil, fmt.Errorf("there are defaults of %s, which is no resource", typeName)
		}
		r := resource{version: schema.Version, attributes: map[string]bool{}, defaults: map[string]string{}}
		for _, attribute := range schema.Block.Attributes {
			r.attributes[attribute.Name] = true
			value, ok := values[attribute.Name]
			if !ok && attribute.Optional && attribute.Computed {
				return nil, fmt.Errorf("%s.%s is optional and computed, but has no default", typeName, attribute.Name)
			}
			if !ok {
				continue
			}
			packed, err := tfprotov6.NewDynamicValue(value.Type(), value)
			if err != nil {
				return nil, fmt.Errorf("the default of %s.%s: %w", typeName, attribute.Name, err)
			}
			r.defaults[attribute.Name] = string(packed.MsgPack)
		}
		u.resources[typeName] = r
	}
	return u, nil
}

func (u *unchanged) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	// Where the client allows it, the framework may have to defer even such a plan.
	mayDefer := req.ClientCapabilities != nil && req.ClientCapabilities.DeferralAllowed
	if r, ok := u.resources[req.TypeName]; ok && !mayDefer && r.isUnchanged(req) && u.plan(req.PriorPrivate) {
		return &tfprotov6.PlanResourceChangeResponse{
			PlannedState:    req.PriorState,
			PlannedPrivate:  req.PriorPrivate,
			PlannedIdentity: req.PriorIdentity,
		}, nil
	}
	return u.providerServer.PlanResourceChange(ctx, req)
}

// isUnchanged reports whether the framework would plan that an object stays as
// it is. Terraform has put the configuration over the state already, but knows
// no defaults.
func (r resource) isUnchanged(req *tfprotov6.PlanResourceChangeRequest) bool {
	if req.PriorState == nil || req.ProposedNewState == nil || req.Config == nil ||
		!bytes.Equal(req.PriorState.MsgPack, req.ProposedNewState.MsgPack) {
		return false
	}
	prior, err := valuesOf(req.PriorState.MsgPack)
	if err != nil || len(prior) == 0 {
		return false
	}
	config, err := valuesOf(req.Config.MsgPack)
	for name, value := range r.defaults {
		if config[name] == string(dynamicvalue.Null) && prior[name] != value {
			return false
		}
	}
	return err == nil
}

// valuesOf returns the attributes of an object, each in MessagePack.
func valuesOf(packed []byte) (map[string]string, error) {
	attributes, err := dynamicvalue.MembersOf(string(packed))
	values := make(map[string]string, len(attributes))
	for _, attribute := range attributes {
		values[attribute.Name] = string(packed[attribute.Start:attribute.End])
	}
	return values, err
}

// UpgradeResourceState hands a state of the present schema back as it is, in
// JSON, which Terraform reads as well as the MessagePack of all other values.
// The framework would read it and write it again.
func (u *unchanged) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if r, ok := u.resources[req.TypeName]; ok && req.Version == r.version && req.RawState != nil && r.isState(req.RawState.JSON) {
		return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &tfprotov6.DynamicValue{JSON: req.RawState.JSON}}, nil
	}
	return u.providerServer.UpgradeResourceState(ctx, req)
}

// isState reports whether a state has just the attributes of the schema, and not
// those of another release of the provider.
func (r resource) isState(text []byte) bool {
	var state map[string]json.RawMessage
	if json.Unmarshal(text, &state) != nil || len(state) != len(r.attributes) {
		return false
	}
	for name := range state {
		if !r.attributes[name] {
			return false
		}
	}
	return true
}
