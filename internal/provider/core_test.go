package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// workspace does in the test's process what Terraform does in a directory with a
// configuration and a state: it speaks Terraform's protocol to the provider, a
// fresh one for each phase, hands values, private state and identities from call
// to call as Terraform does, and holds the provider to the same rules. What
// breaks one of them fails the test.
type workspace struct {
	t         *testing.T
	state     state
	outputs   map[string]cty.Value
	variables map[string]cty.Value // besides their defaults
	// next chooses which of the calls that are ready comes next, one at a time;
	// nil for up to ten at once.
	next func(ready []string) int
	// stop interrupts an apply once it is closed, with isKilled before what is under
	// way can be saved.
	stop     <-chan struct{}
	isKilled bool
}

// state is what a state file has: objects by their addresses.
type state map[objectKey]*object

// objectKey is the address of an instance, and the number of a deposed object of
// its or 0.
type objectKey struct {
	address string
	deposed int
}

type object struct {
	value               cty.Value
	private             []byte
	identity            *tfprotov6.ResourceIdentityData
	tainted             bool
	dependsOn           []string // blocks
	createBeforeDestroy bool
}

// change is one of a plan.
type change struct {
	key           objectKey
	block         *block // nil for what is not declared
	action        action
	before, after cty.Value
	private       []byte
	identity      *tfprotov6.ResourceIdentityData
	config        cty.Value
}

type action string

const (
	noOp               action = "no-op"
	create             action = "create"
	update             action = "update"
	deletion           action = "delete"
	deleteBeforeCreate action = "delete, create"
	createBeforeDelete action = "create, delete"
	readDuringApply    action = "read"
	terraformDataType         = "terraform_data"
	invalidPlan               = "Provider produced invalid plan"
	inconsistentPlan          = "Provider produced inconsistent final plan"
	inconsistentResult        = "Provider produced inconsistent result after apply"
)

// plan is what a plan file has, and what Terraform said while planning.
type plan struct {
	configuration *configuration
	changes       map[objectKey]*change
	prior         state // after the refresh
	outputs       map[string]cty.Value
	outputsBefore map[string]cty.Value
	diagnostics   []diagnostic
}

// planOptions are Terraform's of the same names. With orphansFirst, the deletion of
// an orphan is planned before it is read, as Terraform 1.11 does.
type planOptions struct {
	noRefresh, destroy, refreshOnly, minimalRefresh, orphansFirst bool
	replace, targets                                              []string
}

func newWorkspace(t *testing.T) *workspace {
	return &workspace{t: t, state: state{}, outputs: map[string]cty.Value{}}
}

func (w *workspace) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// failed returns the errors among diagnostics.
func failed(diagnostics []diagnostic) (texts []string) {
	for _, d := range diagnostics {
		if d.severity == "Error" {
			texts = append(texts, d.String())
		}
	}
	return texts
}

// plan validates a configuration and plans it, each with a provider of its own.
func (w *workspace) plan(text string, options planOptions) *plan {
	w.t.Helper()
	parsed, diagnostics := parse(text, w.variables)
	if diagnostics.HasErrors() {
		p := &phase{workspace: w}
		p.reportHCL("", diagnostics)
		return &plan{diagnostics: p.diagnostics}
	}
	validation := w.begin(parsed)
	validation.validate()
	if len(failed(validation.diagnostics)) > 0 {
		return &plan{diagnostics: validation.diagnostics}
	}
	prior, said := w.state, validation.diagnostics
	if !options.destroy || !options.noRefresh {
		p := w.begin(parsed)
		p.planAll(options)
		outputs := p.evaluateOutputs()
		said = append(said, p.diagnostics...)
		if !options.destroy || len(failed(said)) > 0 {
			return &plan{parsed, p.changes, p.state, outputs, w.outputs, said}
		}
		prior = p.state
	}
	p := w.begin(parsed)
	p.planDestroy(prior)
	return &plan{parsed, p.changes, p.state, nil, w.outputs, append(said, p.diagnostics...)}
}

