package main

import "testing"

func TestMarkdownTable(t *testing.T) {
	got := markdownTable([]string{"figure", ""}, [][]string{{"≤", "✓"}, {"requests", "10,000"}})
	want := "" +
		"| figure   |        |\n" +
		"| -------- | ------ |\n" +
		"| ≤        | ✓      |\n" +
		"| requests | 10,000 |\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
