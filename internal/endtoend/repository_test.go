package endtoend_test

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// repositoryFiles returns the texts of the files of the repository that have one of
// the extensions, by their paths. Of what is hidden, only .github is the project's.
func repositoryFiles(t *testing.T, extensions ...string) map[string]string {
	t.Helper()
	texts, repository := map[string]string{}, os.DirFS("../..")
	err := fs.WalkDir(repository, ".", func(name string, entry fs.DirEntry, err error) error {
		switch hidden := strings.HasPrefix(entry.Name(), ".") && name != "." && name != ".github"; {
		case err != nil:
			return err
		case entry.IsDir() && (hidden || name == "dist"):
			return fs.SkipDir
		case entry.IsDir() || !slices.Contains(extensions, path.Ext(name)):
			return nil
		}
		text, err := fs.ReadFile(repository, name)
		texts[name] = string(text)
		return err
	})
	if err != nil || len(texts) == 0 {
		t.Fatalf("%d files read: %v", len(texts), err)
	}
	return texts
}

// readDocument returns a page of docs/.
func readDocument(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
