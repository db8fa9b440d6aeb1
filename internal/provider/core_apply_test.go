package provider_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// apply applies a plan, with a provider of its own, in which everything that is
// created or changed is planned again. The state is what came of it, also if it
// failed.
func (w *workspace) apply(from *plan) []diagnostic {
	w.t.Helper()
	if errors := failed(from.diagnostics); len(errors) > 0 {
		w.t.Fatalf("a plan that failed is to be applied:\n%s", strings.Join(errors, "\n"))
	}
	p := w.begin(from.configuration)
	nodes := p.start(from.prior)
	p.takeValues()
	for key, c := range from.changes {
		address, block := key.address, blockOf(key.address)
		// What depends on an object is deleted before it, and changed before it if it was
		// created before it is destroyed.
		deletions, changes := []string{"configure"}, []string{}
		for other, o := range from.prior {
			if slices.Contains(o.dependsOn, block) {
				deletions = append(deletions, "delete "+other.address)
			}
		}
		for other, b := range p.configuration.blocks {
			if slices.Contains(b.dependsOn, block) {
				changes = append(changes, p.nodesOf([]string{other})...)
			}
		}
		var creations []string
		var own map[string]cty.Value
		if c.block != nil {
			creations, own = p.before(c.block), p.instances[block][strings.TrimPrefix(address, block)]
		}
		remove := func() bool { return p.delete(key, c.private) }
		switch c.action {
		case noOp:
			nodes[address] = &node{after: creations, run: func() bool { return true }}
		case readDuringApply:
			nodes[address] = &node{after: creations, run: func() bool { return p.read(c.block, address, own, true) }}
		case create, update:
			nodes[address] = &node{after: creations, run: func() bool { return p.applyInstance(c, own) }}
		case deleteBeforeCreate:
			nodes["delete "+address] = &node{after: deletions, run: remove}
			nodes[address] = &node{after: append(creations, "delete "+address), run: func() bool { return p.applyInstance(c, own) }}
		case createBeforeDelete:
			deposed := objectKey{address, 1}
			for from.prior[deposed] != nil {
				deposed.deposed++
			}
			nodes[address] = &node{after: creations, run: func() bool {
				old := p.object(key)
				p.save(deposed, old)
				p.save(key, nil)
				ok := p.applyInstance(c, own)
				if !ok && p.object(key) == nil {
					p.save(key, old)
					p.save(deposed, nil)
				}
				return ok
			}}
			nodes["delete "+address] = &node{after: slices.Concat(deletions, changes, []string{address}), run: func() bool { return p.deleteDeposed(deposed) }}
		case deletion:
			name := address
			if key.deposed > 0 {
				name, remove = fmt.Sprint(key), func() bool { return p.deleteDeposed(key) }
			}
			if o := from.prior[key]; o != nil && o.createBeforeDestroy {
				deletions = append(deletions, changes...)
			}
			nodes["delete "+name] = &node{after: deletions, run: remove}
		}
	}
	p.walk(nodes)
	w.state = p.state
	if from.outputs == nil {
		w.outputs = nil
	} else if outputs := p.evaluateOutputs(); len(failed(p.diagnostics)) == 0 {
		w.outputs = outputs
	}
	return p.diagnostics
}

// applyInstance plans a change again, as it is known by now, and carries it out.
func (p *phase) applyInstance(planned *change, own map[string]cty.Value) bool {
	address, b := planned.key.address, planned.block
	prior := p.object(planned.key)
	again := p.planChange(b, address, own, prior, false)
	if again == nil {
		return false
	}
	want := planned.action
	if want != update {
		want = create
	}
	var problems []string
	if again.action != want && (want != update || again.action != noOp) {
		problems = append(problems, fmt.Sprintf("the action was %s and became %s", planned.action, again.action))
	}
	if !p.accuse(address, inconsistentPlan, append(problems, incompatible(planned.after, again.after)...)) {
		return false
	}
	applied := &object{value: again.after, private: again.private, identity: again.identity, dependsOn: b.dependsOn, createBeforeDestroy: b.createBeforeDestroy}
	if again.action == noOp {
		applied.value = prior.value
		p.save(planned.key, applied)
		p.setValue(address, applied.value)
		return true
	}
	if b.typeName == terraformDataType {
		applied.value = applyTerraformData(again.after)
		if b.provisionerFails && want == create {
			applied.tainted = true
			p.save(planned.key, applied)
			return p.report(address, []*tfprotov6.Diagnostic{{Severity: tfprotov6.DiagnosticSeverityError, Summary: "local-exec provisioner error"}}, nil)
		}
	} else {
		of := p.resourceType(b.typeName)
		before := cty.NullVal(of)
		if prior != nil {
			before = prior.value
		}
		resp, err := p.server.ApplyResourceChange(p.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
			TypeName: b.typeName, PriorState: pack(before, of), PlannedState: pack(again.after, of), Config: pack(again.config, of), PlannedPrivate: again.private, PlannedIdentity: again.identity,
		})
		ok := p.report(address, resp.Diagnostics, err)
		applied.value, applied.private, applied.identity = p.value(address, resp.NewState, of), resp.Private, resp.NewIdentity
		switch {
		case !ok && applied.value.IsNull():
			return false // as it was
		case !ok:
			applied.tainted = want == create
			p.accuse(address, inconsistentResult, unknownIn(applied.value))
			p.save(planned.key, applied)
			return false
		}
		if !p.accuse(address, inconsistentResult, append(unknownIn(applied.value), incompatible(again.after, applied.value)...)) {
			return false
		}
	}
	p.save(planned.key, applied)
	p.setValue(address, applied.value)
	return true
}

// deleteDeposed plans the deletion of a deposed object again and carries it out.
func (p *phase) deleteDeposed(key objectKey) bool {
	o := p.object(key)
	if o == nil {
		return true // nothing took its place, and it took it back
	}
	if !p.planDeletion(key, o) {
		return false
	}
	p.mu.Lock()
	private := p.changes[key].private
	p.mu.Unlock()
	return p.delete(key, private)
}

// delete deletes an object.
func (p *phase) delete(key objectKey, private []byte) bool {
	o := p.object(key)
	if typeName := typeNameOf(key.address); o != nil && typeName != terraformDataType {
		of := p.resourceType(typeName)
		null := pack(cty.NullVal(of), of)
		resp, err := p.server.ApplyResourceChange(p.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
			TypeName: typeName, PriorState: pack(o.value, of), PlannedState: null, Config: null, PlannedPrivate: private, PlannedIdentity: o.identity,
		})
		value := p.value(key.address, resp.NewState, of)
		if !p.report(key.address, resp.Diagnostics, err) {
			if !value.IsNull() {
				left := *o
				left.value, left.private, left.identity = value, resp.Private, resp.NewIdentity
				p.save(key, &left)
			}
			return false
		}
		if !value.IsNull() {
			return p.accuse(key.address, inconsistentResult, []string{"the object is still there after its deletion"})
		}
	}
	p.save(key, nil)
	return true
}

// planAndApply plans a configuration and, unless that fails, applies it.
func (w *workspace) planAndApply(text string, options planOptions) []diagnostic {
	w.t.Helper()
	p := w.plan(text, options)
	if len(failed(p.diagnostics)) > 0 {
		return p.diagnostics
	}
	return append(p.diagnostics, w.apply(p)...)
}

// must plans and applies what has to succeed.
func (w *workspace) must(text string, options planOptions) {
	w.t.Helper()
	if err := errorOf(w.planAndApply(text, options)); err != nil {
		w.t.Fatal(err)
	}
}
