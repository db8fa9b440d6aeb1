package main

import "testing"

func TestMarkdownTable(t *testing.T) {
	got := markdownTable([]string{"metric", ""}, [][]string{{"≤", "✓"}, {"requests", "10,000"}})
	want := "" +
		"| metric   |        |\n" +
		"| -------- | ------ |\n" +
		"| ≤        | ✓      |\n" +
		"| requests | 10,000 |\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
