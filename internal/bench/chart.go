package main

import (
	"cmp"
	"fmt"
	"html"
	"slices"
	"strings"
)

// These are told apart on a white page and on a black one, also by the
// color-blind.
const (
	orange = "#d9730d"
	blue   = "#3b86d8"
	ink    = "#7a7a7a"
)

// chart is lines over two logarithmic axes.
type chart struct {
	title, xName, yName string
	key                 []colorName
	lines               []line
}

// colorName says what the lines of a color have in common.
type colorName struct{ name, color string }

type line struct {
	name   string // of a few letters: it goes beside the line's end
	color  string
	dashed bool
	points []point // from left to right
}

type point struct{ x, y float64 }

func (l line) last() point { return l.points[len(l.points)-1] }

// The chart's measures, in pixels.
const (
	chartWidth, chartHeight       = 760, 460
	plotLeft, plotRight           = 64, 652
	plotTop, plotBottom           = 72, 404
	labelGap, labelWidth, dotSize = 18, 12, 3.5
)

// svg draws the chart, without a background of its own.
func (c chart) svg() string {
	x, y := c.axes()
	var svg strings.Builder
	write := func(format string, values ...any) { fmt.Fprintf(&svg, format+"\n", values...) }

	write(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img" font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="13">`, chartWidth, chartHeight)
	write(`<title>%s</title>`, html.EscapeString(c.title))
	write(`<text x="%d" y="26" font-size="16" font-weight="600" fill="%s">%s</text>`, plotLeft, ink, html.EscapeString(c.title))

	write(`<text y="50" font-weight="600">`)
	for i, color := range c.key {
		// A distance to the one before, since nobody knows how wide that is.
		position := `dx="24"`
		if i == 0 {
			position = fmt.Sprintf(`x="%d"`, plotLeft)
		}
		write(`<tspan %s fill="%s">● %s</tspan>`, position, color.color, html.EscapeString(color.name))
	}
	write(`</text>`)

	write(`<g stroke="%s" stroke-opacity="0.3" fill="none">`, ink)
	for _, tick := range y.ticks(1, 2, 5) {
		write(`<path d="M%d %.1fH%d"/>`, plotLeft, y.at(tick), plotRight)
	}
	for _, tick := range x.ticks(1, 3) {
		write(`<path d="M%.1f %dV%d"/>`, x.at(tick), plotTop, plotBottom)
	}
	write(`</g>`)

	write(`<g fill="%s">`, ink)
	for _, tick := range y.ticks(1, 2, 5) {
		write(`<text x="%d" y="%.1f" text-anchor="end">%g</text>`, plotLeft-8, y.at(tick)+4.5, tick)
	}
	for _, tick := range x.ticks(1, 3) {
		write(`<text x="%.1f" y="%d" text-anchor="middle">%s</text>`, x.at(tick), plotBottom+20, count(tick))
	}
	write(`<text x="%d" y="%d" text-anchor="middle">%s</text>`, (plotLeft+plotRight)/2, plotBottom+44, html.EscapeString(c.xName))
	write(`<text transform="translate(18 %d) rotate(-90)" text-anchor="middle">%s</text>`, (plotTop+plotBottom)/2, html.EscapeString(c.yName))
	write(`</g>`)

	for _, line := range c.lines {
		dashes := ""
		if line.dashed {
			dashes = ` stroke-dasharray="6 4"`
		}
		var path, dots strings.Builder
		for i, point := range line.points {
			command := "L"
			if i == 0 {
				command = "M"
			}
			fmt.Fprintf(&path, "%s%.1f %.1f", command, x.at(point.x), y.at(point.y))
			fmt.Fprintf(&dots, `<circle cx="%.1f" cy="%.1f" r="%g"/>`, x.at(point.x), y.at(point.y), dotSize)
		}
		write(`<path d="%s" fill="none" stroke="%s" stroke-width="2"%s/>`, path.String(), line.color, dashes)
		write(`<g fill="%s">%s</g>`, line.color, dots.String())
	}
	for i, at := range c.labels(x, y) {
		write(`<text x="%.1f" y="%.1f" fill="%s" font-weight="600">%s</text>`, at.x, at.y+4.5, c.lines[i].color, html.EscapeString(c.lines[i].name))
	}
	write(`</svg>`)
	return svg.String()
}

// axes fit all points.
func (c chart) axes() (x, y axis) {
	var xs, ys []float64
	for _, line := range c.lines {
		for _, point := range line.points {
			xs, ys = append(xs, point.x), append(ys, point.y)
		}
	}
	x = axis{start: plotLeft, end: plotRight}
	x.low, x.high = roundOut(slices.Min(xs), slices.Max(xs), 1, 3)
	y = axis{start: plotBottom, end: plotTop}
	y.low, y.high = roundOut(slices.Min(ys), slices.Max(ys), 1, 2, 5)
	return x, y
}

// labels returns where each line's name goes: right of its last point, and clear
// of the other names there.
func (c chart) labels(x, y axis) []point {
	labels := make([]point, len(c.lines))
	columns := map[float64][]int{} // the lines by where they end
	for i, line := range c.lines {
		end := line.last()
		labels[i] = point{x.at(end.x) + labelWidth, y.at(end.y)}
		columns[end.x] = append(columns[end.x], i)
	}
	for _, column := range columns {
		slices.SortFunc(column, func(a, b int) int { return cmp.Compare(labels[a].y, labels[b].y) })
		var ys []float64
		for _, i := range column {
			ys = append(ys, labels[i].y)
		}
		for i, at := range spread(ys, labelGap) {
			labels[column[i]].y = at
		}
	}
	return labels
}
