package endtoend_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestDocumentedSizes: pages stay short enough to be read. What counts is a page as
// it is generated, its code and its front matter included, in words as wc counts
// them.
func TestDocumentedSizes(t *testing.T) {
	t.Parallel()
	const schemaWithin = 450
	for resource, most := range map[string]int{
		"kv_bucket": 900, "kv_entries": 1300, "kv_entry": 1200, "kv_entry_properties": 900,
	} {
		page := readDocument(t, "resources/"+resource+".md")
		if words := len(strings.Fields(page)); words > most {
			t.Errorf("%s has %d words, want at most %d", resource, words, most)
		}
		before, _, found := strings.Cut(page, "\n## Schema\n")
		if words := len(strings.Fields(before)); !found || words > schemaWithin {
			t.Errorf("the schema of %s comes after %d words (%t), want at most %d", resource, words, found, schemaWithin)
		}
	}
	guides, err := filepath.Glob("../../docs/guides/*.md")
	if err != nil || len(guides) == 0 || len(guides) > 7 {
		t.Errorf("there are %d guides, want at most 7 (%v)", len(guides), err)
	}
	all := map[string]int{}
	for _, guide := range guides {
		name := filepath.Base(guide)
		words := len(strings.Fields(readDocument(t, "guides/"+name)))
		all[name], all["all guides"] = words, all["all guides"]+words
	}
	for name, most := range map[string]int{"all guides": 9500, "security-and-failures.md": 1500, "scale.md": 700} {
		if words := all[name]; words == 0 || words > most {
			t.Errorf("%s: %d words, want at most %d", name, words, most)
		}
	}
}
