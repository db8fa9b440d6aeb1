//go:build unix

package endtoend_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// player applies a history with Terraform and checks the promises after every
// run.
type player struct {
	t       *testing.T
	gateway *mockgateway.Server
	w       *workspace
	// last is the step that was applied last.
	last step
	// foreign are the entries, and the properties of shared ones, that are not
	// Terraform's.
	foreign entries
	// strays are those that only an exclusive batch deletes.
	strays entries
	// orphans are keys that the gateway holds and no state: a run wrote them
	// whose response was lost or which was ended.
	orphans map[string]bool
	// named counts the steps taken because an error named them, but for those that
	// overwrite properties: what somebody else has set is refused by design.
	named int
	// story is the history as it went.
	story strings.Builder
}

// ran is how one run of Terraform went, and what there was before it.
type ran struct {
	step step
	struckRun
	before world
	// between are the strays as they were written after the plan, "" for one that
	// was deleted.
	between entries
}

// world is what the gateway and the state hold.
type world struct {
	gateway entries
	state   []stateObject
}

// play plays a history until a promise is broken. It returns the player, for
// its story, and what was broken.
func play(t *testing.T, h history) (*player, *broken) {
	t.Helper()
	gateway := newGateway(t)
	gateway.SetLatency(latency)
	p := &player{t: t, gateway: gateway, w: newWorkspace(t, gateway), foreign: entries{}, strays: entries{}, orphans: map[string]bool{}}
	for key, n := range foreign {
		p.write(key, n)
	}
	p.share()
	for i, s := range h.steps {
		fmt.Fprintf(&p.story, "step %d\n%s", i+1, indent(s.String()))
		if broken := p.play(s); broken != nil {
			broken.step = i + 1
			return p, broken
		}
	}
	return p, nil
}

func (p *player) play(s step) *broken {
	for key, n := range s.outside {
		p.write(key, n)
	}
	if broken := p.refuse(s); broken != nil {
		return broken
	}
	result, broken := p.apply(s)
	if broken != nil || !s.settle {
		return broken
	}
	return p.settle(result)
}

// write is done by others than Terraform, to a property or to an entry that is
// foreign or declared. In a shortened history it may be neither any more.
func (p *player) write(key string, n int) {
	_, isForeign := foreign[key]
	_, isDeclared := p.last.declared[key]
	switch {
	case isProperty(key):
		p.writeProperty(key, n)
	case slices.Contains(strays, key):
		if n == 0 {
			delete(p.strays, key)
			p.gateway.DeleteEntry("flags", key)
		} else {
			p.strays[key] = valueOf(n)
			p.gateway.PutEntry("flags", key, valueOf(n))
		}
	case isForeign:
		p.foreign[key] = valueOf(n)
		p.gateway.PutEntry("flags", key, valueOf(n))
	case isDeclared && n == 0:
		p.gateway.DeleteEntry("flags", key)
	case isDeclared:
		p.gateway.PutEntry("flags", key, valueOf(n))
	}
}

// share writes the foreign properties.
func (p *player) share() {
	p.gateway.PutEntry("flags", sharedWithOthers, foreignProperties)
	maps.Copy(p.foreign, byProperty(entries{sharedWithOthers: foreignProperties}))
}

// writeProperty writes a property of an entry, or removes it, as others do. It is
// theirs unless the state has it.
func (p *player) writeProperty(key string, n int) {
	entry := entryOf(key)
	held := byProperty(entries{entry: p.gateway.Entries("flags")[entry]})
	maps.DeleteFunc(held, func(key, _ string) bool { return !isProperty(key) })
	if n == 0 {
		delete(held, key)
	} else {
		held[key] = valueAt(key, n)
	}
	if len(held) == 0 {
		p.gateway.DeleteEntry("flags", entry)
	} else {
		p.gateway.PutEntry("flags", entry, wholeOf(held))
	}
	switch {
	case p.world().keysInState()[key]:
	case n == 0:
		delete(p.foreign, key)
	default:
		p.foreign[key] = valueAt(key, n)
	}
}

// refuse applies the step with a resource that has all of a shared entry: then
// nothing happens.
func (p *player) refuse(s step) *broken {
	isOfEntry := func(key string) bool { return isProperty(key) && entryOf(key) == s.refused.key }
	if !slices.ContainsFunc(slices.Collect(maps.Keys(s.declared)), isOfEntry) {
		return nil
	}
	p.w.configure("  max_retries = 0", s.configuration()+s.refused.configuration())
	result := runStruck(p.t, p.gateway, p.w, nil, append([]string{"apply", "-auto-approve"}, s.pace()...)...)
	switch {
	case result.status == 0 || !result.says("KV entry managed twice"):
		return breaks(1, "all of %s and its properties in one configuration are not refused:\n%s", s.refused.key, result.output)
	case slices.ContainsFunc(result.requests, isWrite):
		return breaks(2, "all of %s and its properties in one configuration are refused, and something is written:\n%s", s.refused.key, result)
	}
	return nil
}

