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
	// foreign are the entries that are not Terraform's.
	foreign entries
	// strays are those that only an exclusive batch deletes.
	strays entries
	// orphans are keys that the gateway holds and no state: a run wrote them
	// whose response was lost or which was ended.
	orphans map[string]bool
	// named counts the steps taken because an error named them.
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
	result, broken := p.apply(s)
	if broken != nil || !s.settle {
		return broken
	}
	return p.settle(result)
}

// write is done by others than Terraform, to an entry that is foreign or
// declared. In a shortened history it may be neither any more.
func (p *player) write(key string, n int) {
	_, isForeign := foreign[key]
	_, isDeclared := p.last.declared[key]
	switch {
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

// settle applies the step's configuration, with nothing that goes wrong, until
// the run succeeds: three times at most, or once more after the step that an
// error names. The plan is empty then.
func (p *player) settle(result ran) *broken {
	again := step{
		declared: result.step.declared, createBeforeDestroy: result.step.createBeforeDestroy,
		exclusive: result.step.exclusive, moved: result.step.moved,
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
		p.named++
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
	p.last = s
	return result, broken
}

func (p *player) world() world {
	return world{gateway: p.gateway.Entries("flags"), state: stateObjects(p.t, p.w)}
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

func (w world) keysInState() map[string]bool {
	keys := map[string]bool{}
	for _, object := range w.state {
		for key := range object.entries {
			keys[key] = true
		}
	}
	return keys
}
