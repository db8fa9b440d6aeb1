package endtoend_test

import (
	"io/fs"
	"os"
	"path/filepath"
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
	exist := testNames(t, "..")
	for promise, tests := range heldBy {
		if !made[promise] {
			t.Errorf("the guide does not promise: %s", promise)
		}
		for _, name := range tests {
			if !exist[name] {
				t.Errorf("there is no %s", name)
			}
		}
	}
}

// testNames returns the names of all tests and fuzz targets below a directory.
func testNames(t *testing.T, dir string) map[string]bool {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	names := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, name := range declared.FindAllStringSubmatch(string(text), -1) {
			names[name[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
