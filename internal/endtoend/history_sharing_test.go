//go:build unix

package endtoend_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// sharers have properties of one entry each.
var sharers = []string{
	"quiva_kv_entry_properties.one", "quiva_kv_entry_properties.two",
	`quiva_kv_entry_properties.each["v"]`, `quiva_kv_entry_properties.each["w"]`,
}

// paths are those of the properties that sharers have, othersPaths those that
// others write. Some are in one object.
var (
	paths       = []string{"a", "limits.rate", "limits.burst", "deep.x.y"}
	othersPaths = []string{"others", "limits.others", "deep.x.others"}
)

// shareEntries has the steps declare properties too, of entries that others write
// as well. It draws from numbers of its own.
func (h *history) shareEntries() {
	g := &sharing{
		generator: &generator{Rand: rand.New(rand.NewPCG(h.seed, 2)), declared: map[string]declaration{}, values: 2000},
		had:       map[string]int{},
	}
	for _, path := range paths {
		g.keys = append(g.keys, propertyOf(sharedWithOthers, path), propertyOf(shared, path))
	}
	for range 4 {
		g.add()
	}
	for _, address := range sharers[:3] {
		if g.oneIn(3) {
			g.keep = append(g.keep, resourceOf(address))
		}
	}
	last := step{}
	for i := range h.steps {
		if i > 0 {
			g.next()
		}
		next := step{declared: maps.Clone(g.declared)}
		g.join(&h.steps[i], last, next)
		last = next
	}
	g.handOver(h.steps)
	g.comeAndGo(h.steps)
}

// sharing draws what becomes of the properties of shared entries.
type sharing struct {
	*generator
	// keep are the resources with on_destroy = "keep".
	keep []string
	// had are the last values of all properties that were declared: what is left
	// in place can be declared again as it is.
	had map[string]int
}

// next changes what is declared.
func (g *sharing) next() {
	for key, declared := range g.declared {
		g.had[key] = declared.n
	}
	changes := []func(){g.add, g.add, g.drop, g.change, g.change, g.move, g.move, g.moveAll, g.moveAll, g.rename, g.destroy, g.destroy, g.toggle}
	for range 1 + g.IntN(3) {
		pick(g.generator, changes)()
	}
}

// places are the addresses at which properties of an entry can be declared, or
// moved to from another one.
func (g *sharing) places(entry string) []string {
	return slices.DeleteFunc(slices.Clone(sharers), func(address string) bool {
		held := g.keysAt(address)
		return len(held) > 0 && entryOf(held[0]) != entry
	})
}

func (g *sharing) add() {
	keys := g.undeclaredKeys()
	if len(keys) == 0 {
		return
	}
	key := pick(g.generator, keys)
	places := g.places(entryOf(key))
	if len(places) == 0 {
		return
	}
	n := g.newValue()
	if was, ok := g.had[key]; ok && g.oneIn(2) {
		n = was
	}
	g.declared[key] = declaration{pick(g.generator, places), n}
}

// aDeclared draws a property and its declaration. It is not ok if there is none.
func (g *sharing) aDeclared() (key string, declared declaration, ok bool) {
	keys := g.declaredKeys()
	if len(keys) == 0 {
		return "", declaration{}, false
	}
	key = pick(g.generator, keys)
	return key, g.declared[key], true
}

func (g *sharing) drop() {
	if key, _, ok := g.aDeclared(); ok {
		delete(g.declared, key)
	}
}

func (g *sharing) change() {
	if key, declared, ok := g.aDeclared(); ok {
		g.declared[key] = declaration{declared.address, g.newValue()}
	}
}

// move moves a property to another object. With another value that may need an
// overwrite, so it mostly keeps its own.
func (g *sharing) move() {
	if key, declared, ok := g.aDeclared(); ok {
		g.declared[key] = declaration{pick(g.generator, g.places(entryOf(key))), g.rarelyNewValue(declared.n)}
	}
}

func (g *sharing) rarelyNewValue(n int) int {
	if g.oneIn(6) {
		return g.newValue()
	}
	return n
}

// moveAll moves all properties of an object to another one.
func (g *sharing) moveAll() {
	key, declared, ok := g.aDeclared()
	if !ok {
		return
	}
	to := pick(g.generator, g.places(entryOf(key)))
	for _, key := range g.keysAt(declared.address) {
		g.declared[key] = declaration{to, g.rarelyNewValue(g.declared[key].n)}
	}
}

// rename has an object have the properties in another entry.
func (g *sharing) rename() {
	old, declared, ok := g.aDeclared()
	if !ok {
		return
	}
	to := map[string]string{sharedWithOthers: shared, shared: sharedWithOthers}[entryOf(old)]
	for _, key := range g.keysAt(declared.address) {
		n := g.declared[key].n
		delete(g.declared, key)
		_, path, _ := strings.Cut(key, "#")
		if renamed := propertyOf(to, path); g.declared[renamed].address == "" {
			g.declared[renamed] = declaration{declared.address, n}
		}
	}
}

