//go:build unix

package endtoend_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

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
	for _, defect := range []string{"panic:", "inconsistent result", "invalid result", "crashed", "provider bug", "Provider produced"} {
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
