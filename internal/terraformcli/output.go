package terraformcli

import (
	"regexp"
	"strings"
)

var ansiStyle = regexp.MustCompile("\x1b\\[[0-9;]*m")

// WithoutStyle returns an output of Terraform without colors.
func WithoutStyle(output string) string { return ansiStyle.ReplaceAllString(output, "") }

// Says reports whether an output of Terraform holds a text, however it is
// wrapped, framed and colored.
func Says(output, text string) bool {
	return strings.Contains(unwrap(WithoutStyle(output)), unwrap(text))
}

func unwrap(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \n│╷╵", r) }), " ")
}
