package quiva

import "math"

// belief is what is likely of a limit after what was seen.
type belief struct {
	// likely are the limits that explain it about as well as the best.
	likely []likely
	// slowest and fastest are what they allow in a second, and burst is what all
	// of them allow at once.
	slowest, fastest, burst float64
	// atATime is a limit of requests at a time, if that is likelier, or 0.
	atATime  int
	mistakes float64
	surprise bool
}

// likely is a limit with how likely it is, compared with others.
type likely struct {
	explanation
	weight float64
}

const (
	// likelyMistakes is how many mistakes more than the best one a likely limit
	// makes at most. Each makes it less likely by the factor e.
	likelyMistakes = 4
	// widthDoubt is what a limit of requests at a time has to be better by.
	widthDoubt = 0.5
	// horizon is how far ahead counts, as so many times what a refusal costs.
	horizon = 2
	// While a pace rises to a limit, this part of the difference is lost.
	underuse = 0.6
)

// believe concludes from a history in which a pause began. doubt is added to the
// mistakes of a limit of requests at a time.
func believe(h history, jitter, doubt float64) belief {
	var (
		e     = newExplainer(h, jitter)
		kinds = [][]explanation{e.buckets(), e.sliding(), e.fixed()}
		b     = belief{mistakes: math.Inf(1)}
	)
	for _, kind := range kinds {
		for _, limit := range kind {
			if limit.mistakes < b.mistakes {
				b.mistakes, b.surprise = limit.mistakes, limit.surprise
			}
		}
	}
	best := b.mistakes
	for _, kind := range kinds {
		sum := 0.0
		for _, limit := range kind {
			sum += math.Exp(best - limit.mistakes)
		}
		if sum == 0 {
			continue
		}
		// A kind with many variants is no likelier for that.
		least := leastMistaken(kind).mistakes
		for _, limit := range kind {
			if limit.mistakes <= best+likelyMistakes {
				weight := math.Exp(best-limit.mistakes) / sum * math.Exp(best-least)
				if len(b.likely) == 0 {
					b.slowest, b.burst = limit.rate, limit.burst
				}
				b.likely = append(b.likely, likely{limit, weight})
				b.slowest = min(b.slowest, limit.rate)
				b.fastest = max(b.fastest, limit.rate)
				b.burst = min(b.burst, limit.burst)
			}
		}
	}
	if width := e.atATime(); width.threshold >= 2 && width.mistakes+doubt+widthDoubt <= best {
		b.atATime = int(width.threshold) - 1
		b.mistakes, b.surprise = width.mistakes+doubt, width.surprise
	}
	return b
}

// pace is where most is to be expected if it rises from there, where a refusal
// costs some seconds, of which those of pause are asked for.
func (b belief) pace(pause, cost float64) float64 {
	var best, most float64
	for _, candidate := range b.likely {
		pace := margin * candidate.rate
		if expected := b.expect(pace, pause, cost); expected > most {
			best, most = pace, expected
		}
	}
	return best
}

// expect is the part of the limit that is used if a pace rises from here.
func (b belief) expect(pace, pause, cost float64) float64 {
	var (
		expected float64
		ahead    = horizon * cost // in seconds
	)
	perSecond, perRequest := rise(pace, b.fastest, pause)
	rise := max(creep, min(perSecond, perRequest*pace))
	for _, l := range b.likely {
		if l.rate >= pace {
			found := min(1, math.Log(l.rate/pace)/rise/ahead)
			expected += l.weight * (1 - underuse*found*(1-pace/l.rate))
			continue
		}
		until := min(ahead, min(l.burst, l.rate*pause)/(pace-l.rate))
		used := pace*until + l.rate*max(0, ahead-until-cost)
		expected += l.weight * used / (l.rate * ahead)
	}
	return expected
}
