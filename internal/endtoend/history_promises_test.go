//go:build unix

package endtoend_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// broken is a promise that a run has broken: 1 is about those that succeed, 2
// about all others, 3 that the next ones converge, and 0 that the provider has
// no defects.
type broken struct {
	promise, step int
	what          string
}

func breaks(promise int, format string, arguments ...any) *broken {
	return &broken{promise: promise, what: fmt.Sprintf(format, arguments...)}
}

func (b *broken) String() string {
	return fmt.Sprintf("promise %d at step %d: %s", b.promise, b.step, b.what)
}

// check returns which promise a run has broken by what is there now, or nil.
func (p *player) check(r ran, now world) *broken {
	for _, defect := range []string{"panic:", "inconsistent result", "invalid result", "crashed", "DATA RACE", "provider bug", "Provider produced"} {
		if r.says(defect) {
			return breaks(0, "the provider misbehaved:\n%s", r.output)
		}
	}
	for key, value := range p.foreign {
		held := now.gateway[key]
		isOverwritten := r.step.overwrites(key) && held == r.step.entries()[key]
		if held != value && !isOverwritten {
			return breaks(2, "the foreign entry %s is %q, want %q", key, held, value)
		}
	}
	for key, value := range r.leftInPlace() {
		if _, isDeclared := r.step.declared[key]; !isDeclared && now.gateway[key] != value {
			return breaks(2, "%s, which is left in place, is %q, want %q", key, now.gateway[key], value)
		}
	}
	if broken := p.checkStrays(r, now); broken != nil {
		return broken
	}
	if r.succeeded() && r.step.target == "" {
		if broken := checkShown(r); broken != nil {
			return broken
		}
		return p.checkComplete(r, now)
	}
	return checkNothingLost(r, p.last, now)
}

// overwrites reports whether a step may write over what others have at a key.
func (s step) overwrites(key string) bool {
	declared, ok := s.declared[key]
	return ok && slices.Contains(s.overwrite, resourceOf(declared.address))
}

// leftInPlace returns the properties that objects of the state let go without
// removing them, as the gateway held them before the run.
func (r ran) leftInPlace() entries {
	left := entries{}
	for _, object := range r.before.state {
		for key := range object.entries {
			isElsewhere := slices.ContainsFunc(r.before.state, func(other stateObject) bool {
				_, ok := other.entries[key]
				return ok && (other.address != object.address || other.deposed != object.deposed)
			})
			value, held := r.before.gateway[key]
			if isProperty(key) && held && !isElsewhere && r.step.leavesInPlace(object, key) {
				left[key] = value
			}
		}
	}
	return left
}

// leavesInPlace reports whether a step forgets an object, or destroys one that
// keeps what it has.
func (s step) leavesInPlace(object stateObject, key string) bool {
	if slices.Contains(s.forgotten, resourceOf(object.address)) {
		return true
	}
	address := object.address
	if i := slices.IndexFunc(s.moved, func(m move) bool { return m.from == address }); i >= 0 {
		address = s.moved[i].to
	}
	isDestroyed := object.deposed || object.tainted || s.replace == address || anEntryOf(s.objects()[address]) != entryOf(key)
	return object.keeps && isDestroyed
}

// checkStrays: only an object that was exclusive before deletes undeclared
// entries, and only those that its plan saw. If the run succeeded, it has.
func (p *player) checkStrays(r ran, now world) *broken {
	mayPrune, hasPruned := r.pruning()
	for _, key := range strays {
		planned, value := r.before.gateway[key], p.strays[key]
		_, changed := r.between[key]
		changed = changed && value != planned
		isDue := hasPruned && value != "" && !changed
		switch held := now.gateway[key]; {
		case held == value && !isDue:
		case held == value:
			return breaks(1, "after a successful apply, the gateway still has %s, which is undeclared", key)
		case held != "" || !mayPrune || changed:
			return breaks(2, "the undeclared entry %s is %q, want %q", key, held, value)
		}
	}
	return nil
}

