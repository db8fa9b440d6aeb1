package main

import (
	"fmt"
	"os"
	"strings"
)

// narrator tells what happens, for a person to read.
type narrator struct {
	out    *os.File
	color  bool
	checks int // how many checks have passed
}

func newNarrator(out *os.File) *narrator {
	info, err := out.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	return &narrator{out: out, color: terminal && os.Getenv("NO_COLOR") == ""}
}

func (n *narrator) line(format string, args ...any) {
	fmt.Fprintf(n.out, format+"\n", args...)
}

func (n *narrator) title(number int, title string) {
	n.line("\n%s", n.paint("1", fmt.Sprintf("%d. %s", number, title)))
}

// command shows what is run, before it is.
func (n *narrator) command(command string) {
	n.line("   $ %s", command)
}

// excerpt shows lines of a program's output, colors included.
func (n *narrator) excerpt(lines ...string) {
	for _, line := range lines {
		n.line("%s", strings.TrimRight("     "+n.paint("", line), " "))
	}
}

// passed shows a check that held.
func (n *narrator) passed(format string, args ...any) {
	n.checks++
	n.line("   %s %s", n.paint("32", "✓"), fmt.Sprintf(format, args...))
}

func (n *narrator) note(format string, args ...any) {
	n.line("   %s", n.paint("2", fmt.Sprintf(format, args...)))
}

// paint sets text in an ANSI style and ends whatever style text itself begins.
func (n *narrator) paint(style, text string) string {
	switch {
	case !n.color:
		return text
	case style == "":
		return text + "\x1b[0m"
	default:
		return "\x1b[" + style + "m" + text + "\x1b[0m"
	}
}
