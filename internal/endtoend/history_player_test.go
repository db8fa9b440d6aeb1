//go:build unix

package endtoend_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

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
	outcome
	// ended is how the run was ended before its time, and when.
	ended   ending
	endedAt time.Time
	// struck are the failures that came to pass.
	struck   []failure
	requests []mockgateway.Request
	before   world
}

// world is what the gateway and the state hold.
type world struct {
	gateway entries
	state   []stateObject
}

// play plays a history until a promise is broken. It returns the player, for
// its story, and what was broken.
func play(t *testing.T, h history) (*player, error) {
	t.Helper()
	gateway := newGateway(t)
	gateway.SetLatency(3 * time.Millisecond)
	p := &player{t: t, gateway: gateway, w: newWorkspace(t, gateway), foreign: entries{}, orphans: map[string]bool{}}
	for key, n := range foreign {
		p.write(key, n)
	}
	for i, s := range h.steps {
		fmt.Fprintf(&p.story, "step %d\n%s", i+1, indent(s.String()))
		if err := p.play(s); err != nil {
			return p, fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return p, nil
}

func (p *player) play(s step) error {
	for key, n := range s.outside {
		p.write(key, n)
	}
	result, err := p.apply(s)
	if err != nil || !s.settle {
		return err
	}
	return p.settle(result)
}

// write is done by others than Terraform.
func (p *player) write(key string, n int) {
	if _, ours := p.last.declared[key]; !ours {
		p.foreign[key] = valueOf(n)
	}
	if n == 0 {
		p.gateway.DeleteEntry("flags", key)
	} else {
		p.gateway.PutEntry("flags", key, valueOf(n))
	}
}

// settle applies the step's configuration, with nothing that goes wrong, until
// the run succeeds: three times at most, or once more after the step that an
// error names. The plan is empty then.
func (p *player) settle(result ran) error {
	again := step{declared: result.step.declared, createBeforeDestroy: result.step.createBeforeDestroy, moved: result.step.moved}
	done := result.status == 0 && result.step.target == ""
	var err error
	for tries := 0; !done && tries < 3; tries++ {
		if result, err = p.apply(again); err != nil {
			return err
		}
		done = result.status == 0
	}
	if !done {
		resolved, ok := again.resolve(result.outcome)
		if !ok {
			return fmt.Errorf("promise 3: no apply succeeds, and no error names a step:\n%s", result.output)
		}
		p.named++
		fmt.Fprintf(&p.story, "  a step that the error names: overwrite %v, create_before_destroy %v\n", resolved.overwrite, resolved.createBeforeDestroy)
		for _, s := range []step{resolved, again} {
			if result, err = p.apply(s); err != nil {
				return err
			}
			if result.status != 0 {
				return fmt.Errorf("promise 3: no apply succeeds after the step that the error named:\n%s", result.output)
			}
		}
	}
	if plan := p.w.run("plan", "-detailed-exitcode"); plan.status != 0 {
		return fmt.Errorf("promise 1: the plan after a successful apply ended with %d:\n%s", plan.status, plan.output)
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
		case problem.says("create_before_destroy"):
			s.createBeforeDestroy = slices.DeleteFunc(slices.Clone(s.createBeforeDestroy), func(other string) bool { return other == resource })
			ok = true
		case problem.says("overwrite = true"):
			s.overwrite = append(slices.Clone(s.overwrite), resource)
			ok = true
		}
	}
	return s, ok
}

// apply applies a step once and checks the promises.
func (p *player) apply(s step) (ran, error) {
	p.w.configure("  max_retries = 0", s.configuration())
	result := p.run(s)
	fmt.Fprintf(&p.story, "  → %s\n", result)
	err := p.check(result)
	p.noteOrphans(result)
	p.last = s
	return result, err
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
	}
	p.gateway.ResetRequests()
	// The one that ends the run, if any, and a channel that otherwise waits for
	// ever.
	var reached <-chan struct{}
	injections := make([]*mockgateway.Injection, len(s.failures))
	for i, f := range s.failures {
		fault := mockgateway.Fault{Method: f.method, Path: entryPath("*"), After: f.after, Times: 1, Effect: failureKinds[f.kind].effect}
		if f.key != "" {
			fault.Path = entryPath(f.key)
		}
		injections[i] = p.gateway.Inject(fault)
		if failureKinds[f.kind].ends != goesOn {
			reached = injections[i].Reached(1)
		}
	}

	command, output := p.w.command(arguments...)
	start(p.t, command)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait() // its exit status says it too
	}()
	select {
	case <-ended:
	case <-reached:
		result.ended, result.endedAt = s.ends(), time.Now()
		if result.ended == kill {
			killBetweenStates(p.t, p.w, command)
		} else if err := syscall.Kill(-command.Process.Pid, syscall.SIGINT); err != nil {
			p.t.Fatal(err)
		}
		<-ended
	}
	result.outcome = outcome{command.ProcessState.ExitCode(), output.String()}
	waitFor(p.t, "the gateway to have handled every request", func() bool {
		result.requests = p.gateway.RequestsTo("", entryPath("*"))
		return !slices.ContainsFunc(result.requests, func(r mockgateway.Request) bool { return r.Duration == 0 })
	})
	for i, injection := range injections {
		if injection.Hits() > 0 {
			result.struck = append(result.struck, s.failures[i])
		}
	}
	p.gateway.ClearFaults()
	return result
}

// unseen reports whether the run may have written or deleted an entry without
// knowing.
func (r ran) unseen(key string) bool {
	return slices.ContainsFunc(r.requestsOf(key), func(request mockgateway.Request) bool {
		if request.Method == "GET" {
			return false
		}
		return request.Status == 0 || r.ended == kill || r.ended == interrupt && request.Start.Add(request.Duration).After(r.endedAt)
	})
}

// requestsOf returns the requests about an entry, in the order of their arrival.
func (r ran) requestsOf(key string) []mockgateway.Request {
	return slices.DeleteFunc(slices.Clone(r.requests), func(request mockgateway.Request) bool { return request.Path != entryPath(key) })
}

// noteOrphans keeps track of what the gateway holds and no state does because
// the provider could not know.
func (p *player) noteOrphans(result ran) {
	now := p.world()
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

// String tells the outcome of a run in short: the errors' titles and the writes.
func (r ran) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s with status %d", map[ending]string{goesOn: "ended", interrupt: "interrupted, ended", kill: "killed"}[r.ended], r.status)
	for _, line := range strings.Split(r.output, "\n") {
		if _, title, ok := strings.Cut(line, "Error: "); ok {
			fmt.Fprintf(&text, "; %s", title)
		}
	}
	for _, request := range r.requests {
		if request.Method != "GET" {
			fmt.Fprintf(&text, "\n    %s %s: %d", request.Method, strings.TrimPrefix(request.Path, entryPath("")), request.Status)
		}
	}
	return text.String()
}
