// Releasenotes prints what the changelog says of a version, for its release:
//
//	go run ./releasenotes 1.2.3 < ../CHANGELOG.md
package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: releasenotes VERSION < CHANGELOG.md")
		os.Exit(2)
	}
	version := os.Args[1]
	changelog, err := io.ReadAll(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "releasenotes:", err)
		os.Exit(1)
	}
	text, ok := notes(string(changelog), version)
	if !ok {
		fmt.Fprintf(os.Stderr, "releasenotes: the changelog says nothing of %s: its section begins with \"## [%s] - \" and the date\n", version, version)
		os.Exit(1)
	}
	fmt.Println(text)
}

var (
	linkDefinition = regexp.MustCompile(`(?m)^\[[^]]+\]: .*$`)
	wrappedLine    = regexp.MustCompile(`(\S)\n *([^\s#-])`)
)

// notes returns the text below the heading of a version, without the changelog's
// own link definitions, and whether there is any. Each entry and each paragraph
// is one line: in a release, GitHub shows the end of a line as a line break.
func notes(changelog, version string) (string, bool) {
	_, text, found := strings.Cut("\n"+changelog, "\n## ["+version+"] - ")
	if !found {
		return "", false
	}
	_, text, _ = strings.Cut(text, "\n") // the date
	text, _, _ = strings.Cut("\n"+text, "\n## ")
	text = linkDefinition.ReplaceAllString(text, "")
	text = strings.TrimSpace(wrappedLine.ReplaceAllString(text, "$1 $2"))
	return text, text != ""
}
