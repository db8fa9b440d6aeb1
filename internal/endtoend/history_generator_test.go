//go:build unix

package endtoend_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

// foreign are the entries that no step declares.
var foreign = map[string]int{"foreign/1": 1, "foreign/2": 1}

// strays are entries that no step declares either, and that exclusive batches
// delete.
var strays = []string{"stray/1", "stray/2", "stray/3"}

const manyInstances = "quiva_kv_entry.each"

// batches hold many entries each, singles one each.
var (
	batches = []string{"quiva_kv_entries.a", "quiva_kv_entries.b", "quiva_kv_entries.c"}
	singles = []string{
		"quiva_kv_entry.one", "quiva_kv_entry.two", "quiva_kv_entry.three",
		manyInstances + `["v"]`, manyInstances + `["w"]`, manyInstances + `["x"]`, manyInstances + `["y"]`, manyInstances + `["z"]`,
	}
)

// newHistory returns the history of a seed.
func newHistory(seed uint64) history {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0)), declared: map[string]declaration{}}
	for i := range 11 {
		g.keys = append(g.keys, fmt.Sprintf("k%d", i+1))
	}
	for range 7 {
		g.add()
	}
	h := history{seed: seed}
	first := step{declared: maps.Clone(g.declared)}
	if g.oneIn(2) {
		g.strike(&first, g.changed(step{}, first))
	}
	h.steps = append(h.steps, first)
	for range 5 + g.IntN(3) {
		h.steps = append(h.steps, g.next(h.steps[len(h.steps)-1]))
	}
	h.steps[len(h.steps)-1].settle = true
	if seed%2 == 0 {
		h.makeExclusive()
	}
	if seed%3 == 0 {
		h.shareEntries()
	}
	return h
}

// makeExclusive makes batches of some steps exclusive, and writes strays. It draws
// from numbers of its own.
func (h *history) makeExclusive() {
	g := &generator{Rand: rand.New(rand.NewPCG(h.seed, 1)), values: 1000}
	exclusive := map[string]bool{}
	for i := range h.steps {
		s := &h.steps[i]
		for _, batch := range batches[:2] {
			if g.oneIn(3) {
				exclusive[batch] = !exclusive[batch]
			}
			if exclusive[batch] {
				s.exclusive = append(s.exclusive, batch)
			}
		}
		// With -target, what others hold is not read.
		if exclusive[s.target] {
			s.target = ""
		}
		if g.oneIn(2) {
			s.outside = maps.Clone(s.outside)
			if s.outside == nil {
				s.outside = map[string]int{}
			}
			s.outside[pick(g, strays)] = g.newValue() * min(1, g.IntN(5))
		}
		if s.saved && !g.oneIn(3) {
			s.between = map[string]int{pick(g, strays): g.newValue() * min(1, g.IntN(5))}
		}
	}
}

// generator draws the steps of one history.
type generator struct {
	*rand.Rand
	keys                []string
	declared            map[string]declaration
	createBeforeDestroy []string
	values              int
}

func (g *generator) oneIn(n int) bool { return g.IntN(n) == 0 }

func pick[T any](g *generator, from []T) T { return from[g.IntN(len(from))] }

// next draws the step that follows another.
func (g *generator) next(last step) step {
	changes := []func(){
		g.move, g.move, g.move, g.move, g.moveAll, g.moveAll, g.swap, g.swap,
		g.rename, g.rename, g.change, g.change, g.drop, g.drop, g.add, g.add, g.toggle,
	}
	for range 1 + g.IntN(4) {
		pick(g, changes)()
	}
	s := step{
		declared:            maps.Clone(g.declared),
		createBeforeDestroy: slices.Clone(g.createBeforeDestroy),
		oneByOne:            g.oneIn(3),
		saved:               g.oneIn(5),
		settle:              g.oneIn(2),
	}
	if g.oneIn(4) {
		s.moved = movesBetween(last, s)
	}
	if g.oneIn(8) {
		s.target = resourceOf(pick(g, append(slices.Clone(batches), singles...)))
	}
	if g.oneIn(8) {
		s.replace = g.replaceable(last)
	}
	if g.oneIn(6) {
		s.outside = g.outside(last)
	}
	if g.oneIn(2) {
		g.strike(&s, g.changed(last, s))
	}
	return s
}

// newValue is none that the history had before.
func (g *generator) newValue() int {
	g.values++
	return g.values
}

// sometimesNewValue returns n or, as often, a new value.
func (g *generator) sometimesNewValue(n int) int {
	if g.oneIn(2) {
		return g.newValue()
	}
	return n
}

// place draws where one more entry can be declared.
func (g *generator) place() string {
	if free := g.freeSingles(); len(free) > 0 && g.oneIn(2) {
		return pick(g, free)
	}
	if g.oneIn(5) {
		return pick(g, batches)
	}
	return pick(g, batches[:2])
}

func (g *generator) freeSingles() []string {
	return slices.DeleteFunc(slices.Clone(singles), func(address string) bool { return len(g.keysAt(address)) > 0 })
}

func (g *generator) keysAt(address string) []string {
	return slices.DeleteFunc(g.declaredKeys(), func(key string) bool { return g.declared[key].address != address })
}

func (g *generator) declaredKeys() []string { return slices.Sorted(maps.Keys(g.declared)) }

func (g *generator) undeclaredKeys() []string {
	return slices.DeleteFunc(slices.Clone(g.keys), func(key string) bool { _, ok := g.declared[key]; return ok })
}

func (g *generator) add() {
	if keys := g.undeclaredKeys(); len(keys) > 0 {
		g.declared[pick(g, keys)] = declaration{g.place(), g.newValue()}
	}
}

