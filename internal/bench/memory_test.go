package main

import "testing"

func TestPeakMemory(t *testing.T) {
	for _, test := range []struct {
		name, status string
		want         float64
	}{
		{"running", "Name:\tprovider\nVmPeak:\t  900000 kB\nVmHWM:\t   46764 kB\nVmRSS:\t   40000 kB\n", 46764 * 1024},
		{"ended", "Name:\tprovider\nState:\tZ (zombie)\n", 0},
		{"empty", "", 0},
	} {
		if got := peakMemory([]byte(test.status)); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
