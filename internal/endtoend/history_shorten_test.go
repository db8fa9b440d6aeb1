//go:build unix

package endtoend_test

import (
	"iter"
	"maps"
	"slices"
	"time"
)

// shorten returns the shortest history it finds before the deadline that still
// breaks.
func shorten(h history, deadline time.Time, breaks func(history) bool) history {
	for {
		shorter, ok := firstThatBreaks(h, deadline, breaks)
		if !ok {
			return h
		}
		h = shorter
	}
}

func firstThatBreaks(h history, deadline time.Time, breaks func(history) bool) (history, bool) {
	for shorter := range h.shorter() {
		if time.Now().After(deadline) {
			break
		}
		if breaks(shorter) {
			return shorter, true
		}
	}
	return history{}, false
}

// shorter gives the histories that lack one thing of this one, those first that
// lack most: half of the steps or keys, a step, a key, a failure, a flag.
func (h history) shorter() iter.Seq[history] {
	keys := map[string]bool{}
	for _, s := range h.steps {
		for key := range s.declared {
			keys[key] = true
		}
	}
	return func(yield func(history) bool) {
		for part := range parts(len(h.steps)) {
			if !yield(history{h.seed, slices.Delete(slices.Clone(h.steps), part.from, part.to)}) {
				return
			}
		}
		sorted := slices.Sorted(maps.Keys(keys))
		for part := range parts(len(sorted)) {
			if !yield(h.without(sorted[part.from:part.to])) {
				return
			}
		}
		for i, s := range h.steps {
			for simpler := range s.simpler() {
				steps := slices.Clone(h.steps)
				steps[i] = simpler
				if !yield(history{h.seed, steps}) {
					return
				}
			}
		}
	}
}

// part is a part of a slice.
type part struct{ from, to int }

// parts gives the halves of a slice, their halves and so on, to single elements,
// but never all of it.
func parts(length int) iter.Seq[part] {
	return func(yield func(part) bool) {
		for size := (length + 1) / 2; size > 0 && length > 1; size /= 2 {
			for from := 0; from < length; from += size {
				if !yield(part{from, min(from+size, length)}) {
					return
				}
			}
		}
	}
}

// without returns the history without some entries.
func (h history) without(keys []string) history {
	lacks := func(key string) bool { return slices.Contains(keys, key) }
	steps := slices.Clone(h.steps)
	for i := range steps {
		s := &steps[i]
		s.declared, s.outside = maps.Clone(s.declared), maps.Clone(s.outside)
		maps.DeleteFunc(s.declared, func(key string, _ declaration) bool { return lacks(key) })
		maps.DeleteFunc(s.outside, func(key string, _ int) bool { return lacks(key) })
		s.failures = slices.DeleteFunc(slices.Clone(s.failures), func(f failure) bool { return lacks(f.key) })
	}
	return history{h.seed, steps}
}

// simpler gives the steps that lack one thing of this one.
func (s step) simpler() iter.Seq[step] {
	return func(yield func(step) bool) {
		for i := range s.failures {
			simpler := s
			simpler.failures = slices.Delete(slices.Clone(s.failures), i, i+1)
			if !yield(simpler) {
				return
			}
		}
		for _, list := range []func(*step) *[]string{
			func(s *step) *[]string { return &s.createBeforeDestroy },
			func(s *step) *[]string { return &s.exclusive },
			func(s *step) *[]string { return &s.keep },
			func(s *step) *[]string { return &s.forgotten },
			func(s *step) *[]string { return &s.imported },
		} {
			for i := range *list(&s) {
				simpler := s
				*list(&simpler) = slices.Delete(slices.Clone(*list(&s)), i, i+1)
				if !yield(simpler) {
					return
				}
			}
		}
		for _, lack := range []func(*step) (lacks bool){
			func(s *step) bool { had := s.replace != ""; s.replace = ""; return had },
			func(s *step) bool { had := s.target != ""; s.target = ""; return had },
			func(s *step) bool { had := s.outside != nil; s.outside = nil; return had },
			func(s *step) bool { had := s.between != nil; s.between = nil; return had },
			func(s *step) bool { had := s.moved != nil; s.moved = nil; return had },
			func(s *step) bool { had := s.refused.key != ""; s.refused = wholeEntry{}; return had },
			func(s *step) bool { had := s.saved; s.saved = false; return had },
			func(s *step) bool { had := s.oneByOne; s.oneByOne = false; return had },
			func(s *step) bool { had := s.settle; s.settle = false; return had },
		} {
			simpler := s
			if lack(&simpler) && !yield(simpler) {
				return
			}
		}
	}
}
