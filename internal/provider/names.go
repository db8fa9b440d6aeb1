package provider

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"golang.org/x/text/unicode/norm"
)

// nameValidator refuses names that the gateway cannot store. An error while
// planning is better than one half-way through an apply.
type nameValidator struct {
	undescribed

	noun string
	// predicate completes the sentence "The key …" for an invalid name, and is empty
	// for others.
	predicate func(name string) string
}

var (
	// bucketName is for an existing bucket: only names that would lead to another
	// path are refused.
	bucketName = nameValidator{noun: "bucket", predicate: bucketPredicate}
	// newBucketName has the rule that the gateway documents for a new bucket.
	newBucketName = nameValidator{noun: "bucket", predicate: newBucketPredicate}
	entryKey      = nameValidator{noun: "key", predicate: keyPredicate}
	keyPrefix     = nameValidator{noun: "key prefix", predicate: keyPrefixPredicate}
	patternOfKeys = nameValidator{noun: "key pattern", predicate: keyPatternPredicate}
)

// undescribed is a validator or plan modifier that the schema's own descriptions
// describe.
type undescribed struct{}

func (undescribed) Description(context.Context) string { return "" }

func (undescribed) MarkdownDescription(context.Context) string { return "" }

func (v nameValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if problem := v.problem(req.ConfigValue.ValueString()); problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+v.noun, problem)
	}
}

// problem says what is wrong with a name. It is empty if nothing is.
func (v nameValidator) problem(name string) string {
	if predicate := v.predicate(name); predicate != "" {
		if v.noun == patternOfKeys.noun && name != "" {
			return fmt.Sprintf("The key pattern %q %s", name, predicate) // one of several
		}
		return "The " + v.noun + " " + predicate
	}
	return ""
}

const controlProblem = "contains a control character, such as a line break or a tab. If it was read from a file, trimspace() or chomp() removes those at the end."

func bucketPredicate(name string) string {
	switch {
	case name == "":
		return "must not be empty."
	case name == "." || name == "..":
		return "must not be \"" + name + "\": URLs treat it as a relative path segment."
	case strings.ContainsFunc(name, unicode.IsControl):
		return controlProblem
	case strings.TrimSpace(name) != name:
		return "must not begin or end with a space."
	case strings.Contains(name, "/"):
		return "must not contain \"/\". Put the path in the key: bucket = \"a\", key = \"b/c\"."
	}
	return ""
}

var documentedBucketName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func newBucketPredicate(name string) string {
	if problem := bucketPredicate(name); problem != "" {
		return problem
	}
	if !documentedBucketName.MatchString(name) {
		return fmt.Sprintf("must consist of letters, digits, \"_\" and \"-\"; this is %q.", name)
	}
	return ""
}

// The rule of keys is that of the store behind the gateway.
const (
	keyCharacters = "-/_=.ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	keyRule       = "The store behind the gateway accepts only keys of letters (A-Z, a-z), digits and -/_=., not beginning or ending with a dot."
)

func keyPredicate(key string) string {
	if problem := keyPartPredicate(key); problem != "" {
		return problem
	}
	if strings.HasSuffix(key, ".") {
		return "ends with a dot. " + keyRule
	}
	return ""
}

func keyPrefixPredicate(prefix string) string {
	if strings.Contains(prefix, "*") {
		return "must not contain \"*\": it is a prefix, not a pattern."
	}
	return keyPartPredicate(prefix)
}

// keyPatternPredicate is empty for a pattern that a key can match: one that is a
// key with a character in place of each wildcard.
func keyPatternPredicate(pattern string) string {
	problem := keyPredicate(strings.ReplaceAll(pattern, "*", "_"))
	if problem == "" || pattern == "" {
		return problem
	}
	return problem + " In a pattern, \"*\" stands for any characters, and nothing else does."
}

// keyPartPredicate is about what a key, or the beginning of one, consists of.
func keyPartPredicate(part string) string {
	switch illegal := strings.Join(strings.FieldsFunc(part, isOfKeys), ""); {
	case part == "":
		return "must not be empty."
	case strings.ContainsFunc(part, unicode.IsControl):
		return controlProblem
	case strings.Contains(part, `"`):
		return "contains quotation marks, which would become part of it. They often come from jsonencode(), or from an import ID within two pairs of quotes. Remove them."
	case illegal != "":
		return fmt.Sprintf("contains %s. %s", quoteKeys(strings.Split(illegal, "")), keyRule)
	case strings.HasPrefix(part, "."):
		return "begins with a dot. " + keyRule
	}
	return ""
}

// isOfKeys reports whether keys may consist of a character.
func isOfKeys(character rune) bool { return strings.ContainsRune(keyCharacters, character) }

// checkRepresentable fails for a key of the gateway that Terraform would change:
// it composes the characters of every string (Unicode's NFC), so the key that it
// then asks for is another one.
func checkRepresentable(diags *diag.Diagnostics, bucket, key string) {
	if !norm.NFC.IsNormalString(key) {
		diags.AddError("Key that Terraform cannot represent",
			fmt.Sprintf("The bucket %q has the key %+q, written here with its decomposed characters escaped. Terraform composes such characters, which makes it a different key. "+
				"Rename the key outside Terraform, or exclude it with a pattern or prefix that matches only the keys you want.", bucket, key))
	}
}
