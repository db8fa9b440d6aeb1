package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestMeasure(t *testing.T) {
	thing := configuration{resource: "quiva_thing"}
	title := func(title string) func(size) string { return func(size) string { return title } }
	b := &bench{resources: map[string]bool{thing.resource: true}}
	var report strings.Builder
	result, err := b.measure(t.Context(), &report, []scenario{
		{title: title("Good"), needs: thing, run: func(context.Context, *bench) ([]metric, error) {
			return []metric{{name: "requests", unit: count, measured: 3, limit: 5}}, nil
		}},
		{title: title("Slow, then broken"), needs: thing, run: func(context.Context, *bench) ([]metric, error) {
			return []metric{{name: "wall", unit: seconds, measured: 3, limit: 2}}, errors.New("no such luck")
		}},
		{title: title("Elsewhere"), needs: configuration{resource: "quiva_other"}},
	}, func(string, ...any) {})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"Slow, then broken: wall, 3.00 s where ≤ 2.00 s is due"}; !slices.Equal(result.overLimit, want) {
		t.Errorf("over the limits: %q, want %q", result.overLimit, want)
	}
	if want := []string{"Slow, then broken"}; !slices.Equal(result.failed, want) {
		t.Errorf("failed: %q, want %q", result.failed, want)
	}
	result.summary(&report)
	for _, want := range []string{
		"## Good\n\n| metric ",
		"| requests | 3 ",
		"| wall   | 3.00 s ",
		"no such luck",
		"## Elsewhere\n\nNot measured: the provider has no `quiva_other`.",
		"- ✗ Slow, then broken: a run failed\n",
		"- ✗ Slow, then broken: wall, 3.00 s where ≤ 2.00 s is due\n",
	} {
		if !strings.Contains(report.String(), want) {
			t.Errorf("no %q in\n%s", want, report.String())
		}
	}
}
