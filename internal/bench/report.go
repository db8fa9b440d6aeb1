package main

import (
	"context"
	"fmt"
	"io"
	"time"
)

// outcome is what the scenarios have shown together.
type outcome struct {
	overLimit []string // metrics outside their limits
	failed    []string // scenarios that did not finish
}

// measure runs the scenarios and reports on each as soon as it is done.
func (b *bench) measure(ctx context.Context, report io.Writer, scenarios []scenario, progress func(format string, values ...any)) (outcome, error) {
	var result outcome
	for i, scenario := range scenarios {
		title := scenario.title(b.size)
		fmt.Fprintf(report, "## %s\n\n", title)
		if !b.resources[scenario.needs.resource] {
			fmt.Fprintf(report, "Not measured: the provider has no `%s`.\n\n", scenario.needs.resource)
			continue
		}
		progress("%d/%d %s …", i+1, len(scenarios), scenario.name)
		start := time.Now()
		metrics, err := scenario.run(ctx, b)
		if ctx.Err() != nil {
			return result, ctx.Err()
		}
		progress("%d/%d %s took %s", i+1, len(scenarios), scenario.name, time.Since(start).Round(time.Second))
		var rows [][]string
		for _, metric := range metrics {
			rows = append(rows, metric.cells())
			if !metric.holds() {
				result.overLimit = append(result.overLimit, fmt.Sprintf("%s: %s, %s", title, metric.name, metric.shortfall()))
			}
		}
		if len(rows) > 0 {
			fmt.Fprintln(report, markdownTable(metricHeader, rows))
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
	fmt.Fprintf(report, "## Over the limits\n\n")
	for _, title := range o.failed {
		fmt.Fprintf(report, "- ✗ %s: a run failed\n", title)
	}
	for _, name := range o.overLimit {
		fmt.Fprintf(report, "- ✗ %s\n", name)
	}
	if len(o.failed)+len(o.overLimit) == 0 {
		fmt.Fprintln(report, "Nothing.")
	}
}