// validate validates what is written, while nothing is known.
func (p *phase) validate() {
	p.validating = true
	if p.needsProvider() {
		p.configure()
	}
	for _, address := range slices.Sorted(maps.Keys(p.configuration.blocks)) {
		b := p.configuration.blocks[address]
		schema := p.schemaOf(b)
		if schema == nil {
			p.accuse(address, "Invalid resource type", []string{b.typeName})
			continue
		}
		own := map[string]cty.Value{
			"count": cty.ObjectVal(map[string]cty.Value{"index": cty.UnknownVal(cty.Number)}),
			"each":  cty.ObjectVal(map[string]cty.Value{"key": cty.UnknownVal(cty.String), "value": cty.DynamicVal}),
		}
		if config, diagnostics := evaluate(b.body, schema, p.scope(own)); p.reportHCL(address, diagnostics) {
			p.validateBlock(b, address, config)
		}
	}
}

func (p *phase) validateBlock(b *block, address string, config cty.Value) bool {
	if b.typeName == terraformDataType {
		return true
	}
	packed := pack(config, objectType(p.schemaOf(b).Block.Attributes, false))
	switch b.kind {
	case "data":
		resp, err := p.server.ValidateDataResourceConfig(p.t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{TypeName: b.typeName, Config: packed})
		return p.report(address, resp.Diagnostics, err)
	case "ephemeral":
		resp, err := p.server.ValidateEphemeralResourceConfig(p.t.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: b.typeName, Config: packed})
		return p.report(address, resp.Diagnostics, err)
	}
	resp, err := p.server.ValidateResourceConfig(p.t.Context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: b.typeName, Config: packed, ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
	})
	return p.report(address, resp.Diagnostics, err)
}

// start loads a state, and returns a node for the provider's configuration, with
// the instances of all blocks expanded.
func (p *phase) start(from state) map[string]*node {
	for key, o := range from {
		loaded := *o
		if value := p.upgrade(key, o); value != cty.NilVal {
			loaded.value = value
		}
		p.state[key] = &loaded
	}
	for address, b := range p.configuration.blocks {
		instances, diagnostics := b.instances(p.scope(nil))
		p.reportHCL(address, diagnostics)
		p.instances[address] = instances
	}
	if !p.needsProvider() {
		return map[string]*node{}
	}
	return map[string]*node{"configure": {after: p.nodesOf(p.configuration.references(p.configuration.provider)), run: p.configure}}
}

// needsProvider reports whether anything of the provider's is declared or in the
// state: else Terraform does not configure it.
func (p *phase) needsProvider() bool {
	for _, b := range p.configuration.blocks {
		if b.typeName != terraformDataType {
			return true
		}
	}
	for key := range p.state {
		if typeNameOf(key.address) != terraformDataType {
			return true
		}
	}
	return false
}

// before names the nodes that come before those of a block.
func (p *phase) before(b *block) []string {
	if b.typeName == terraformDataType {
		return p.nodesOf(b.dependsOn)
	}
	return append(p.nodesOf(b.dependsOn), "configure")
}

// nodesOf names the nodes of all instances of blocks.
func (p *phase) nodesOf(blocks []string) (names []string) {
	for _, address := range blocks {
		for key := range p.instances[address] {
			names = append(names, address+key)
		}
	}
	return names
}

// upgrade reads an object as it was written to the state file.
func (p *phase) upgrade(key objectKey, o *object) cty.Value {
	typeName := typeNameOf(key.address)
	schema := p.schemas.ResourceSchemas[typeName]
	if schema == nil {
		return cty.NilVal
	}
	of := p.resourceType(typeName)
	written, err := ctyjson.Marshal(o.value, of)
	p.check(err)
	resp, err := p.server.UpgradeResourceState(p.t.Context(), &tfprotov6.UpgradeResourceStateRequest{TypeName: typeName, Version: schema.Version, RawState: &tfprotov6.RawState{JSON: written}})
	if !p.report(key.address, resp.Diagnostics, err) {
		return cty.NilVal
	}
	return p.value(key.address, resp.UpgradedState, of)
}

func typeNameOf(address string) string {
	typeName, _, _ := strings.Cut(address, ".")
	return typeName
}

// blockOf returns the address of an instance's block.
func blockOf(address string) string {
	block, _, _ := strings.Cut(address, "[")
	return block
}

