package provider_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// player applies a history and checks the promises after every run.
type player struct {
	t       *testing.T
	gateway *mockgateway.Server
	directory
	story strings.Builder

	// The apply under way: what has come of it, the requests that are in it already,
	// and what others write.
	random   *rand.Rand
	events   []event
	requests int
	calls    int
	during   []foreignWrite
}

// event is one of an apply: a call of Terraform's begins, a request, or a write of
// others, with what the gateway holds after it.
type event struct {
	call    string
	request *mockgateway.Request
	write   string
	after   world
}

// ran is how one step was planned and applied.
type ran struct {
	step    step
	planned plannedRun
	said    []diagnostic // by both
	events  []event
	// plannedCalls are those of the plan, in their order, if that was drawn.
	plannedCalls []string
	// before is the state before it, and after that after it.
	before, after []heldObject
	// gatewayPlanned is what the gateway held when the step was planned, then before
	// the apply, and after it.
	gatewayPlanned, gatewayBefore, gatewayAfter world
	ended                                       bool // before its time
}

func (r *ran) failed() bool { return len(failed(r.said)) > 0 || r.ended }

// playHistory plays a history in the test's process until a promise is broken.
func playHistory(t *testing.T, h history) (*player, *broken) {
	t.Helper()
	w := newWorkspace(t)
	gateway := newGateway(t)
	p := &player{t: t, gateway: gateway, directory: &inProcess{workspace: w, configured: func(text string) string { return withProvider(gateway, text) }}}
	p.random = rand.New(rand.NewPCG(h.seed, 1))
	return p, p.play(h)
}

func (p *player) play(h history) *broken {
	for i, key := range foreign {
		p.write(key, i+1)
	}
	for i, s := range h.steps {
		fmt.Fprintf(&p.story, "step %d\n%s", i+1, s)
		broken := p.playStep(s)
		if broken != nil {
			broken.step = i + 1
			return broken
		}
	}
	return nil
}

func (p *player) playStep(s step) *broken {
	for key, n := range s.outside {
		p.write(key, n)
	}
	if s.refreshOnly {
		options := s.options
		options.refreshOnly, options.noRefresh, options.replace = true, false, nil
		if _, broken := p.run(step{declared: s.declared, forgotten: s.forgotten, moved: s.moved, exclusive: s.exclusive, except: s.except, gate: s.gate, gated: s.gated, options: options, inOrder: s.inOrder}); broken != nil {
			return broken
		}
	}
	r, broken := p.run(s)
	if broken != nil || !s.settle {
		return broken
	}
	return p.settle(r)
}

// world returns what the gateway holds.
func (p *player) world() world { return worldOf(p.gateway.Entries("flags")) }

// write is done by others: to an entry, or a property of one. 0 deletes.
func (p *player) write(key string, n int) {
	entry, path, _ := strings.Cut(key, "#")
	if path == "" {
		if n == 0 {
			p.gateway.DeleteEntry("flags", entry)
		} else {
			p.gateway.PutEntry("flags", entry, valueOf(key, n))
		}
		return
	}
	held := p.world()
	maps.DeleteFunc(held, func(other, _ string) bool { return entryOf(other) != entry })
	delete(held, entry)
	if held[key] = valueOf(key, n); n == 0 {
		delete(held, key)
	}
	if len(held) == 0 {
		p.gateway.DeleteEntry("flags", entry)
	} else {
		p.gateway.PutEntry("flags", entry, wholeOf(held))
	}
}

// settle applies the step's configuration, with nothing that goes wrong, until that
// succeeds: three times at most, or after the step that an error names. The plan is
// empty then.
func (p *player) settle(last *ran) *broken {
	again := last.step
	again.options, again.failures, again.outside, again.between, again.during, again.gateFails, again.overwrite = planOptions{orphansFirst: again.options.orphansFirst}, nil, nil, nil, nil, false, nil
	if last.step.gateFails {
		again.gate++
	}
	isDone := false
	for tries := 0; !isDone; tries++ {
		if tries == 7 {
			return breaks(3, "no apply succeeds:\n%s", strings.Join(failed(last.said), "\n"))
		}
		attempt := again
		if tries >= 3 && last.failed() {
			isNamed := attempt.resolve(last.said)
			fmt.Fprintf(&p.story, "  steps that errors name: overwrite %v, except %v\n", attempt.overwrite, attempt.except)
			if !isNamed {
				return breaks(3, "no apply succeeds, and no error names a step:\n%s", strings.Join(failed(last.said), "\n"))
			}
			again.limited, again.except = attempt.limited, attempt.except
		}
		var broken *broken
		if last, broken = p.run(attempt); broken != nil {
			return broken
		}
		isDone = !last.failed() && len(attempt.overwrite) == 0
	}
	if again.exclusive != "" {
		// What has become exclusive deletes nothing before the next plan.
		var broken *broken
		if _, broken = p.run(again); broken != nil {
			return broken
		}
	}
	for _, noRefresh := range []bool{true, false} {
		planned := p.planStep(again, planOptions{noRefresh: noRefresh})
		changed := slices.DeleteFunc(planned.changes, func(c plannedChange) bool { return c.action == noOp })
		if texts := failed(planned.said); len(texts) > 0 || len(changed) > 0 {
			return breaks(3, "the plan (without a refresh: %t) after a successful apply is not empty: %v\n%v", noRefresh, changed, texts)
		}
	}
	if again.exclusive != "" && again.objects()[again.exclusive] != nil && !slices.Contains(again.limited, again.exclusive) {
		for _, key := range strays {
			if value, ok := p.world()[key]; ok {
				return breaks(1, "after two successful applies, the exclusive scope of %s still has %s = %s", again.exclusive, key, value)
			}
		}
	}
	return nil
}

