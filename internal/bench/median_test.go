package main

import "testing"

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7},
		{[]float64{3, 1}, 2},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 100, 2}, 3},
	} {
		given := append([]float64(nil), test.values...)
		if got := median(given); got != test.want {
			t.Errorf("median(%v) is %v, want %v", test.values, got, test.want)
		}
		for i := range given {
			if given[i] != test.values[i] {
				t.Errorf("median changed %v to %v", test.values, given)
				break
			}
		}
	}
}

func TestTypicalCost(t *testing.T) {
	got := typicalCost([]cost{
		{wall: 1, cpu: 9, memory: 10, traffic: traffic{requests: 5, puts: 1, connections: 3}},
		{wall: 8, cpu: 2, memory: 30, traffic: traffic{requests: 4, puts: 2, connections: 1}},
		{wall: 2, cpu: 3, memory: 20, traffic: traffic{requests: 6, puts: 0, connections: 2}},
	})
	want := cost{wall: 2, cpu: 3, memory: 30, traffic: traffic{requests: 6, puts: 2, connections: 3}}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
