package provider_test

import (
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// move moves objects to another address, also to another type.
func (p *phase) move(from, to string) {
	for key, o := range maps.Clone(p.state) {
		suffix, ok := strings.CutPrefix(key.address, from)
		if target := (objectKey{to + suffix, key.deposed}); ok && (suffix == "" || suffix[0] == '[') && p.state[target] == nil {
			delete(p.state, key)
			if typeNameOf(from) == typeNameOf(to) {
				p.state[target] = o
			} else if moved := p.moveToType(key.address, o, typeNameOf(to)); moved != nil {
				p.state[target] = moved
			}
		}
	}
}

func (p *phase) moveToType(address string, o *object, typeName string) *object {
	written, err := ctyjson.Marshal(o.value, o.value.Type())
	p.check(err)
	resp, err := p.server.MoveResourceState(p.t.Context(), &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: "registry.terraform.io/quivaworks/quiva", SourceTypeName: typeNameOf(address),
		SourceState: &tfprotov6.RawState{JSON: written}, SourcePrivate: o.private, TargetTypeName: typeName,
	})
	if !p.report(address, resp.Diagnostics, err) {
		return nil
	}
	return &object{value: p.value(address, resp.TargetState, p.resourceType(typeName)), private: resp.TargetPrivate, identity: resp.TargetIdentity}
}

// importState imports an object by its ID, or by its identity if there is none.
func (w *workspace) importState(text, address, id string, identity map[string]cty.Value) []diagnostic {
	w.t.Helper()
	parsed, diagnostics := parse(text, w.variables)
	p := w.begin(parsed)
	if !p.reportHCL("", diagnostics) {
		return p.diagnostics
	}
	p.start(w.state)
	if !p.configure() {
		return p.diagnostics
	}
	if p.importObject(address, id, identity) {
		w.state = p.state
	}
	return p.diagnostics
}

// importObject imports an object and reads it.
func (p *phase) importObject(address, id string, identity map[string]cty.Value) bool {
	typeName := typeNameOf(address)
	request := &tfprotov6.ImportResourceStateRequest{TypeName: typeName, ID: id}
	if identity != nil {
		request.Identity = &tfprotov6.ResourceIdentityData{IdentityData: pack(cty.ObjectVal(identity), p.identityType(typeName))}
	}
	resp, err := p.server.ImportResourceState(p.t.Context(), request)
	if !p.report(address, resp.Diagnostics, err) {
		return false
	}
	for _, imported := range resp.ImportedResources {
		o := &object{value: p.value(address, imported.State, p.resourceType(typeName)), private: imported.Private, identity: imported.Identity}
		read, ok := p.refresh(objectKey{address, 0}, o)
		if ok && read == nil {
			ok = p.report(address, []*tfprotov6.Diagnostic{{Severity: tfprotov6.DiagnosticSeverityError, Summary: "Cannot import non-existent remote object"}}, nil)
		}
		if !ok {
			return false
		}
	}
	return true
}

func (p *phase) identityType(typeName string) cty.Type {
	types := map[string]cty.Type{}
	for _, attribute := range p.identities[typeName].IdentityAttributes {
		types[attribute.Name] = ctyType(attribute.Type)
	}
	return cty.Object(types)
}