// resolve makes the step what errors name as the way out.
func (s *step) resolve(said []diagnostic) (isNamed bool) {
	for _, d := range said {
		resource := blockOf(d.address)
		switch {
		case d.severity != "Error":
		case strings.Contains(d.detail, "max_deletions"):
			s.limited = slices.DeleteFunc(slices.Clone(s.limited), func(other string) bool { return other == resource })
			isNamed = true
		case strings.Contains(d.detail, "overwrite = true"):
			s.overwrite = append(slices.Clone(s.overwrite), resource)
			isNamed = true
		case strings.Contains(d.detail, "except = ["):
			_, list, _ := strings.Cut(d.detail, "except = ")
			var except []string
			if err := json.NewDecoder(strings.NewReader(list)).Decode(&except); err == nil {
				s.except, isNamed = except, true
			}
		}
	}
	return isNamed
}

// run plans a step, applies it and checks the promises.
func (p *player) run(s step) (*ran, *broken) {
	r := &ran{step: s, before: p.objects(), gatewayPlanned: p.world()}
	w, isInProcess := p.directory.(*inProcess)
	p.events, p.during, p.calls = nil, nil, 0
	if isInProcess {
		if w.next = nil; s.inOrder {
			w.next = p.next
		}
	}
	p.gateway.ResetRequests()
	p.requests = 0
	p.strike(s.failures, true)
	r.planned = p.planStep(s, s.options)
	p.gateway.ClearFaults()
	for _, e := range p.events {
		if e.call != "" {
			r.plannedCalls = append(r.plannedCalls, e.call)
		}
	}
	r.said = slices.Clone(r.planned.said)
	fmt.Fprintf(&p.story, "  planned: %s\n", titles(r.said))
	if broken := r.checkPlan(p.gateway.Requests()); broken != nil || len(failed(r.said)) > 0 {
		return r, broken
	}
	for _, key := range slices.Sorted(maps.Keys(s.between)) {
		p.write(key, s.between[key])
	}
	r.gatewayBefore = p.world()
	p.gateway.ResetRequests()
	p.events, p.requests, p.calls, p.during = nil, 0, 0, s.during
	stop := p.strike(s.failures, false)
	if isInProcess {
		w.stop = stop
		w.isKilled = slices.ContainsFunc(s.failures, func(f failure) bool { return f.kind == "kill" })
	}
	said := p.applyPlan(s)
	if isInProcess {
		select {
		case <-stop:
			r.ended = true
			p.gateway.Restart() // no request can arrive any more that was under way
		default:
		}
		w.stop = nil
	}
	p.gateway.ClearFaults()
	p.record()
	r.said, r.events = append(r.said, said...), p.events
	r.after, r.gatewayAfter = p.objects(), p.world()
	fmt.Fprintf(&p.story, "  applied, ended: %t, %s\n", r.ended, titles(said))
	for _, e := range r.events {
		switch {
		case e.call != "":
			fmt.Fprintf(&p.story, "    %s\n", e.call)
		case e.request == nil:
			fmt.Fprintf(&p.story, "      others write %s\n", e.write)
		default:
			fmt.Fprintf(&p.story, "      %s %s %s: %d\n", e.request.Method, strings.TrimPrefix(e.request.Path, "/storage/kv/"), e.request.Body, e.request.Status)
		}
	}
	return r, r.check()
}

// titles tells diagnostics in short.
func titles(said []diagnostic) string {
	var all []string
	for _, d := range said {
		all = append(all, fmt.Sprintf("%s at %s: %s", d.severity, d.address, d.summary))
	}
	slices.Sort(all)
	return fmt.Sprintf("%q", all)
}

// next draws which call comes next, after what others write before it.
func (p *player) next(ready []string) int {
	p.record()
	p.calls++
	for _, w := range p.during {
		if w.call == p.calls {
			p.write(w.key, w.n)
			p.events = append(p.events, event{write: w.key, after: p.world()})
		}
	}
	i := p.random.IntN(len(ready))
	p.events = append(p.events, event{call: ready[i]})
	return i
}

// record adds the requests that have come to the events.
func (p *player) record() {
	requests := p.gateway.Requests()
	for i := range requests[p.requests:] {
		p.events = append(p.events, event{request: &requests[p.requests+i]})
	}
	p.requests = len(requests)
}

// strike has failures happen. What it returns is closed when one ends the run.
func (p *player) strike(failures []failure, inPlan bool) (stop <-chan struct{}) {
	effects := map[string]mockgateway.Effect{
		"503": mockgateway.Respond(503, nil, `{"error":"unavailable"}`), "lost": mockgateway.LoseResponse(),
		"interrupt": mockgateway.Hang(), "kill": mockgateway.HoldResponse(),
	}
	_, isInProcess := p.directory.(*inProcess)
	for _, f := range failures {
		if f.inPlan != inPlan {
			continue
		}
		ends := f.kind == "interrupt" || f.kind == "kill"
		if ends && !isInProcess {
			continue
		}
		path := "/storage/kv/flags/entries/*"
		if f.key != "" {
			path = "/storage/kv/flags/entries/" + f.key
		}
		fault := mockgateway.Fault{Method: f.method, Path: path, After: f.after, Times: 1, Effect: effects[f.kind]}
		if f.all {
			fault.Times = 0
		}
		injection := p.gateway.Inject(fault)
		if ends {
			stop = injection.Reached(1)
		}
	}
	return stop
}
