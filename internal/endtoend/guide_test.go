package endtoend_test

import (
	"regexp"
	"strings"
	"testing"
)

// heldBy names the tests that hold each promise of the guide "What Happens to
// Entries".
var heldBy = map[string][]string{
	"A successful apply leaves exactly what is declared":         {"TestHistories", "TestOwnership"},
	"A failed apply destroys nothing that only the gateway has.": {"TestHistories", "TestFaults"},
	"The next apply converges":                                   {"TestHistories", "TestKilled"},
	"Updates and deletions touch only what the plan has seen.":   {"TestHistories"},
	"Deletions are announced":                                    {"TestHistories"},
	"Nothing follows from silence.":                              {"TestHistories", "TestFaults"},
}

// TestGuidePromises: the promises of the guide are those that tests hold.
func TestGuidePromises(t *testing.T) {
	t.Parallel()
	_, promises, _ := strings.Cut(readDocument(t, "guides/what-happens-to-entries.md"), "\n## Promises\n")
	promises, _, _ = strings.Cut(promises, "\n## ")
	made := map[string]bool{}
	for _, promise := range regexp.MustCompile(`(?m)^\d\. \*\*(.+?)\*\*`).FindAllStringSubmatch(promises, -1) {
		made[promise[1]] = true
		if len(heldBy[promise[1]]) == 0 {
			t.Errorf("no test holds this promise: %s", promise[1])
		}
	}
	var source strings.Builder
	for name, text := range repositoryFiles(t, ".go") {
		if strings.HasSuffix(name, "_test.go") {
			source.WriteString(text)
		}
	}
	for promise, tests := range heldBy {
		if !made[promise] {
			t.Errorf("the guide does not promise: %s", promise)
		}
		for _, name := range tests {
			if !strings.Contains(source.String(), "\nfunc "+name+"(") {
				t.Errorf("there is no %s", name)
			}
		}
	}
}