func (p *phase) planAll(options planOptions) {
	nodes := p.start(p.workspace.state)
	for _, from := range p.configuration.removed {
		maps.DeleteFunc(p.state, func(key objectKey, _ *object) bool { return blockOf(key.address) == from || key.address == from })
	}
	for _, moved := range p.configuration.moved {
		p.move(moved[0], moved[1])
	}
	for address, b := range p.configuration.blocks {
		for key, own := range p.instances[address] {
			nodes[address+key] = &node{after: p.before(b), run: func() bool { return p.planInstance(b, address+key, key, own, options) }}
		}
	}
	for key, o := range p.state {
		if b := p.configuration.blocks[blockOf(key.address)]; key.deposed > 0 || b == nil || nodes[key.address] == nil {
			if strings.HasPrefix(key.address, "data.") {
				delete(p.state, key)
				continue
			}
			nodes[fmt.Sprint("orphan ", key)] = &node{after: []string{"configure"}, run: func() bool {
				refreshed, ok := o, !options.orphansFirst || p.planDeletion(key, o)
				if ok && !options.noRefresh {
					refreshed, ok = p.refresh(key, o)
				}
				if refreshed == nil || options.refreshOnly {
					p.mu.Lock()
					delete(p.changes, key)
					p.mu.Unlock()
				}
				return ok && (refreshed == nil || options.refreshOnly || options.orphansFirst || p.planDeletion(key, refreshed))
			}}
		}
	}
	if len(options.targets) > 0 {
		p.keepTargets(nodes, options.targets)
	}
	p.walk(nodes)
}

// keepTargets removes the nodes that are neither a target's nor of what it depends
// on.
func (p *phase) keepTargets(nodes map[string]*node, targets []string) {
	isKept := map[string]bool{}
	var keep func(string)
	keep = func(block string) {
		if isKept[block] = true; p.configuration.blocks[block] != nil {
			for _, other := range p.configuration.blocks[block].dependsOn {
				keep(other)
			}
		}
	}
	for _, target := range targets {
		keep(target)
	}
	maps.DeleteFunc(nodes, func(name string, _ *node) bool {
		address := strings.Fields(strings.TrimPrefix(name, "orphan {"))[0]
		return name != "configure" && !isKept[blockOf(address)]
	})
}

func (p *phase) planDestroy(prior state) {
	nodes := p.start(prior)
	// What the provider's configuration refers to is what it was.
	p.takeValues()
	for key, o := range p.state {
		if strings.HasPrefix(key.address, "data.") {
			delete(p.state, key)
		} else {
			nodes[fmt.Sprint("destroy ", key)] = &node{after: []string{"configure"}, run: func() bool { return p.planDeletion(key, o) }}
		}
	}
	p.walk(nodes)
}

// takeValues makes the values of the state those of the blocks.
func (p *phase) takeValues() {
	for key, o := range p.state {
		if key.deposed == 0 {
			p.setValue(key.address, o.value)
		}
	}
}

func (p *phase) setValue(address string, value cty.Value) {
	p.mu.Lock()
	defer p.mu.Unlock()
	block := blockOf(address)
	if p.values[block] == nil {
		p.values[block] = map[string]cty.Value{}
	}
	p.values[block][strings.TrimPrefix(address, block)] = value
}

func (p *phase) object(key objectKey) *object {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state[key]
}

// save writes an object to the state; nil removes it.
func (p *phase) save(key objectKey, o *object) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isKilled && p.isStopped() {
		return
	}
	if p.state[key] = o; o == nil {
		delete(p.state, key)
	}
}

// refresh reads an object, and returns nil for one that is gone.
func (p *phase) refresh(key objectKey, o *object) (*object, bool) {
	typeName := typeNameOf(key.address)
	if typeName == terraformDataType {
		return o, true
	}
	of := p.resourceType(typeName)
	resp, err := p.server.ReadResource(p.t.Context(), &tfprotov6.ReadResourceRequest{TypeName: typeName, CurrentState: pack(o.value, of), Private: o.private, CurrentIdentity: o.identity})
	if !p.report(key.address, resp.Diagnostics, err) {
		return o, false
	}
	value := p.value(key.address, resp.NewState, of)
	if value.IsNull() {
		p.save(key, nil)
		return nil, true
	}
	refreshed := *o
	refreshed.value, refreshed.private, refreshed.identity = value, resp.Private, resp.NewIdentity
	p.save(key, &refreshed)
	return &refreshed, true
}