// pruning reports whether the run may have deleted what is undeclared, and
// whether it must have.
func (r ran) pruning() (mayPrune, hasPruned bool) {
	for _, object := range r.before.state {
		if !object.exclusive || object.deposed || !slices.Contains(r.step.exclusive, object.address) || !r.step.targets(object.address) {
			continue
		}
		mayPrune = true
		_, stays := r.step.objects()[object.address]
		isReplaced := object.tainted || r.step.replace == object.address
		// An object leaves the state if another one holds all that it does.
		isAlone := !slices.ContainsFunc(r.before.state, func(other stateObject) bool {
			return (other.address != object.address || other.deposed) && shares(object.entries, other.entries)
		})
		hasPruned = hasPruned || r.succeeded() && stays && !isReplaced && isAlone
	}
	return mayPrune, hasPruned
}

// shares reports whether two objects hold one entry.
func shares(a, b entries) bool {
	for key := range a {
		if _, ok := b[key]; ok {
			return true
		}
	}
	return false
}

// checkComplete: the gateway holds what is declared and what is foreign, and the
// state what is declared.
func (p *player) checkComplete(r ran, now world) *broken {
	want := r.leftInPlace()
	maps.Copy(want, p.foreign)
	maps.Copy(want, r.step.entries())
	isLeft := maps.Clone(p.orphans)
	if isLeft == nil {
		isLeft = map[string]bool{}
	}
	for _, key := range strays {
		isLeft[key] = true // or not: see checkStrays
	}
	for key := range isLeft {
		_, declared := want[key]
		if value, held := now.gateway[key]; held && !declared {
			want[key] = value
		}
	}
	if !maps.Equal(now.gateway, want) {
		return breaks(1, "after a successful apply, the gateway %s", difference(now.gateway, want))
	}
	objects := r.step.objects()
	for _, object := range now.state {
		if object.deposed || object.tainted {
			return breaks(1, "after a successful apply, the state has %s", object)
		}
		if !maps.Equal(object.entries, objects[object.address]) {
			return breaks(1, "after a successful apply, %s of the state %s", object.address, difference(object.entries, objects[object.address]))
		}
		delete(objects, object.address)
	}
	if len(objects) > 0 {
		return breaks(1, "after a successful apply, the state lacks %v", slices.Sorted(maps.Keys(objects)))
	}
	return nil
}

// checkShown: whatever a run makes of the gateway, its plan has shown for the
// object that does it. The plan that is saved is not in the output.
func checkShown(r ran) *broken {
	if r.step.saved {
		return nil
	}
	for key, declared := range r.step.declared {
		held, want := r.before.gateway[key], valueAt(key, declared.n)
		if held != want && !strings.Contains(r.output, "# "+declared.address+" ") {
			return breaks(1, "%s was %q, not %s, which the plan has not shown", key, held, want)
		}
	}
	return nil
}

