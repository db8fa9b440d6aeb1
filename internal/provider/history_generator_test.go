package provider_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

// historyKinds are what can happen in histories. Each history has some of them.
var historyKinds = []string{
	"between", "during", "norefresh", "refreshonly", "orphansfirst", "minimal", "removed", "exclusive", "deposed", "failing", "order",
	"properties", "overwrite", "limited", "faults", "ended", "moved", "target", "replace",
}

// generator draws the steps of one history.
type generator struct {
	*rand.Rand
	has      map[string]bool // kinds
	keys     []string
	declared map[string]declaration
	step     step // the last one
	values   int
	// others are keys that were forgotten, or declared beside an exclusive batch.
	others map[string]bool
}

// newHistory returns the history of a seed, with the kinds in it that are forced.
func newHistory(seed uint64, forced ...string) history {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0)), has: map[string]bool{}, declared: map[string]declaration{}, others: map[string]bool{}}
	for _, kind := range historyKinds {
		g.has[kind] = g.oneIn(3) || slices.Contains(forced, kind)
	}
	g.has["order"] = g.has["order"] || g.has["during"]
	for i := range 8 {
		g.keys = append(g.keys, fmt.Sprint("k", i+1))
	}
	if g.has["properties"] {
		for _, entry := range sharedEntries {
			for _, path := range paths {
				g.keys = append(g.keys, entry+"#"+path)
			}
		}
	}
	for range 6 {
		g.add()
	}
	h := history{seed: seed}
	for range 4 + g.IntN(3) {
		h.steps = append(h.steps, g.next())
	}
	h.steps[len(h.steps)-1].settle = true
	return h
}

func (g *generator) oneIn(n int) bool { return g.IntN(n) == 0 }

// may reports whether a kind happens now, as it does one time in n.
func (g *generator) may(kind string, n int) bool { return g.has[kind] && g.oneIn(n) }

func pick[T any](g *generator, from []T) T { return from[g.IntN(len(from))] }

// next draws the next step.
func (g *generator) next() step {
	last := g.step
	before := maps.Clone(g.declared)
	if last.declared != nil {
		for range 1 + g.IntN(4) {
			pick(g, []func(){g.add, g.add, g.drop, g.drop, g.change, g.change, g.move, g.move, g.move, g.moveAll, g.swap, g.rename, g.rename})()
		}
	} else {
		before = nil
	}
	s := step{
		declared: maps.Clone(g.declared), createBeforeDestroy: slices.Clone(last.createBeforeDestroy), keep: slices.Clone(last.keep),
		gate: last.gate, gated: slices.Clone(last.gated), exclusive: last.exclusive,
		inOrder: g.has["order"], settle: g.oneIn(2),
	}
	resources := []string{batches[0], batches[1], lone[0], lone[1], blockOf(lone[2]), sharers[0], sharers[1], blockOf(sharers[2])}
	toggle := func(set *[]string, resource string) {
		if i := slices.Index(*set, resource); i >= 0 {
			*set = slices.Delete(*set, i, i+1)
		} else {
			*set = append(*set, resource)
		}
	}
	if g.may("deposed", 2) {
		toggle(&s.createBeforeDestroy, pick(g, resources))
	}
	if g.may("properties", 3) {
		toggle(&s.keep, blockOf(pick(g, sharers)))
	}
	if g.may("overwrite", 2) {
		s.overwrite = append(s.overwrite, pick(g, resources))
	}
	if g.may("limited", 2) {
		s.limited = append(s.limited, pick(g, batches))
	}
	if g.has["failing"] {
		if g.oneIn(2) || s.gate == 0 {
			s.gate = g.newValue()
			s.gateFails = s.gate > 0 && g.oneIn(2)
		}
		if g.oneIn(2) {
			toggle(&s.gated, pick(g, resources))
		}
	}
	if g.may("moved", 2) {
		s.moved = movesBetween(before, s.declared)
	}
	g.forget(&s, before)
	if g.has["exclusive"] {
		g.makeExclusive(&s, before)
	}
	s.options = planOptions{noRefresh: g.may("norefresh", 3), minimalRefresh: g.may("minimal", 2), orphansFirst: g.has["orphansfirst"]}
	s.refreshOnly = g.may("refreshonly", 3)
	if g.may("target", 4) {
		s.options.targets = []string{blockOf(pick(g, slices.Concat(batches, lone)))}
	}
	if objects := slices.Sorted(maps.Keys(step{declared: before}.objects())); len(objects) > 0 && g.may("replace", 3) {
		s.options.replace = []string{pick(g, objects)}
	}
	g.writeOutside(&s, before)
	g.strike(&s, before)
	g.step = s
	return s
}

