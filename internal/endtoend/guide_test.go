package endtoend_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGuidePromises: each promise of the guide "Security and Failures" names
// tests, and these exist.
func TestGuidePromises(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/security-and-failures.md")
	if err != nil {
		t.Fatal(err)
	}
	_, promises, _ := strings.Cut(string(guide), "\n## What the Provider Promises\n")
	promises, _, _ = strings.Cut(promises, "\n## ")
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	each := strings.Split(promises, "\n- ")[1:]
	if len(each) == 0 {
		t.Error("the guide has no promises")
	}
	for _, promise := range each {
		if !named.MatchString(promise) {
			t.Errorf("no test holds this promise: %s", promise)
		}
	}
	exist := testNames(t, "..")
	for _, name := range named.FindAllStringSubmatch(string(guide), -1) {
		if !exist[name[1]] {
			t.Errorf("there is no %s", name[1])
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