func (g *generator) drop() {
	if keys := g.declaredKeys(); len(keys) > 3 {
		delete(g.declared, pick(g, keys))
	}
}

func (g *generator) change() {
	key := pick(g, g.declaredKeys())
	g.declared[key] = declaration{g.declared[key].address, g.newValue()}
}

func (g *generator) move() {
	key := pick(g, g.declaredKeys())
	g.declared[key] = declaration{g.place(), g.sometimesNewValue(g.declared[key].n)}
}

// moveAll moves all entries of an object to others: a batch to a batch or to
// singles, and all singles to a batch.
func (g *generator) moveAll() {
	from := g.declared[pick(g, g.declaredKeys())].address
	to := pick(g, batches)
	for _, key := range g.declaredKeys() {
		declared := g.declared[key]
		if declared.address != from && (holdsMany(from) || holdsMany(declared.address)) {
			continue
		}
		place := to
		if free := g.freeSingles(); to == from && len(free) > 0 {
			place = pick(g, free)
		}
		g.declared[key] = declaration{place, g.sometimesNewValue(declared.n)}
	}
}

// swap exchanges the places of two entries.
func (g *generator) swap() {
	a, b := pick(g, g.declaredKeys()), pick(g, g.declaredKeys())
	from, to := g.declared[a], g.declared[b]
	if a == b {
		return
	}
	g.declared[a] = declaration{to.address, g.sometimesNewValue(from.n)}
	g.declared[b] = declaration{from.address, g.sometimesNewValue(to.n)}
}

// rename declares another key in the place of one.
func (g *generator) rename() {
	keys := g.undeclaredKeys()
	if len(keys) == 0 {
		return
	}
	old := pick(g, g.declaredKeys())
	g.declared[pick(g, keys)] = declaration{g.declared[old].address, g.sometimesNewValue(g.declared[old].n)}
	delete(g.declared, old)
}

// toggle sets create_before_destroy of a resource, or unsets it.
func (g *generator) toggle() {
	resource := resourceOf(pick(g, append(slices.Clone(batches), singles...)))
	if i := slices.Index(g.createBeforeDestroy, resource); i >= 0 {
		g.createBeforeDestroy = slices.Delete(g.createBeforeDestroy, i, i+1)
	} else {
		g.createBeforeDestroy = append(g.createBeforeDestroy, resource)
	}
}

// replaceable draws an object that a -replace can name, or none. Under
// create_before_destroy it would be refused.
func (g *generator) replaceable(last step) string {
	var addresses []string
	for address := range last.objects() {
		resource := resourceOf(address)
		if !slices.Contains(g.createBeforeDestroy, resource) && !slices.Contains(last.createBeforeDestroy, resource) {
			addresses = append(addresses, address)
		}
	}
	if len(addresses) == 0 {
		return ""
	}
	slices.Sort(addresses)
	return pick(g, addresses)
}

// outside draws what others write: a foreign entry or, where the state is known
// to be up to date, one of Terraform's.
func (g *generator) outside(last step) map[string]int {
	if last.settle && g.oneIn(2) {
		n := 0
		if g.oneIn(2) {
			n = g.newValue()
		}
		return map[string]int{pick(g, slices.Sorted(maps.Keys(last.declared))): n}
	}
	return map[string]int{pick(g, slices.Sorted(maps.Keys(foreign))): g.newValue()}
}

// changed returns the keys that a step declares otherwise than the last one.
func (g *generator) changed(last, next step) []string {
	return slices.DeleteFunc(slices.Clone(g.keys), func(key string) bool { return next.declared[key] == last.declared[key] })
}

// strike draws what goes wrong in a step that changes some entries. What ends up
// half known is settled before the next change, mostly: where it is not, an entry
// may be there that no state knows of.
func (g *generator) strike(s *step, changed []string) {
	for range 1 + g.IntN(2) {
		f := failure{
			method: pick(g, []string{"PUT", "PUT", "DELETE", "DELETE", "GET"}),
			after:  g.IntN(3),
			kind:   pick(g, []string{"503", "503", "503", "reset", "reset", "slow", "slow", "lost", "kill", "kill after", "interrupt", "interrupt after"}),
		}
		if len(changed) > 0 && g.oneIn(2) {
			f.key, f.after = pick(g, changed), 0
		}
		if kind := failureKinds[f.kind]; kind.ends != goesOn && !kind.unseen && g.oneIn(2) {
			f = failure{text: pick(g, []string{"Creation complete", "Destruction complete", "Modifications complete", "Destroying..."}), after: g.IntN(3), kind: f.kind}
		}
		if f.method == "GET" {
			f.kind = "503"
			if f.key != "" {
				f.after = g.IntN(2) // the refresh, or the check before a write
			}
		}
		s.failures = append(s.failures, f)
		kind := failureKinds[f.kind]
		s.settle = s.settle || (kind.unseen || kind.ends != goesOn) && !g.oneIn(5)
		if kind.ends != goesOn {
			break
		}
	}
}

// movesBetween returns the moved blocks for the entries of quiva_kv_entry, or the
// properties, that are declared at another address than in the last step.
func movesBetween(last, next step) []move {
	var moves []move
	was, is := last.objects(), next.objects()
	for _, key := range slices.Sorted(maps.Keys(next.declared)) {
		from, to := last.declared[key].address, next.declared[key].address
		_, fromStays := is[from]
		_, toWas := was[to]
		isMoved := slices.ContainsFunc(moves, func(m move) bool { return m.from == from || m.to == to })
		if from != "" && !holdsMany(from) && !holdsMany(to) && !fromStays && !toWas && !isMoved {
			moves = append(moves, move{from, to})
		}
	}
	return moves
}