// difference says in which keys what is held differs from what is wanted.
func difference(held, want entries) string {
	var differences []string
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if value, ok := held[key]; !ok {
			differences = append(differences, "lacks "+key)
		} else if value != want[key] {
			differences = append(differences, fmt.Sprintf("has %s = %s, not %s", key, value, want[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(held)) {
		if _, ok := want[key]; !ok {
			differences = append(differences, "still has "+key)
		}
	}
	return strings.Join(differences, ", ")
}

// checkNothingLost: no entry that is declared before and after is gone, and the
// state is what the gateway holds. A targeted run that succeeded has done what
// it was about.
func checkNothingLost(r ran, last step, now world) *broken {
	for _, key := range slices.Sorted(maps.Keys(r.step.declared)) {
		declared := r.step.declared[key]
		if !r.step.targets(declared.address) {
			continue // Terraform tells nobody that it is declared
		}
		if want := valueAt(key, declared.n); r.succeeded() && now.gateway[key] != want {
			return breaks(1, "after a successful apply with a -target, the gateway has %s = %q, not %s", key, now.gateway[key], want)
		}
		_, declaredBefore := last.declared[key]
		if declaredBefore && r.before.gateway[key] != "" && now.gateway[key] == "" && !r.wroteInVain(key) && !r.neverReplaced(declared.address, key, now) {
			return breaks(2, "an apply that failed has removed %s, which is declared before and after", key)
		}
	}
	if r.ended == kill {
		return nil // Terraform had no time to write the state
	}
	stale := r.before.stale()
	for key, object := range now.stale() {
		if _, before := stale[key]; !before && !r.unseen(key) {
			return breaks(2, "after an apply that failed, the state has %s, and the gateway %s = %q", object, key, now.gateway[key])
		}
	}
	return nil
}

// wroteInVain reports whether Terraform had an entry deleted and then could not
// have it written: the request failed, or the run was ended in between.
func (r ran) wroteInVain(key string) bool {
	deleted := false
	for _, request := range r.requestsOf(key) {
		switch {
		case removes(request, key):
			deleted = true
		case deleted && request.Status != 200 && request.Status != 404:
			return true
		}
	}
	return deleted && r.ended != goesOn
}

// removes reports whether a request removes an entry, or a property.
func removes(request mockgateway.Request, key string) bool {
	if !isProperty(key) || request.Method != "PUT" {
		return request.Method == "DELETE"
	}
	_, has := byProperty(entries{entryOf(key): string(request.Body)})[key]
	return !has
}

// neverReplaced reports whether an entry is declared in the place of another
// that could not be deleted: then Terraform does not ask for its write.
func (r ran) neverReplaced(address, key string, now world) bool {
	holdsOther := func(object stateObject) bool {
		isSame := slices.ContainsFunc(slices.Collect(maps.Keys(object.entries)), func(other string) bool { return entryOf(other) == entryOf(key) })
		return object.address == address && !object.deposed && !isSame
	}
	return !holdsMany(address) && slices.ContainsFunc(r.before.state, holdsOther) && slices.ContainsFunc(now.state, holdsOther)
}

// stale returns the entries of the state that the gateway does not hold like
// that, each with an object that has it. Of two objects with one entry, one that
// is right is enough.
func (w world) stale() map[string]stateObject {
	stale, right := map[string]stateObject{}, map[string]bool{}
	for _, object := range w.state {
		for key, value := range object.entries {
			if w.gateway[key] == value {
				right[key] = true
			} else {
				stale[key] = object
			}
		}
	}
	maps.DeleteFunc(stale, func(key string, _ stateObject) bool { return right[key] })
	return stale
}

// TestPromises: a run breaks a promise by what it leaves, unless it could not
// have done otherwise.
func TestPromises(t *testing.T) {
	t.Parallel()
	const one, two = "quiva_kv_entry.one", "quiva_kv_entry.two"
	declares := func(address string, n int) step { return step{declared: map[string]declaration{"k": {address, n}}} }
	holds := func(gateway entries, objects ...stateObject) world { return world{gateway, objects} }
	object := func(address, key string, n int) stateObject {
		return stateObject{address: address, entries: entries{key: valueOf(n)}}
	}
	requested := func(method string, status int) mockgateway.Request {
		return mockgateway.Request{Method: method, Path: entryPath("k"), Status: status}
	}
	targeted := declares(two, 1)
	targeted.target = one

	tests := map[string]struct {
		last, step    step
		before, after world
		status        int
		ended         ending
		requests      []mockgateway.Request
		orphans       map[string]bool
		want          int // 0 for none
	}{
		"all is well":                            {step: declares(one, 1), after: holds(k1, object(one, "k", 1))},
		"succeeded, missing":                     {step: declares(one, 1), after: holds(none, object(one, "k", 1)), want: 1},
		"succeeded, another value":               {step: declares(one, 1), after: holds(k2, object(one, "k", 1)), want: 1},
		"succeeded, left over":                   {after: holds(k1), want: 1},
		"succeeded, left over from a lost PUT":   {after: holds(k1), orphans: map[string]bool{"k": true}},
		"succeeded, not in the state":            {step: declares(one, 1), after: holds(k1), want: 1},
		"succeeded, under another address":       {step: declares(one, 1), after: holds(k1, object(two, "k", 1)), want: 1},
		"succeeded, in the state twice":          {step: declares(one, 1), after: holds(k1, object(one, "k", 1), object(two, "k", 1)), want: 1},
		"succeeded with a target, missing":       {step: step{declared: declares(one, 1).declared, target: one}, after: holds(none), want: 1},
		"succeeded with another target":          {last: declares(one, 1), step: targeted, before: holds(k1), after: holds(none)},
		"failed, still there":                    {last: declares(one, 1), step: declares(two, 2), before: holds(k1), after: holds(k1), status: 1},
		"failed, gone":                           {last: declares(one, 1), step: declares(two, 2), before: holds(k1), after: holds(none), status: 1, requests: []mockgateway.Request{requested("DELETE", 200)}, want: 2},
		"failed, gone that was not there":        {last: declares(one, 1), step: declares(two, 2), before: holds(none), after: holds(none), status: 1},
		"failed, gone that is dropped":           {last: declares(one, 1), before: holds(k1), after: holds(none), status: 1},
		"failed, deleted, its write failed":      {last: declares(one, 1), step: declares(two, 2), before: holds(k1), after: holds(none), status: 1, requests: []mockgateway.Request{requested("DELETE", 200), requested("PUT", 503)}},
		"failed, its write failed, deleted":      {last: declares(one, 1), step: declares(two, 2), before: holds(k1), after: holds(none), status: 1, requests: []mockgateway.Request{requested("PUT", 503), requested("DELETE", 200)}, want: 2},
		"interrupted, deleted":                   {last: declares(one, 1), step: declares(two, 2), before: holds(k1), after: holds(none), status: 1, ended: interrupt, requests: []mockgateway.Request{requested("DELETE", 200)}},
		"interrupted, gone without a request":    {last: declares(one, 1), step: declares(two, 2), before: holds(k1), after: holds(none), status: 1, ended: interrupt, want: 2},
		"failed, in the place of one that stays": {last: declares(one, 1), step: declares(two, 2), before: holds(merged(k1, x1), object(two, "x", 1)), after: holds(x1, object(two, "x", 1)), status: 1, requests: []mockgateway.Request{requested("DELETE", 200)}},
		"failed, stale state":                    {step: declares(one, 1), after: holds(k2, object(one, "k", 1)), status: 1, want: 2},
		"failed, stale state of before":          {step: declares(one, 1), before: holds(k2, object(one, "k", 1)), after: holds(k2, object(one, "k", 1)), status: 1},
		"failed, stale state of a lost PUT":      {step: declares(one, 1), after: holds(k2, object(one, "k", 1)), status: 1, requests: []mockgateway.Request{requested("PUT", 0)}},
		"failed, one of two objects is right":    {step: declares(one, 2), after: holds(k2, object(one, "k", 1), object(two, "k", 2)), status: 1},
		"killed, stale state":                    {step: declares(one, 1), after: holds(k2, object(one, "k", 1)), status: -1, ended: kill},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &player{last: test.last, orphans: test.orphans}
			run := ran{step: test.step, before: test.before, struckRun: struckRun{outcome: outcome{test.status, "# " + one + " will be created"}, ended: test.ended, requests: test.requests}}
			switch broken := p.check(run, test.after); {
			case broken == nil && test.want != 0:
				t.Errorf("nothing is broken, want promise %d", test.want)
			case broken != nil && broken.promise != test.want:
				t.Errorf("broken: %s; want promise %d", broken, test.want)
			}
		})
	}
}

// TestPromisesOfProperties: what others have in an entry stays as it is, and so
// does what an object leaves in place.
func TestPromisesOfProperties(t *testing.T) {
	t.Parallel()
	const one, two, others, own = "quiva_kv_entry_properties.one", "quiva_kv_entry_properties.two", "shared-1#others", "shared-1#own"
	declares := func(address string, n int) step { return step{declared: map[string]declaration{own: {address, n}}} }
	holds := func(n int) entries { return entries{own: valueAt(own, n)} }
	object := func(address string, n int) stateObject { return stateObject{address: address, entries: holds(n)} }
	keeping := object(one, 2)
	keeping.keeps = true
	with := func(s step, change func(*step)) step { change(&s); return s }
	forgets := func(s *step) { s.forgotten = []string{one} }
	overwrites := func(s *step) { s.overwrite = []string{one} }
	saves := func(s *step) { s.saved = true }
	renamed := step{declared: map[string]declaration{"shared-2#own": {one, 2}}}
	put := func(body string, status int) mockgateway.Request {
		return mockgateway.Request{Method: "PUT", Path: entryPath("shared-1"), Body: []byte(body), Status: status}
	}

	const shown = "# " + one + " will be updated in-place"
	for name, test := range map[string]struct {
		foreign       entries
		last, step    step
		before, after world
		failed        bool
		plan          string
		requests      []mockgateway.Request
		want          int // 0 for none
	}{
		"all is well":                       {foreign: entries{others: "1.50"}, step: declares(one, 2), before: world{gateway: entries{others: "1.50"}}, after: world{merged(entries{others: "1.50"}, holds(2)), []stateObject{object(one, 2)}}, plan: shown},
		"foreign, spelled otherwise":        {foreign: entries{others: "1.50"}, step: declares(one, 2), after: world{merged(entries{others: "1.5"}, holds(2)), []stateObject{object(one, 2)}}, plan: shown, want: 2},
		"foreign, lost":                     {foreign: entries{others: "1.50"}, step: declares(one, 2), after: world{holds(2), []stateObject{object(one, 2)}}, plan: shown, want: 2},
		"foreign, lost by a failed run":     {foreign: entries{others: "1.50"}, step: declares(one, 2), after: world{gateway: none}, failed: true, want: 2},
		"foreign, overwritten":              {foreign: holds(3), step: declares(one, 2), before: world{gateway: holds(3)}, after: world{holds(2), []stateObject{object(one, 2)}}, plan: shown, want: 2},
		"foreign, overwritten as it says":   {foreign: holds(3), step: with(declares(one, 2), overwrites), before: world{gateway: holds(3)}, after: world{holds(2), []stateObject{object(one, 2)}}, plan: shown},
		"foreign, overwritten by another":   {foreign: holds(3), step: with(declares(one, 2), overwrites), before: world{gateway: holds(3)}, after: world{holds(6), []stateObject{object(one, 2)}}, plan: shown, want: 2},
		"drift, shown":                      {step: declares(one, 2), before: world{holds(3), []stateObject{object(one, 2)}}, after: world{holds(2), []stateObject{object(one, 2)}}, plan: shown},
		"drift, not shown":                  {step: declares(one, 2), before: world{holds(3), []stateObject{object(one, 2)}}, after: world{holds(2), []stateObject{object(one, 2)}}, want: 1},
		"drift, in a plan that is not here": {step: with(declares(one, 2), saves), before: world{holds(3), []stateObject{object(one, 2)}}, after: world{holds(2), []stateObject{object(one, 2)}}},
		"destroyed":                         {before: world{holds(2), []stateObject{object(one, 2)}}, after: world{gateway: none}},
		"destroyed, left":                   {before: world{holds(2), []stateObject{object(one, 2)}}, after: world{gateway: holds(2)}, want: 1},
		"destroyed, an empty object left":   {before: world{holds(2), []stateObject{object(one, 2)}}, after: world{gateway: entries{"shared-1": "{}"}}, want: 1},
		"kept":                              {before: world{holds(2), []stateObject{keeping}}, after: world{gateway: holds(2)}},
		"kept, removed":                     {before: world{holds(2), []stateObject{keeping}}, after: world{gateway: none}, want: 2},
		"kept, removed by a failed run":     {before: world{holds(2), []stateObject{keeping}}, after: world{gateway: none}, failed: true, want: 2},
		"kept in another entry":             {step: renamed, before: world{holds(2), []stateObject{keeping}}, after: world{merged(holds(2), renamed.entries()), []stateObject{{address: one, entries: renamed.entries()}}}, plan: shown},
		"kept in another entry, removed":    {step: renamed, before: world{holds(2), []stateObject{keeping}}, after: world{renamed.entries(), []stateObject{{address: one, entries: renamed.entries()}}}, plan: shown, want: 2},
		"dropped by one that keeps, left":   {step: step{declared: map[string]declaration{"shared-1#more": {one, 2}}}, before: world{holds(2), []stateObject{keeping}}, after: world{merged(holds(2), entries{"shared-1#more": "2"}), []stateObject{{address: one, entries: entries{"shared-1#more": "2"}}}}, plan: shown, want: 1},
		"forgotten":                         {step: with(step{}, forgets), before: world{holds(2), []stateObject{object(one, 2)}}, after: world{gateway: holds(2)}},
		"forgotten, removed":                {step: with(step{}, forgets), before: world{holds(2), []stateObject{object(one, 2)}}, after: world{gateway: none}, want: 2},
		"forgotten, declared elsewhere":     {step: with(declares(two, 3), forgets), before: world{holds(2), []stateObject{object(one, 2)}}, after: world{holds(3), []stateObject{object(two, 3)}}, plan: "# " + two + " will be created"},
		"failed, gone":                      {last: declares(one, 2), step: declares(two, 2), before: world{gateway: holds(2)}, after: world{gateway: none}, failed: true, requests: []mockgateway.Request{put(`{"others":1}`, 200)}, want: 2},
		"failed, removed, its write failed": {last: declares(one, 2), step: declares(two, 2), before: world{gateway: holds(2)}, after: world{gateway: none}, failed: true, requests: []mockgateway.Request{put(`{"others":1}`, 200), put(`{"own":2}`, 503)}},
		"failed, another write of it, gone": {last: declares(one, 2), step: declares(two, 2), before: world{gateway: holds(2)}, after: world{gateway: none}, failed: true, requests: []mockgateway.Request{put(`{"own":2,"x":1}`, 200), put(`{"own":2}`, 503)}, want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := ran{step: test.step, before: test.before, struckRun: struckRun{outcome: outcome{output: test.plan}, requests: test.requests}}
			if test.failed {
				run.status = 1
			}
			got := 0
			broken := (&player{last: test.last, foreign: test.foreign}).check(run, test.after)
			if broken != nil {
				got = broken.promise
			}
			if got != test.want {
				t.Errorf("broken: %v; want promise %d (0 for none)", broken, test.want)
			}
		})
	}
}