// destroy drops all properties of an object.
func (g *sharing) destroy() {
	if _, declared, ok := g.aDeclared(); ok {
		for _, key := range g.keysAt(declared.address) {
			delete(g.declared, key)
		}
	}
}

// toggle sets create_before_destroy or on_destroy of a resource, or unsets it.
func (g *sharing) toggle() {
	set := &g.keep
	if g.oneIn(2) {
		set = &g.createBeforeDestroy
	}
	resource := resourceOf(pick(g.generator, sharers))
	if i := slices.Index(*set, resource); i >= 0 {
		*set = slices.Delete(slices.Clone(*set), i, i+1)
	} else {
		*set = append(slices.Clone(*set), resource)
	}
}

// join adds to a step of the history what the next step of properties declares,
// and draws what else happens to these in it.
func (g *sharing) join(s *step, last, next step) {
	maps.Copy(s.declared, next.declared)
	s.createBeforeDestroy = append(slices.Clone(s.createBeforeDestroy), g.createBeforeDestroy...)
	s.keep = g.keep
	g.addBlocks(s, last, next)
	if objects := slices.Sorted(maps.Keys(last.objects())); s.replace == "" && len(objects) > 0 && g.oneIn(6) {
		s.replace = pick(g.generator, objects)
	}
	if s.target == "" && len(s.exclusive) == 0 && g.oneIn(12) {
		s.target = resourceOf(pick(g.generator, sharers))
	}
	if g.oneIn(6) {
		s.refused = wholeEntry{
			address: pick(g.generator, []string{"quiva_kv_entry.refused", "quiva_kv_entries.refused"}),
			key:     pick(g.generator, []string{sharedWithOthers, shared}),
		}
	}
	g.writeOutside(s, last, next)
	endsRun := func(f failure) bool { return failureKinds[f.kind].ends != goesOn }
	if g.oneIn(3) && !slices.ContainsFunc(s.failures, endsRun) {
		changed := g.changed(last, next)
		for i, key := range changed {
			changed[i] = entryOf(key)
		}
		g.strike(s, changed)
	}
}

// addBlocks draws the moved, removed and import blocks of a step that follows
// another.
func (g *sharing) addBlocks(s *step, last, next step) {
	var moved []move
	if !g.oneIn(3) {
		moved = movesBetween(last, next)
		s.moved = append(slices.Clone(s.moved), moved...)
	}
	was, is := last.objects(), next.objects()
	for _, address := range sharers {
		isMoved := slices.ContainsFunc(moved, func(m move) bool { return m.from == address || m.to == address })
		isInstance := address != resourceOf(address) // which no removed block can name
		switch {
		case isMoved:
		case was[address] != nil && is[address] == nil && !isInstance && g.oneIn(2):
			s.forgotten = append(s.forgotten, address)
		case was[address] == nil && is[address] != nil && g.oneIn(3):
			s.imported = append(s.imported, address)
		}
	}
}

// writeOutside draws what others write to shared entries: properties of their own,
// also after the plan, those that are declared, and those that are about to be.
func (g *sharing) writeOutside(s *step, last, next step) {
	if s.outside == nil {
		s.outside = map[string]int{}
	}
	others := func() string {
		return propertyOf(pick(g.generator, []string{sharedWithOthers, shared}), pick(g.generator, othersPaths))
	}
	for _, drawn := range []struct {
		from []string
		odds int
	}{
		{[]string{others()}, 3},
		{slices.Sorted(maps.Keys(last.declared)), 4},
		{g.changed(last, next), 12},
	} {
		if g.oneIn(drawn.odds) && len(drawn.from) > 0 {
			s.outside[pick(g.generator, drawn.from)] = g.newValue() * min(1, g.IntN(5))
		}
	}
	if s.saved && !g.oneIn(3) {
		if s.between == nil {
			s.between = map[string]int{}
		}
		s.between[others()] = g.newValue() * min(1, g.IntN(5))
	}
}

// handOver has one entry go from properties to a resource that has all of it, and
// back by way of none.
func (g *sharing) handOver(steps []step) {
	stages := []string{"", "quiva_kv_entry_properties.before", "quiva_kv_entry.whole", ""}
	stage := 0
	for i := range steps {
		s := &steps[i]
		if g.oneIn(2) {
			stage++
			// What is known by half cannot be handed over.
			if i > 0 {
				steps[i-1].settle = true
			}
		}
		if stage == len(stages) {
			stage = 1
		}
		if stage == len(stages)-1 {
			s.forgotten = append(slices.Clone(s.forgotten), "quiva_kv_entry.whole")
		}
		if address := stages[stage]; address != "" {
			for n, path := range paths[:2] {
				s.declared[propertyOf(handedOver, path)] = declaration{address, n + 1}
			}
		}
	}
}

// comeAndGo has an entry with a single property come and go in the scope of
// exclusive batches.
func (g *sharing) comeAndGo(steps []step) {
	n := g.newValue()
	for i := range steps {
		if g.oneIn(3) {
			n = g.newValue()
		}
		if g.oneIn(2) {
			steps[i].declared[propertyOf(inScope, "a")] = declaration{"quiva_kv_entry_properties.in_scope", n}
		}
	}
}