// settle applies the step's configuration, with nothing that goes wrong, until
// the run succeeds: three times at most, or once more after the step that an
// error names. The plan is empty then.
func (p *player) settle(result ran) *broken {
	again := step{
		declared: result.step.declared, createBeforeDestroy: result.step.createBeforeDestroy,
		exclusive: result.step.exclusive, keep: result.step.keep,
		moved: result.step.moved, forgotten: result.step.forgotten, imported: result.step.imported,
	}
	done := result.succeeded() && result.step.target == ""
	var broken *broken
	for tries := 0; !done && tries < 3; tries++ {
		if result, broken = p.apply(again); broken != nil {
			return broken
		}
		done = result.succeeded()
	}
	if !done {
		resolved, ok := again.resolve(result.outcome)
		if !ok {
			return breaks(3, "no apply succeeds, and no error names a step:\n%s", result.output)
		}
		if !isOfProperties(resolved.overwrite) {
			p.named++
		}
		fmt.Fprintf(&p.story, "  a step that the error names: overwrite %v, create_before_destroy %v\n", resolved.overwrite, resolved.createBeforeDestroy)
		for _, s := range []step{resolved, again} {
			if result, broken = p.apply(s); broken != nil {
				return broken
			}
			if !result.succeeded() {
				return breaks(3, "no apply succeeds after the step that the error named:\n%s", result.output)
			}
		}
	}
	if len(again.exclusive) > 0 {
		// A batch that has become exclusive deletes nothing before the next plan.
		if result, broken = p.apply(again); broken != nil {
			return broken
		}
		if !result.succeeded() {
			return breaks(3, "the apply after a successful one fails:\n%s", result.output)
		}
	}
	if plan := p.w.run("plan", "-detailed-exitcode"); plan.status != 0 {
		return breaks(1, "the plan after a successful apply ended with %d:\n%s", plan.status, plan.output)
	}
	return nil
}

var withAddress = regexp.MustCompile(`(?m)^[│ ]*with (quiva_\S+),$`)

// resolve returns the step with what the errors of its run name as the way out,
// for the resources that they are about.
func (s step) resolve(failed outcome) (resolved step, ok bool) {
	for _, text := range strings.Split(failed.output, "Error: ")[1:] {
		about := withAddress.FindStringSubmatch(text)
		if about == nil {
			continue
		}
		resource := resourceOf(about[1])
		switch problem := (outcome{output: text}); {
		case problem.says("overwrite = true"):
			s.overwrite = append(slices.Clone(s.overwrite), resource)
			ok = true
		case problem.says("create_before_destroy"):
			s.createBeforeDestroy = slices.DeleteFunc(slices.Clone(s.createBeforeDestroy), func(other string) bool { return other == resource })
			ok = true
		}
	}
	return s, ok
}

// apply applies a step once and checks the promises.
func (p *player) apply(s step) (ran, *broken) {
	p.w.configure("  max_retries = 0", s.configuration())
	result := p.run(s)
	fmt.Fprintf(&p.story, "  → %s\n", result)
	now := p.world()
	broken := p.check(result, now)
	p.strays = entries{}
	for _, key := range strays {
		if value, ok := now.gateway[key]; ok {
			p.strays[key] = value
		}
	}
	p.noteOrphans(result, now)
	p.noteForeign(result, now)
	p.last = s
	return result, broken
}

func (p *player) world() world {
	now := world{gateway: byProperty(p.gateway.Entries("flags")), state: stateObjects(p.t, p.w)}
	for i := range now.state {
		now.state[i].entries = owned(now.state[i].entries)
	}
	return now
}

// run runs Terraform for a step.
func (p *player) run(s step) ran {
	result := ran{step: s, before: p.world()}
	arguments := append([]string{"apply", "-auto-approve"}, s.flags()...)
	if s.saved {
		if result.outcome = p.w.run(append([]string{"plan", "-out=saved"}, s.flags()...)...); result.status != 0 {
			return result
		}
		arguments = append(append([]string{"apply"}, s.pace()...), "saved")
		result.between = entries{}
		for key, n := range s.between {
			p.write(key, n)
			result.between[key] = p.strays[key]
		}
	}
	result.struckRun = runStruck(p.t, p.gateway, p.w, s.failures, arguments...)
	return result
}

// noteOrphans keeps track of what the gateway holds and no state does because
// the provider could not know.
func (p *player) noteOrphans(result ran, now world) {
	inState := now.keysInState()
	for key := range maps.Keys(now.gateway) {
		if result.unseen(key) {
			p.orphans[key] = true
		}
	}
	maps.DeleteFunc(p.orphans, func(key string, _ bool) bool { return inState[key] || now.gateway[key] == "" })
}

// noteForeign keeps track of the properties that are others': those that objects
// have left in place and that no other one has come to have, until one does.
func (p *player) noteForeign(r ran, now world) {
	inState := now.keysInState()
	for key := range r.leftInPlace() {
		if value, held := now.gateway[key]; held {
			p.foreign[key] = value
		}
	}
	maps.DeleteFunc(p.foreign, func(key, _ string) bool { return inState[key] })
}

func (w world) keysInState() map[string]bool {
	keys := map[string]bool{}
	for _, object := range w.state {
		for key := range object.entries {
			keys[key] = true
		}
	}
	return keys
}