// newValue is none that the history had before.
func (g *generator) newValue() int {
	g.values++
	return g.values
}

func (g *generator) sometimesNewValue(n int) int {
	if g.oneIn(2) {
		return g.newValue()
	}
	return n
}

func (g *generator) declaredKeys() []string { return slices.Sorted(maps.Keys(g.declared)) }

func (g *generator) keysAt(address string) []string {
	return slices.DeleteFunc(g.declaredKeys(), func(key string) bool { return g.declared[key].address != address })
}

func (g *generator) undeclaredKeys() []string {
	return slices.DeleteFunc(slices.Clone(g.keys), func(key string) bool { _, ok := g.declared[key]; return ok })
}

// places are the addresses at which a key can be declared beside what is.
func (g *generator) places(key string) []string {
	from := slices.Concat(batches, batches, lone)
	if isProperty(key) {
		from = slices.Clone(sharers)
	}
	return slices.DeleteFunc(from, func(address string) bool {
		held := g.keysAt(address)
		return !isBatch(address) && len(held) > 0 && (!isProperty(key) || entryOf(held[0]) != entryOf(key))
	})
}

// declare declares a key somewhere, if there is a place.
func (g *generator) declare(key string, n int) {
	if places := g.places(key); len(places) > 0 {
		g.declared[key] = declaration{pick(g, places), n}
	}
}

