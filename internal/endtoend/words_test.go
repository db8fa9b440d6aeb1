package endtoend_test

import (
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
	`\bhas for itself\b`:                        "owns alone",
	`\bWhere to Go On\b`:                        "Next Steps",
	`\bcounts? as not set\b`:                    "count as unset",
	`\b(API key|only one) counts\b`:             "is used",
	`\b(that|which) JSON can say\b`:             "can be any JSON",
	`\b(is|are) there twice\b`:                  "duplicate keys",
	`\bunless everything is\b`:                  "until all writes have succeeded",
	`\ball (yours|theirs)\b`:                    "that only Terraform writes",
	`\bcomes? to stand\b`:                       "ends up",
	`\btakes? it away\b`:                        "remove",
	`\bprovider's matter\b`:                     "handled by the provider",
	`\btakes another way\b`:                     "needs a different approach",
	`\bwants one of these\b`:                    "use one of these",
	`\bcreated over\b`:                          "overwritten",
	`\bnot a word more\b`:                       "and nothing else",
	`\bmistakes of the provider\b`:              "bugs in the provider",
	`\b(do|does) not fit (their|its) schema\b`:  "do not match",
	`\band this is (a|an|1\.5)\b`:               "; got a …",
	`\ballow as many\b`:                         "raise the limit",
	`\bhas no (JSON|Terraform) form\b`:          "cannot be represented as JSON, or in Terraform",
	`\bmeant as it is\b`:                        "to store the text itself",
	`\bTerraform 1\.([0-9]|10)\b`:               "nothing: all versions that the provider takes have it",
}

// exemptFiles may have unwanted words: an example means one as it is, and this
// file lists them.
var exemptFiles = []string{"examples/feature-flags/flags.yaml", "internal/endtoend/words_test.go"}

// TestWords: nothing that people read has unwanted words.
func TestWords(t *testing.T) {
	t.Parallel()
	type pattern struct {
		*regexp.Regexp
		anchor string // a word of it, without which no text can match
	}
	patterns := map[string]pattern{}
	for words := range unwantedWords {
		plain := regexp.MustCompile(`\(.*?\)|\\b|.\?`).ReplaceAllString(strings.ToLower(words), " ")
		anchor := slices.MaxFunc(append(strings.Fields(plain), ""), func(a, b string) int { return len(a) - len(b) })
		patterns[words] = pattern{regexp.MustCompile("(?i)" + strings.ReplaceAll(words, " ", `[\s/#]+`)), strings.Trim(anchor, `\.1?'`)}
	}
	for name, text := range repositoryFiles(t, ".go", ".md", ".tmpl", ".tf", ".hcl", ".yml", ".yaml") {
		lower := strings.ToLower(text)
		for words, pattern := range patterns {
			if slices.Contains(exemptFiles, name) || !strings.Contains(lower, pattern.anchor) {
				continue
			}
			for _, found := range pattern.FindAllString(text, -1) {
				t.Errorf("%s: %s: write %s", name, strings.Join(strings.Fields(found), " "), unwantedWords[words])
			}
		}
	}
}
