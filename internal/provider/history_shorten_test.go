package provider_test

import (
	"maps"
	"reflect"
	"slices"
	"time"
)

// shorten takes out of a history what it can until the deadline: a step, an entry, a
// failure, a flag, as long as it still breaks.
func shorten(h *history, deadline time.Time, breaks func(history) bool) {
	for isShorter := true; isShorter; {
		isShorter = false
		for i := 0; i < len(h.steps); i++ {
			for _, cut := range cuts(h.steps[i]) {
				if time.Now().After(deadline) {
					return
				}
				shorter := history{h.seed, slices.Concat(h.steps[:i], cut, h.steps[i+1:])}
				if len(shorter.steps) > 0 && breaks(shorter) {
					*h, isShorter = shorter, true
					break
				}
			}
			if isShorter {
				break
			}
		}
	}
}

// cuts gives nothing in place of a step, and the steps that lack one thing of it.
func cuts(s step) (all [][]step) {
	all = append(all, nil)
	for key := range s.declared {
		shorter := s
		shorter.declared = maps.Clone(s.declared)
		delete(shorter.declared, key)
		all = append(all, []step{shorter})
	}
	cut := func(of func(*step)) {
		shorter := s
		of(&shorter)
		if !reflect.DeepEqual(shorter, s) {
			all = append(all, []step{shorter})
		}
	}
	cut(func(s *step) { s.createBeforeDestroy = nil })
	cut(func(s *step) { s.keep, s.overwrite, s.limited = nil, nil, nil })
	cut(func(s *step) { s.gated, s.gate, s.gateFails = nil, 0, false })
	cut(func(s *step) { s.exclusive = "" })
	cut(func(s *step) { s.moved, s.forgotten = nil, nil })
	cut(func(s *step) { s.outside = nil })
	cut(func(s *step) { s.between = nil })
	cut(func(s *step) { s.during = nil })
	cut(func(s *step) { s.refreshOnly = false })
	cut(func(s *step) { s.options = planOptions{} })
	for i := range s.failures {
		cut(func(s *step) { s.failures = slices.Delete(slices.Clone(s.failures), i, i+1) })
	}
	return all
}
