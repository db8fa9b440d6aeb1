package main

import (
	"strings"
	"unicode/utf8"
)

// markdownTable writes a table that is as readable in a terminal as it is
// rendered.
func markdownTable(header []string, rows [][]string) string {
	widths := make([]int, len(header))
	for i := range widths {
		widths[i] = max(3, utf8.RuneCountInString(header[i])) // a rule has three dashes at least
		for _, row := range rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	var table strings.Builder
	write := func(cells []string) {
		for i, cell := range cells {
			table.WriteString("| " + cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+1))
		}
		table.WriteString("|\n")
	}
	write(header)
	rule := make([]string, len(widths))
	for i, width := range widths {
		rule[i] = strings.Repeat("-", width)
	}
	write(rule)
	for _, row := range rows {
		write(row)
	}
	return table.String()
}
