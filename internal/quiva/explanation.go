package quiva

import (
	"cmp"
	"math"
	"slices"
)

// explanation is a limit that may be the reason for what was refused and what
// was not. All kinds of limit count something, and refuse a request that makes the
// count too high. They differ in what they count.
type explanation struct {
	// rate is what the limit allows in a second, in the long run, and burst how many
	// requests at once do not count, if there were none before.
	rate, burst float64
	// threshold is the count at which requests are refused.
	threshold float64
	// mistakes is how many outcomes the limit does not explain, and how unlikely it
	// is besides.
	mistakes float64
	// surprise is whether the last pause began although little of the limit had
	// been used. Then it may have changed.
	surprise bool
	phase    float64 // of fixed windows, in seconds
}

const (
	// The rates of token buckets that are tried have these ratios, the finer ones
	// around the best of those before.
	coarse = 1.05
	fine   = 1.01
	finest = 1.002
	// So many phases of fixed windows are tried, and then finer ones.
	phases      = 16
	finerPhases = 3
	// slowestRate is the lowest one that is tried, in requests per second.
	slowestRate = 0.05

	// A count may differ from the gateway's: by miscount, by a part of the threshold,
	// and by what is sent in twice the time by which responses vary.
	miscount       = 0.3
	miscountPart   = 0.01
	miscountAtOnce = 0.15 // of requests at a time, since nobody sees when one ends
	// instant, in seconds, is no time at all.
	instant = 1e-6
	// A bucket has two numbers that can be chosen to fit, so it counts as if it made a
	// mistake more, and a fixed window has its phase. A window that allows few
	// requests fits easily too.
	bucketDoubt = 1.0
	phaseDoubt  = 0.3
	fewDoubt    = 4.0
)

// explainer tries limits on a history.
type explainer struct {
	history history
	counts  []float64
	jitter  float64 // by which responses vary, in seconds
	rate    float64 // of what was accepted, in requests per second
	fastest float64 // two requests in a row, in requests per second
}

func newExplainer(h history, jitter float64) *explainer {
	e := &explainer{history: h, counts: make([]float64, len(h)), jitter: jitter}
	for i, o := range h {
		if !o.refused {
			e.rate++
		}
		if i > 0 {
			e.fastest = max(e.fastest, 1/(o.sent-h[i-1].sent+1e-4))
		}
	}
	e.rate /= max(1, h[len(h)-1].sent-h[0].sent)
	return e
}

// judge compares the counts with what was refused. A count may be wrong by the
// tolerance and a part of the threshold. Counts of whole requests are one below the
// threshold where a request is accepted, and others may be nearly as high.
func (e *explainer) judge(whole bool, tolerance, part float64) explanation {
	var firsts []float64
	for i, o := range e.history {
		if o.first {
			firsts = append(firsts, e.counts[i])
		}
	}
	slices.Sort(firsts)
	found := explanation{threshold: firsts[(len(firsts)-1)/4]}
	tolerance += part * found.threshold
	accepted, refused := found.threshold+tolerance, found.threshold-tolerance
	if whole {
		accepted--
	}
	for i, o := range e.history[1:] { // whatever comes first tells nothing
		switch count := e.counts[i+1]; {
		case o.refused && count < refused, !o.refused && count > accepted:
			found.mistakes++
		}
		if o.first {
			found.surprise = found.threshold >= 4 && e.counts[i+1] < found.threshold/2
		}
	}
	return found
}

// tolerance is by how much counts may differ at a rate.
func (e *explainer) tolerance(rate float64) float64 { return miscount + 2*e.jitter*rate }

// buckets tries token buckets: each request takes a token, and tokens come with
// a rate.
func (e *explainer) buckets() []explanation {
	var found []explanation
	try := func(rate float64) bool {
		used, at := 0.0, e.history[0].sent
		for i, o := range e.history {
			used, at = max(0, used-rate*(o.sent-at)), o.sent
			e.counts[i] = used + 1
			if !o.refused {
				used++
			}
		}
		bucket := e.judge(false, e.tolerance(rate), miscountPart)
		if bucket.threshold <= 1.001 {
			return false // it had all its tokens
		}
		bucket.rate, bucket.burst = rate, max(1, bucket.threshold-1)
		bucket.mistakes += bucketDoubt
		found = append(found, bucket)
		return true
	}
	lowest := max(slowestRate, e.rate/8)
	if e.history[0].marker {
		lowest = max(lowest, 0.9*e.rate) // nothing had been saved up
	}
	for rate := lowest; rate < e.fastest*coarse && try(rate); rate *= coarse {
	}
	for _, ratio := range []float64{fine, finest} {
		if len(found) == 0 {
			break
		}
		best := leastMistaken(found).rate
		for i := range 4 {
			step := math.Pow(ratio, float64(i+1))
			try(best / step)
			try(best * step)
		}
	}
	return found
}

// sliding tries the window of a second before each request.
func (e *explainer) sliding() []explanation {
	oldest, count := 0, 0.0
	for i, o := range e.history {
		for ; e.history[oldest].sent <= o.sent-1+instant; oldest++ {
			if !e.history[oldest].refused {
				count--
			}
		}
		e.counts[i] = count + 1
		if !o.refused {
			count++
		}
	}
	return e.window(nil, 0)
}

// fixed tries windows of a second, one after the other.
func (e *explainer) fixed() []explanation {
	var found []explanation
	try := func(phase float64) {
		count, current := 0.0, math.Inf(-1)
		for i, o := range e.history {
			if window := math.Floor(o.sent + phase + instant); window != current {
				current, count = window, 0
			}
			e.counts[i] = count + 1
			if !o.refused {
				count++
			}
		}
		found = e.window(found, phase)
	}
	for i := range phases {
		try(float64(i) / phases)
	}
	step := 0.5 / phases
	for range finerPhases {
		if len(found) == 0 {
			break
		}
		best := leastMistaken(found).phase
		try(best - step)
		try(best + step)
		step /= 2
	}
	for i := range found {
		found[i].mistakes += phaseDoubt
	}
	return found
}

// window appends what the counts of a window tell.
func (e *explainer) window(found []explanation, phase float64) []explanation {
	window := e.judge(true, e.tolerance(e.rate), miscountPart)
	window.rate, window.burst, window.phase = window.threshold-1, 1, phase
	if window.rate < 1 {
		return found
	}
	window.mistakes += fewDoubt / window.rate
	return append(found, window)
}

// atATime tries a limit of requests at a time, which is the threshold less one.
func (e *explainer) atATime() explanation {
	var until []float64
	for i, o := range e.history {
		until = slices.DeleteFunc(until, func(done float64) bool { return done <= o.sent })
		e.counts[i] = float64(len(until) + 1)
		if !o.refused {
			until = append(until, o.done)
		}
	}
	return e.judge(true, 2*e.jitter*e.rate, miscountAtOnce)
}

func leastMistaken(found []explanation) explanation {
	return slices.MinFunc(found, func(a, b explanation) int { return cmp.Compare(a.mistakes, b.mistakes) })
}
