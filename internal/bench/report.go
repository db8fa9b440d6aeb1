package main

import (
	"context"
	"fmt"
	"io"
	"time"
)

// outcome is what the works have shown together.
type outcome struct {
	beyond []string // figures outside their limits
	failed []string // works that did not come to their end
}

// measure runs the works and reports on each as soon as it is done.
func (b *bench) measure(ctx context.Context, report io.Writer, works []work, progress func(format string, values ...any)) (outcome, error) {
	var result outcome
	for i, work := range works {
		title := work.title(b.size)
		fmt.Fprintf(report, "## %s\n\n", title)
		if !b.resources[work.needs.resource] {
			fmt.Fprintf(report, "Not measured: the provider has no `%s`.\n\n", work.needs.resource)
			continue
		}
		progress("%d/%d %s …", i+1, len(works), work.name)
		start := time.Now()
		figures, err := work.run(ctx, b)
		if ctx.Err() != nil {
			return result, ctx.Err()
		}
		progress("%d/%d %s took %s", i+1, len(works), work.name, time.Since(start).Round(time.Second))
		var rows [][]string
		for _, figure := range figures {
			rows = append(rows, figure.cells())
			if !figure.holds() {
				result.beyond = append(result.beyond, fmt.Sprintf("%s: %s, %s", title, figure.name, figure.shortfall()))
			}
		}
		if len(rows) > 0 {
			fmt.Fprintln(report, markdownTable(figureHeader, rows))
		}
		if err != nil {
			result.failed = append(result.failed, title)
			fmt.Fprintf(report, "✗ A run failed:\n\n```\n%v\n```\n\n", err)
		}
	}
	return result, nil
}

// summary lists what is not as it should be.
func (o outcome) summary(report io.Writer) {
	fmt.Fprintf(report, "## Beyond the limits\n\n")
	for _, title := range o.failed {
		fmt.Fprintf(report, "- ✗ %s: a run failed\n", title)
	}
	for _, name := range o.beyond {
		fmt.Fprintf(report, "- ✗ %s\n", name)
	}
	if len(o.failed)+len(o.beyond) == 0 {
		fmt.Fprintln(report, "Nothing.")
	}
}
