package main

import (
	"slices"
	"testing"
)

func TestMetric(t *testing.T) {
	for _, test := range []struct {
		name   string
		metric metric
		holds  bool
		cells  []string
	}{
		{
			"at its limit",
			metric{name: "requests", unit: count, measured: 20, limit: 20},
			true, []string{"requests", "20", "", "", "≤ 20", "✓"},
		},
		{
			"over its limit",
			metric{name: "requests", unit: count, measured: 1021, limit: 20},
			false, []string{"requests", "1,021", "", "", "≤ 20", "✗"},
		},
		{
			"within a ratio",
			metric{name: "wall", unit: seconds, measured: 1.05, reference: 1, referenceName: "silent", limit: 1.1},
			true, []string{"wall", "1.05 s", "1.00 s, silent", "1.05 ×", "≤ 1.10 × = 1.10 s", "✓"},
		},
		{
			"over a ratio",
			metric{name: "wall", unit: seconds, measured: 3, reference: 2, referenceName: "silent", limit: 1.1},
			false, []string{"wall", "3.00 s", "2.00 s, silent", "1.50 ×", "≤ 1.10 × = 2.20 s", "✗"},
		},
		{
			"fewer than exactly",
			metric{name: "PUTs", unit: count, measured: 9, limit: 10, exactly: true},
			false, []string{"PUTs", "9", "", "", "= 10", "✗"},
		},
		{
			"for information",
			metric{name: "wall", unit: seconds, measured: 3, reference: 1, referenceName: "terraform_data"},
			true, []string{"wall", "3.00 s", "1.00 s, terraform_data", "3.00 ×", "", ""},
		},
		{
			"missing",
			metric{name: "memory", unit: megabytes, limit: 1, missing: "not measured"},
			true, []string{"memory", "not measured", "", "", "", "–"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.metric.holds(); got != test.holds {
				t.Errorf("holds: %v, want %v", got, test.holds)
			}
			if got := test.metric.cells(); !slices.Equal(got, test.cells) {
				t.Errorf("cells: %q, want %q", got, test.cells)
			}
		})
	}
}