// TestPromiseOfStrays: what nobody declares goes when it should, and only then.
func TestPromiseOfStrays(t *testing.T) {
	t.Parallel()
	const batch, key = "quiva_kv_entries.a", "stray/1"
	stray := func(n int) entries {
		if n == 0 {
			return none
		}
		return entries{key: valueOf(n)}
	}
	object := stateObject{address: batch, exclusive: true, entries: k1}
	notYet, tainted := object, object
	notYet.exclusive, tainted.tainted = false, true
	other := stateObject{address: "quiva_kv_entry.one", entries: k1}
	step := step{declared: map[string]declaration{"k": {batch, 1}}, exclusive: []string{batch}}
	targeted, replaced, open := step, step, step
	targeted.target, replaced.replace, open.exclusive = "quiva_kv_entry.one", batch, nil

	failed := struckRun{outcome: outcome{status: 1}}
	for name, tt := range map[string]struct {
		ran           ran
		planned, held int
		want          int
	}{
		"pruned":                          {ran{step: step, before: world{state: []stateObject{object}}}, 1, 0, 0},
		"not pruned":                      {ran{step: step, before: world{state: []stateObject{object}}}, 1, 1, 1},
		"not pruned, failed":              {ran{step: step, before: world{state: []stateObject{object}}, struckRun: failed}, 1, 1, 0},
		"pruned, failed":                  {ran{step: step, before: world{state: []stateObject{object}}, struckRun: failed}, 1, 0, 0},
		"pruned by a creation":            {ran{step: step}, 1, 0, 2},
		"kept by a creation":              {ran{step: step}, 1, 1, 0},
		"pruned by what becomes so":       {ran{step: step, before: world{state: []stateObject{notYet}}}, 1, 0, 2},
		"pruned by what was so":           {ran{step: open, before: world{state: []stateObject{object}}}, 1, 0, 2},
		"pruned by what is not targeted":  {ran{step: targeted, before: world{state: []stateObject{object}}}, 1, 0, 2},
		"kept by what is replaced":        {ran{step: replaced, before: world{state: []stateObject{object}}}, 1, 1, 0},
		"kept by what is tainted":         {ran{step: step, before: world{state: []stateObject{tainted}}}, 1, 1, 0},
		"kept by what leaves the state":   {ran{step: step, before: world{state: []stateObject{object, other}}}, 1, 1, 0},
		"changed after the plan, pruned":  {ran{step: step, before: world{state: []stateObject{object}}, between: stray(2)}, 1, 0, 2},
		"changed after the plan, kept":    {ran{step: step, before: world{state: []stateObject{object}}, between: stray(2)}, 1, 2, 0},
		"written after the plan, pruned":  {ran{step: step, before: world{state: []stateObject{object}}, between: stray(2)}, 0, 0, 2},
		"written after the plan, kept":    {ran{step: step, before: world{state: []stateObject{object}}, between: stray(2)}, 0, 2, 0},
		"deleted after the plan, is back": {ran{step: step, before: world{state: []stateObject{object}}, between: entries{key: ""}}, 1, 1, 2},
		"another value":                   {ran{step: open}, 1, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &player{strays: stray(tt.planned)}
			if value, ok := tt.ran.between[key]; ok {
				p.strays = entries{key: value}
			}
			tt.ran.before.gateway = stray(tt.planned)
			got := 0
			if broken := p.checkStrays(tt.ran, world{gateway: stray(tt.held)}); broken != nil {
				got = broken.promise
			}
			if got != tt.want {
				t.Errorf("promise %d is broken, want %d (0 for none)", got, tt.want)
			}
		})
	}
}
