package main

import (
	"os"
	"strings"
	"testing"
)

const changelog = `# Changelog

## [Unreleased]

### Added

- Tomorrow's.

## [1.1.0] - 2026-02-03

A paragraph, then
[a link](https://example.com) at the start of a line.

### Added

- One line
  and its second,
  and its third.
- Another.
  - Below it.

### Fixed

- [A link](https://example.com) in a line.

## [1.1.0-rc.1] - 2026-02-01

- Nearly.

## [1.0.0] - 2026-01-02

- The first.

[Unreleased]: https://example.com/compare/v1.1.0...HEAD
[1.1.0]: https://example.com/releases/tag/v1.1.0
`

func TestNotes(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"1.1.0": "A paragraph, then [a link](https://example.com) at the start of a line.\n\n" +
			"### Added\n\n- One line and its second, and its third.\n- Another.\n  - Below it.\n\n### Fixed\n\n- [A link](https://example.com) in a line.",
		"1.1.0-rc.1": "- Nearly.",
		"1.0.0":      "- The first.",
		"1.0":        "",
		"2.0.0":      "",
		"Unreleased": "",
	} {
		if got, ok := notes(changelog, version); got != want || ok != (want != "") {
			t.Errorf("%s: got %q, %t; want %q", version, got, ok, want)
		}
	}
}

// TestChangelog: once the heading of what is not released has a version and a
// date, the release has notes.
func TestChangelog(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	const unreleased = "\n## [Unreleased]\n"
	if strings.Count(string(text), unreleased) != 1 {
		t.Fatalf("CHANGELOG.md must have one heading %q", strings.TrimSpace(unreleased))
	}
	released := strings.Replace(string(text), unreleased, "\n## [99.0.0] - 2026-01-02\n", 1)
	if got, ok := notes(released, "99.0.0"); ok && (!strings.HasPrefix(got, "### ") || strings.Contains(got, "\n## ")) {
		t.Errorf("the notes are:\n%s", got)
	}
}