func (g *generator) add() {
	if keys := g.undeclaredKeys(); len(keys) > 0 {
		g.declare(pick(g, keys), g.newValue())
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
	g.declare(key, g.sometimesNewValue(g.declared[key].n))
}

// moveAll moves all that an object has to other places.
func (g *generator) moveAll() {
	address := g.declared[pick(g, g.declaredKeys())].address
	for _, key := range g.keysAt(address) {
		g.declare(key, g.sometimesNewValue(g.declared[key].n))
	}
}

// swap exchanges the places of two entries.
func (g *generator) swap() {
	a, b := pick(g, g.declaredKeys()), pick(g, g.declaredKeys())
	if from, to := g.declared[a], g.declared[b]; !isProperty(a) && !isProperty(b) && a != b {
		g.declared[a], g.declared[b] = declaration{to.address, g.sometimesNewValue(from.n)}, declaration{from.address, g.sometimesNewValue(to.n)}
	}
}

// rename declares another key in the place of one.
func (g *generator) rename() {
	keys := slices.DeleteFunc(g.undeclaredKeys(), isProperty)
	old := pick(g, g.declaredKeys())
	if len(keys) > 0 && !isProperty(old) {
		g.declared[pick(g, keys)] = declaration{g.declared[old].address, g.sometimesNewValue(g.declared[old].n)}
		delete(g.declared, old)
	}
}

// movesBetween returns moved blocks for what is declared at another address of one
// type than before.
func movesBetween(before, after map[string]declaration) (moves [][2]string) {
	was, is := step{declared: before}.objects(), step{declared: after}.objects()
	for _, key := range slices.Sorted(maps.Keys(after)) {
		from, to := before[key].address, after[key].address
		isMoved := slices.ContainsFunc(moves, func(m [2]string) bool { return m[0] == from || m[1] == to })
		if from != "" && typeNameOf(from) == typeNameOf(to) && is[from] == nil && was[to] == nil && !isMoved {
			moves = append(moves, [2]string{from, to})
		}
	}
	return moves
}

// forget draws removed blocks for resources that are declared no more.
func (g *generator) forget(s *step, before map[string]declaration) {
	was, is := step{declared: before}.objects(), s.objects()
	for _, address := range slices.Sorted(maps.Keys(was)) {
		isMoved := slices.ContainsFunc(s.moved, func(m [2]string) bool { return m[0] == address })
		if is[address] == nil && address == blockOf(address) && !isMoved && g.may("removed", 2) {
			s.forgotten = append(s.forgotten, address)
			for key := range was[address] {
				g.others[key] = true
			}
		}
	}
}

// makeExclusive draws which batch owns the bucket, but for what others have.
func (g *generator) makeExclusive(s *step, before map[string]declaration) {
	if g.oneIn(3) {
		s.exclusive = pick(g, append([]string{""}, batches...))
	}
	if s.exclusive == "" {
		return
	}
	for key := range before {
		g.others[key] = true
	}
	for key := range s.declared {
		g.others[key] = true
	}
	s.except = []string{"foreign-*", "shared-*"}
	for _, key := range slices.Sorted(maps.Keys(g.others)) {
		// A key that it has, or gives up, is in its scope.
		isIts := s.declared[key].address == s.exclusive || s.declared[key].address == "" && before[key].address == s.exclusive
		if !isProperty(key) && !isIts {
			s.except = append(s.except, key)
		}
	}
}

// writeOutside draws what others write.
func (g *generator) writeOutside(s *step, before map[string]declaration) {
	draw := func() (key string, n int) {
		from := [][]string{foreign, strays, slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(s.declared))}
		for keys := pick(g, from); key == ""; keys = foreign {
			if keys = slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return isProperty(key) && !g.has["properties"] }); len(keys) > 0 {
				key = pick(g, keys)
			}
		}
		switch {
		case g.oneIn(4):
			return key, 0
		case g.oneIn(6) && s.declared[key].n > 0:
			return key, s.declared[key].n
		}
		return key, 1000 + g.newValue()
	}
	s.outside, s.between = map[string]int{}, map[string]int{}
	if g.oneIn(3) {
		key, n := draw()
		s.outside[key] = n
	}
	if s.exclusive != "" && g.oneIn(2) {
		stray := pick(g, strays)
		if s.outside[stray] = 1000 + g.newValue(); g.oneIn(2) {
			s.between[stray] = 1000 + g.newValue()
		}
	}
	if g.has["between"] {
		for range g.IntN(4) {
			key, n := draw()
			s.between[key] = n
		}
	}
	if g.has["during"] {
		for range g.IntN(3) {
			key, n := draw()
			s.during = append(s.during, foreignWrite{1 + g.IntN(8), n, key})
		}
	}
}

// strike draws what goes wrong.
func (g *generator) strike(s *step, before map[string]declaration) {
	if g.may("faults", 2) {
		for range 1 + g.IntN(2) {
			s.failures = append(s.failures, g.failure(before, pick(g, []string{"503", "503", "lost"})))
		}
	}
	if g.may("deposed", 3) {
		s.failures = append(s.failures, failure{method: "DELETE", after: g.IntN(2), kind: "503"})
	}
	if g.may("ended", 3) {
		s.failures = append(s.failures, g.failure(before, pick(g, []string{"interrupt", "kill"})))
	}
}

func (g *generator) failure(before map[string]declaration, kind string) failure {
	f := failure{method: pick(g, []string{"PUT", "PUT", "DELETE", "DELETE", "GET"}), kind: kind, inPlan: kind == "503" && g.oneIn(6)}
	if keys := slices.Sorted(maps.Keys(before)); g.oneIn(2) && len(keys) > 0 {
		f.key = entryOf(pick(g, keys))
	} else {
		f.after = g.IntN(4)
	}
	return f
}
