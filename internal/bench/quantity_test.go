package main

import "testing"

func TestUnits(t *testing.T) {
	for _, test := range []struct {
		name  string
		unit  unit
		value float64
		want  string
	}{
		{"seconds", seconds, 0.756, "0.76 s"},
		{"seconds", seconds, 9.5, "9.50 s"},
		{"seconds", seconds, 9.996, "10.0 s"},
		{"seconds", seconds, 25.04, "25.0 s"},
		{"seconds", seconds, 99.96, "100 s"},
		{"seconds", seconds, 123.4, "123 s"},
		{"megabytes", megabytes, 399.6e6, "400 MB"},
		{"count", count, 0, "0"},
		{"count", count, 999, "999"},
		{"count", count, 1000, "1,000"},
		{"count", count, 1234567, "1,234,567"},
	} {
		if got := test.unit(test.value); got != test.want {
			t.Errorf("%s(%v) is %q, want %q", test.name, test.value, got, test.want)
		}
	}
}
