package endtoend_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// unwantedWords are words that readers stumble over or do not search for, and what
// to write instead. A space is also a line break, within a comment too.
var unwantedWords = map[string]string{
	`\banswer`:                                  "response, or returned with its status",
	`\banew\b`:                                  "again",
	`\blook(s|ed|ing)? whether\b`:               "check whether",
	`\b(a|the) look and (a|the) write\b`:        "a check and a write",
	`\b(past Terraform|Terraform's back)\b`:     "outside Terraform",
	`\bbelongs? into\b`:                         "belong in",
	`\bin spite of\b`:                           "despite",
	`\b(in silence|without a word)\b`:           "silently",
	`\b(nothing remembers|remembers nothing)\b`: "is not stored",
	`\bbe rid of\b`:                             "silence, or remove",
	`\bcannot be had\b`:                         "cannot be represented",
	`\bspared\b`:                                "kept",
	`\bwhat may pass\b`:                         "transient failures",
	`\bhere is none\b`:                          "is not set",
}

// exemptFiles may have unwanted words: an example means one as it is, and this
// file lists them.
var exemptFiles = []string{"examples/feature-flags/flags.yaml", "internal/endtoend/words_test.go"}

// TestWords: nothing that people read has unwanted words.
func TestWords(t *testing.T) {
	t.Parallel()
	const repository = "../.."
	count := 0
	err := filepath.WalkDir(repository, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(repository, file)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if entry.IsDir() {
			hidden := strings.HasPrefix(name, ".") && name != "." && name != ".github"
			if hidden || name == "dist" {
				return filepath.SkipDir
			}
			return nil
		}
		isRead := []string{".go", ".md", ".tmpl", ".tf", ".hcl", ".yml", ".yaml"}
		if !slices.Contains(isRead, filepath.Ext(name)) || slices.Contains(exemptFiles, name) {
			return nil
		}
		text, err := os.ReadFile(file)
		count++
		for _, problem := range unwantedIn(string(text)) {
			t.Errorf("%s: %s", name, problem)
		}
		return err
	})
	if err != nil || count == 0 {
		t.Fatalf("%d files read: %v", count, err)
	}
}

// unwantedIn describes each unwanted word of a text.
func unwantedIn(text string) []string {
	var problems []string
	for words, instead := range unwantedWords {
		pattern := regexp.MustCompile("(?i)" + strings.ReplaceAll(words, " ", `[\s/#]+`))
		for _, found := range pattern.FindAllString(text, -1) {
			problems = append(problems, strings.Join(strings.Fields(found), " ")+": write "+instead)
		}
	}
	return problems
}