func (p *phase) record(c *change) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changes[c.key] = c
	return true
}

func (p *phase) planDeletion(key objectKey, o *object) bool {
	null := cty.NullVal(o.value.Type())
	c := &change{key: key, action: deletion, before: o.value, after: null, private: o.private, identity: o.identity}
	if typeName := typeNameOf(key.address); typeName != terraformDataType {
		of := p.resourceType(typeName)
		resp, err := p.server.PlanResourceChange(p.t.Context(), &tfprotov6.PlanResourceChangeRequest{
			TypeName: typeName, PriorState: pack(o.value, of), ProposedNewState: pack(null, of), Config: pack(null, of), PriorPrivate: o.private, PriorIdentity: o.identity,
		})
		if !p.report(key.address, resp.Diagnostics, err) {
			return false
		}
		if planned := p.value(key.address, resp.PlannedState, of); !planned.IsNull() {
			return p.accuse(key.address, invalidPlan, []string{"planned a value for an object that is to be destroyed"})
		}
		c.private = resp.PlannedPrivate
	}
	return p.record(c)
}

// planInstance refreshes an instance of a block and plans it.
func (p *phase) planInstance(b *block, address, key string, own map[string]cty.Value, options planOptions) bool {
	if b.kind != "resource" {
		return p.read(b, address, own, false)
	}
	prior := p.object(objectKey{address, 0})
	if id := p.configuration.imports[address]; id != nil && prior == nil {
		value, diagnostics := id.Value(p.scope(nil))
		if !p.reportHCL(address, diagnostics) || !p.importObject(address, value.AsString(), nil) {
			return false
		}
		prior = p.object(objectKey{address, 0})
	} else if prior != nil && !options.noRefresh {
		if options.minimalRefresh {
			if c := p.planChange(b, address, own, prior, false); c == nil || c.action == noOp {
				p.setValue(address, prior.value)
				return c != nil && p.record(c)
			}
		}
		refreshed, ok := p.refresh(objectKey{address, 0}, prior)
		if !ok {
			return false
		}
		prior = refreshed
	}
	if options.refreshOnly {
		if prior != nil {
			p.setValue(address, prior.value)
		}
		return true
	}
	replace := slices.Contains(options.replace, address) || slices.ContainsFunc(b.triggers, func(other string) bool { return p.changesIn(other, false) })
	c := p.planChange(b, address, own, prior, replace)
	if c == nil {
		return false
	}
	p.setValue(address, c.after)
	return p.record(c)
}

// changesIn reports whether an instance of a block is planned to be changed, or also
// to be created.
func (p *phase) changesIn(block string, orCreated bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, c := range p.changes {
		if blockOf(key.address) == block && key.deposed == 0 && c.action != noOp && (c.action != create || orCreated) {
			return true
		}
	}
	return false
}

// planChange plans an instance from its prior object, nil for none.
func (p *phase) planChange(b *block, address string, own map[string]cty.Value, prior *object, replace bool) *change {
	config, diagnostics := evaluate(b.body, p.schemaOf(b), p.scope(own))
	if !p.reportHCL(address, diagnostics) || !p.validateBlock(b, address, config) {
		return nil
	}
	replacement := deleteBeforeCreate
	if b.createBeforeDestroy {
		replacement = createBeforeDelete
	}
	null := cty.NullVal(p.resourceType(b.typeName))
	c := &change{key: objectKey{address, 0}, block: b, config: config, before: null}
	if prior == nil || prior.tainted {
		if !p.callPlan(c, null, nil, nil) {
			return nil
		}
		if c.action = create; prior != nil {
			c.action, c.before = replacement, prior.value
		}
		return c
	}
	c.before = prior.value
	if !p.callPlan(c, prior.value, prior.private, prior.identity) {
		return nil
	}
	switch {
	case replace || c.action == deleteBeforeCreate:
		c.action = replacement
		if !p.callPlan(c, null, c.private, prior.identity) {
			return nil
		}
		c.action = replacement
	case equal(c.after, prior.value):
		c.action = noOp
	default:
		c.action = update
	}
	return c
}

