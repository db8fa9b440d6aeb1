package quiva

import (
	"cmp"
	"slices"
)

// memory is how many outcomes are remembered, about.
const memory = 8000

// outcome is what became of a request.
type outcome struct {
	sent, done float64 // in seconds since the first one
	stage      int     // in which it was sent
	refused    bool
	// first says that its refusal began a pause.
	first bool
	// marker says that it tells only that nothing of the limit was left then.
	marker bool
}

// history is what became of the last requests.
type history []outcome

func (h *history) add(o outcome) {
	*h = append(*h, o)
	if len(*h) > 2*memory {
		*h = slices.Delete(*h, 0, memory)
	}
}

// sort puts the requests in the order in which they were sent. Of requests that
// were sent together, it is the last ones that are refused.
func (h history) sort() {
	slices.SortStableFunc(h, func(a, b outcome) int {
		return cmp.Or(cmp.Compare(a.sent, b.sent), compareBool(a.refused, b.refused), compareBool(b.first, a.first))
	})
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// pauses counts the refusals that began a pause.
func (h history) pauses() int {
	count := 0
	for _, o := range h {
		if o.first {
			count++
		}
	}
	return count
}

// accepted counts the requests that were accepted.
func (h history) accepted() int {
	count := 0
	for _, o := range h {
		if !o.refused {
			count++
		}
	}
	return count
}

// last returns the last stages of a history that has more than so many, and nil
// of others. They begin with a marker, the refusal that ended the stage before.
func (h history) last(stages int) history {
	from := h[len(h)-1].stage - stages + 1
	marker := slices.IndexFunc(h, func(o outcome) bool { return o.first && o.stage == from-1 })
	if marker < 0 {
		return nil
	}
	last := history{h[marker]}
	last[0].first, last[0].marker = false, true
	for _, o := range h[marker:] {
		if o.stage >= from {
			last = append(last, o)
		}
	}
	return last
}
