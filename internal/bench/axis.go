package main

import "math"

// axis is a logarithmic axis: the values from low to high are drawn at the
// positions from start to end.
type axis struct {
	low, high  float64
	start, end float64
}

// at is where a value is drawn.
func (a axis) at(value float64) float64 {
	return a.start + (a.end-a.start)*math.Log(value/a.low)/math.Log(a.high/a.low)
}

// ticks returns the values from low to high that are one of the steps, from 1
// to below 10, times a power of ten.
func (a axis) ticks(steps ...float64) (ticks []float64) {
	for power := math.Floor(math.Log10(a.low)); math.Pow(10, power) <= a.high; power++ {
		for _, step := range steps {
			// Dividing by 10 rather than multiplying by 0.1 keeps the ticks round.
			tick := step * math.Pow(10, power)
			if power < 0 {
				tick = step / math.Pow(10, -power)
			}
			if tick >= a.low && tick <= a.high {
				ticks = append(ticks, tick)
			}
		}
	}
	return ticks
}

// roundOut returns the closest range around the values from low to high that
// begins and ends with one of the steps, from 1 to below 10, times a power of
// ten.
func roundOut(low, high float64, steps ...float64) (float64, float64) {
	ticks := axis{low: low / 10, high: high * 10}.ticks(steps...)
	first, last := ticks[0], ticks[len(ticks)-1]
	for _, tick := range ticks {
		if tick <= low {
			first = tick
		}
	}
	for i := len(ticks) - 1; i >= 0; i-- {
		if ticks[i] >= high {
			last = ticks[i]
		}
	}
	return first, last
}

// spread moves positions apart until any two are gap from each other, as little
// as needed and in their order, which must be ascending.
func spread(positions []float64, gap float64) []float64 {
	// A group of positions that touch is centred on their mean.
	type group struct {
		sum   float64 // of the positions
		count int
	}
	var groups []group
	start := func(g group) float64 { return g.sum/float64(g.count) - gap*float64(g.count-1)/2 }
	end := func(g group) float64 { return g.sum/float64(g.count) + gap*float64(g.count-1)/2 }
	for _, position := range positions {
		next := group{position, 1}
		for len(groups) > 0 && start(next)-end(groups[len(groups)-1]) < gap {
			last := groups[len(groups)-1]
			next = group{last.sum + next.sum, last.count + next.count}
			groups = groups[:len(groups)-1]
		}
		groups = append(groups, next)
	}
	var apart []float64
	for _, g := range groups {
		for i := range g.count {
			apart = append(apart, start(g)+gap*float64(i))
		}
	}
	return apart
}
