package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestChartIsWellFormed(t *testing.T) {
	drawn := chart{
		title: "Time & <entries>", xName: "entries", yName: "seconds",
		key: []colorName{{"first & second", orange}},
		lines: []line{
			{name: "one", color: orange, points: []point{{100, 1.2}, {1000, 9}}},
			{name: "two", color: blue, dashed: true, points: []point{{100, 0.3}, {1000, 9.1}}},
		},
	}.svg()
	decoder := xml.NewDecoder(strings.NewReader(drawn))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, drawn)
		}
	}
	for _, want := range []string{"Time &amp; &lt;entries&gt;", "first &amp; second", ">one<", ">two<", ">1,000<", ">0.2<", ">10<"} {
		if !strings.Contains(drawn, want) {
			t.Errorf("no %s in\n%s", want, drawn)
		}
	}
}
