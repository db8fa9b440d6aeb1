package main

import "fmt"

// metric is one measurement, and what it is compared with.
type metric struct {
	name     string
	unit     unit
	measured float64
	// reference is what measured is compared with, such as the floor. 0 is
	// nothing.
	reference     float64
	referenceName string
	// limit is the largest ratio allowed where there is a reference, and else
	// the largest measure. 0 is none: the metric is for information.
	limit float64
	// exactly makes the limit the only measure allowed.
	exactly bool
	// missing says why nothing was measured, if so.
	missing string
}

func (f metric) ratio() float64 { return f.measured / f.reference }

// holds reports whether the metric is within its limit.
func (f metric) holds() bool {
	switch {
	case f.limit == 0 || f.missing != "":
		return true
	case f.exactly:
		return f.measured == f.limit
	case f.reference != 0:
		return f.ratio() <= f.limit
	default:
		return f.measured <= f.limit
	}
}

// metricHeader is above the cells of metrics.
var metricHeader = []string{"metric", "measured", "compared with", "ratio", "limit", ""}

// cells is the metric's row of a table.
func (f metric) cells() []string {
	if f.missing != "" {
		return []string{f.name, f.missing, "", "", "", "–"}
	}
	var reference, ratio, mark string
	if f.reference != 0 {
		reference = fmt.Sprintf("%s, %s", f.unit(f.reference), f.referenceName)
		ratio = fmt.Sprintf("%.2f ×", f.ratio())
	}
	if f.limit != 0 {
		mark = "✗"
		if f.holds() {
			mark = "✓"
		}
	}
	return []string{f.name, f.unit(f.measured), reference, ratio, f.limitText(), mark}
}

func (f metric) limitText() string {
	switch {
	case f.limit == 0:
		return ""
	case f.exactly:
		return "= " + f.unit(f.limit)
	case f.reference != 0:
		return fmt.Sprintf("≤ %.2f × = %s", f.limit, f.unit(f.limit*f.reference))
	default:
		return "≤ " + f.unit(f.limit)
	}
}

// shortfall says how a metric misses its limit.
func (f metric) shortfall() string {
	return fmt.Sprintf("%s where %s is due", f.unit(f.measured), f.limitText())
}
