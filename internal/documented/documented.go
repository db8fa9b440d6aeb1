// Package documented lets the tests of a package compare the numbers in the
// documentation with the constants that they stand for.
package documented

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Check fails for each statement, by the path of its page below the repository,
// that the page does not make. Lines may break anywhere.
func Check(t *testing.T, repository string, statements map[string][]string) {
	t.Helper()
	for page, expected := range statements {
		text, err := os.ReadFile(filepath.Join(repository, filepath.FromSlash(page)))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, statement := range expected {
			if !strings.Contains(oneLine(string(text)), oneLine(statement)) {
				t.Errorf("%s does not say: %s", page, statement)
			}
		}
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// Sprintf formats as fmt does, with numbers as English writes them: 1,000.
func Sprintf(format string, values ...any) string {
	return message.NewPrinter(language.English).Sprintf(format, values...)
}

// Word returns a small number in words.
func Word(number int) string {
	return map[int]string{2: "two", 5: "five", 10: "ten", 12: "dozen"}[number]
}
