package provider_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTroubleshooting: the guide "Troubleshooting" has every summary of an error
// or a warning that is in the source, and explains none that is not.
func TestTroubleshooting(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	explained := explainedErrors(string(guide))
	printed := map[string]bool{}
	for _, dir := range []string{".", "../protocol"} {
		maps.Copy(printed, summaries(t, dir))
	}
	for summary := range printed {
		if !slices.ContainsFunc(explained, func(found string) bool { return isSummary(found, summary) }) {
			t.Errorf("the guide does not explain %q", summary)
		}
	}
	for _, found := range explained {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(printed)), func(summary string) bool { return isSummary(found, summary) }) {
			t.Errorf("nothing prints %q, which the guide explains", found)
		}
	}
}

// isSummary reports whether the guide explains a summary of the source. A summary
// that ends with a space is only a beginning.
func isSummary(explained, summary string) bool {
	return explained == summary || strings.HasSuffix(summary, " ") && strings.HasPrefix(explained, summary)
}

// explainedErrors returns the code in the first column of the guide's tables of
// errors, and in its section about defects.
func explainedErrors(guide string) []string {
	var explained []string
	code := regexp.MustCompile("`([^`]+)`")
	inErrors := false
	for line := range strings.Lines(guide) {
		cell, isCell := strings.CutPrefix(line, "| ")
		cell, _, _ = strings.Cut(cell, " | ")
		switch {
		case !isCell:
			inErrors = false
		case cell == "Error":
			inErrors = true
		case inErrors:
			for _, match := range code.FindAllStringSubmatch(cell, -1) {
				explained = append(explained, match[1])
			}
		}
	}
	_, defects, _ := strings.Cut(guide, "\n## Defects of the Provider\n")
	defects, _, _ = strings.Cut(defects, " and Terraform's ")
	for _, match := range code.FindAllStringSubmatch(defects, -1) {
		explained = append(explained, match[1])
	}
	return explained
}

var (
	// givenSummary is what a diagnostic is given as its summary, the beginning if
	// something is added to it; givenName is what is named summary.
	givenSummary = regexp.MustCompile(`(?:(?:Add|New)Attribute(?:Error|Warning)\w*\([^,]+,|\b(?:Add|New)(?:Error|Warning)\w*\(|\bDiagnostic\{[^}]*\bSummary:)\s*("[^"]*"|[^,\s]*)`)
	givenName    = regexp.MustCompile(`\bsummary(?:, \w+)? :?= ("[^"]*")`)
	returned     = regexp.MustCompile(`\breturn ("[^"]*"),`)
)

// summaries returns the texts that a package's source gives diagnostics as their
// summaries: in calls, in the protocol's own diagnostics, and as the value of what
// is named summary, as a function's first result may be.
func summaries(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil || strings.HasSuffix(file, "_test.go") {
			continue
		}
		for function := range strings.SplitSeq(string(source), "\nfunc ") {
			matches := append(givenSummary.FindAllStringSubmatch(function, -1), givenName.FindAllStringSubmatch(function, -1)...)
			if signature, _, _ := strings.Cut(function, "\n"); strings.Contains(signature, ") (summary, ") {
				matches = append(matches, returned.FindAllStringSubmatch(function, -1)...)
			}
			for _, match := range matches {
				if text, isText := strings.CutPrefix(match[1], `"`); isText {
					found[strings.TrimSuffix(text, `"`)] = true
				} else if match[1] != "summary" {
					t.Errorf("%s: a summary that this test cannot read: %s: name it summary", file, match[0])
				}
			}
		}
	}
	return found
}