// callPlan has the provider plan a change. The action is deleteBeforeCreate if it
// requires a replacement.
func (p *phase) callPlan(c *change, prior cty.Value, private []byte, identity *tfprotov6.ResourceIdentityData) bool {
	attributes := p.schemaOf(c.block).Block.Attributes
	var required []string
	if c.block.typeName == terraformDataType {
		c.after = planTerraformData(prior, c.config)
		required = []string{"triggers_replace"}
	} else {
		of := p.resourceType(c.block.typeName)
		resp, err := p.server.PlanResourceChange(p.t.Context(), &tfprotov6.PlanResourceChangeRequest{
			TypeName: c.block.typeName, PriorState: pack(prior, of), Config: pack(c.config, of), ProposedNewState: pack(proposed(attributes, prior, c.config), of),
			PriorPrivate: private, PriorIdentity: identity,
		})
		if !p.report(c.key.address, resp.Diagnostics, err) {
			return false
		}
		c.after, c.private, c.identity = p.value(c.key.address, resp.PlannedState, of), resp.PlannedPrivate, resp.PlannedIdentity
		if !p.accuse(c.key.address, invalidPlan, invalid(attributes, prior, c.config, c.after)) {
			return false
		}
		for _, at := range resp.RequiresReplace {
			required = append(required, string(at.Steps()[0].(tftypes.AttributeName)))
		}
	}
	for _, name := range required {
		switch {
		case prior.IsNull():
		case !equal(prior.GetAttr(name), c.after.GetAttr(name)):
			c.action = deleteBeforeCreate
		case c.block.typeName != terraformDataType: // Terraform ignores this, other clients may not
			return p.accuse(c.key.address, invalidPlan, []string{name + " requires a replacement without a change"})
		}
	}
	return true
}

// read reads a data source, if all is known that it depends on, or opens an
// ephemeral resource.
func (p *phase) read(b *block, address string, own map[string]cty.Value, applying bool) bool {
	attributes := p.schemaOf(b).Block.Attributes
	config, diagnostics := evaluate(b.body, p.schemaOf(b), p.scope(own))
	if !p.reportHCL(address, diagnostics) || !p.validateBlock(b, address, config) {
		return false
	}
	of := objectType(attributes, false)
	if !applying && (!config.IsWhollyKnown() || slices.ContainsFunc(b.explicit, func(other string) bool { return p.changesIn(other, true) })) {
		planned := config.AsValueMap()
		for _, attribute := range attributes {
			if attribute.Computed && planned[attribute.Name].IsNull() {
				planned[attribute.Name] = cty.UnknownVal(typeOf(attribute, false))
			}
		}
		p.setValue(address, cty.ObjectVal(planned))
		return b.kind == "ephemeral" || p.record(&change{key: objectKey{address, 0}, block: b, action: readDuringApply, before: cty.NullVal(of), after: cty.ObjectVal(planned)})
	}
	var result *tfprotov6.DynamicValue
	if b.kind == "ephemeral" {
		resp, err := p.server.OpenEphemeralResource(p.t.Context(), &tfprotov6.OpenEphemeralResourceRequest{TypeName: b.typeName, Config: pack(config, of)})
		if !p.report(address, resp.Diagnostics, err) {
			return false
		}
		result = resp.Result
	} else {
		resp, err := p.server.ReadDataSource(p.t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: b.typeName, Config: pack(config, of)})
		if !p.report(address, resp.Diagnostics, err) {
			return false
		}
		result = resp.State
	}
	value := p.value(address, result, of)
	p.setValue(address, value)
	if b.kind == "data" {
		p.save(objectKey{address, 0}, &object{value: value})
	}
	return p.accuse(address, "Provider produced invalid object", unknownIn(value))
}

// evaluateOutputs returns the outputs as far as they are known.
func (p *phase) evaluateOutputs() map[string]cty.Value {
	outputs := map[string]cty.Value{}
	if len(failed(p.diagnostics)) > 0 {
		return outputs
	}
	for name, expression := range p.configuration.outputs {
		value, diagnostics := expression.Value(p.scope(nil))
		if p.reportHCL("output."+name, diagnostics) {
			outputs[name] = value
		}
	}
	return outputs
}
