package main

import (
	"math"
	"slices"
	"testing"
)

func TestAxisAt(t *testing.T) {
	down := axis{low: 0.1, high: 1000, start: 400, end: 0}
	for value, want := range map[float64]float64{0.1: 400, 1: 300, 10: 200, 100: 100, 1000: 0} {
		if got := down.at(value); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v is at %v, want %v", value, got, want)
		}
	}
}

func TestAxisTicks(t *testing.T) {
	for _, test := range []struct {
		low, high float64
		steps     []float64
		want      []float64
	}{
		{100, 10000, []float64{1, 3}, []float64{100, 300, 1000, 3000, 10000}},
		{0.05, 2, []float64{1, 2, 5}, []float64{0.05, 0.1, 0.2, 0.5, 1, 2}},
		{4, 4.5, []float64{1, 2, 5}, nil},
	} {
		if got := (axis{low: test.low, high: test.high}).ticks(test.steps...); !slices.Equal(got, test.want) {
			t.Errorf("from %v to %v: %v, want %v", test.low, test.high, got, test.want)
		}
	}
}

func TestRoundOut(t *testing.T) {
	for _, test := range []struct{ low, high, first, last float64 }{
		{0.31, 17, 0.2, 20},
		{0.2, 20, 0.2, 20},
		{0.99, 1.01, 0.5, 2},
		{3, 3, 2, 5},
	} {
		first, last := roundOut(test.low, test.high, 1, 2, 5)
		if first != test.first || last != test.last {
			t.Errorf("%v to %v becomes %v to %v, want %v to %v", test.low, test.high, first, last, test.first, test.last)
		}
	}
}

func TestSpread(t *testing.T) {
	for _, test := range []struct {
		name            string
		positions, want []float64
	}{
		{"none", nil, nil},
		{"apart already", []float64{0, 20, 40}, []float64{0, 20, 40}},
		{"two that touch", []float64{10, 14}, []float64{7, 17}},
		{"one and the same", []float64{5, 5, 5}, []float64{-5, 5, 15}},
		{"pushed into the next", []float64{10, 10, 20}, []float64{10.0 / 3, 40.0 / 3, 70.0 / 3}},
	} {
		got := spread(test.positions, 10)
		if !slices.EqualFunc(got, test.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
