package provider

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"golang.org/x/text/unicode/norm"
)

// nameValidator refuses names that no gateway can take or that would mean
// another path. The rest of the rules is the gateway's to apply: it may change
// them.
type nameValidator struct {
	noun      string
	forbidden string
	advice    string // for a name with what is forbidden
}

var (
	bucketName = nameValidator{noun: "bucket", forbidden: "/", advice: "Put the path in the key: bucket = \"a\", key = \"b/c\"."}
	entryKey   = nameValidator{noun: "key"}
	keyPrefix  = nameValidator{noun: "key prefix", forbidden: "*", advice: "It is what the keys begin with, as it is, and no pattern."}
)

func (v nameValidator) Description(context.Context) string {
	if v.forbidden != "" {
		return "not empty, not \".\" or \"..\", without control characters and without \"" + v.forbidden + "\""
	}
	return "not empty, not \".\" or \"..\", and without control characters"
}

func (v nameValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v nameValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if problem := v.problem(req.ConfigValue.ValueString()); problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+v.noun, "The "+v.noun+" "+problem)
	}
}

// problem completes the sentence "The key …"; it is empty if there is none.
func (v nameValidator) problem(name string) string {
	switch {
	case name == "":
		return "must not be empty."
	case name == "." || name == "..":
		return "must not be \"" + name + "\": URLs treat it as a relative path segment."
	case strings.ContainsFunc(name, unicode.IsControl):
		return "contains a control character, such as a line break or a tab. If it was read from a file, trimspace() or chomp() removes those at the end."
	case v.forbidden != "" && strings.Contains(name, v.forbidden):
		return "must not contain \"" + v.forbidden + "\". " + v.advice
	}
	return ""
}

// checkRepresentable fails for a key of the gateway that Terraform would change:
// it composes the characters of every string (Unicode's NFC), so the key that it
// then asks for is another one.
func checkRepresentable(diags *diag.Diagnostics, bucket, key string) {
	if !norm.NFC.IsNormalString(key) {
		diags.AddError("Key that Terraform cannot represent",
			fmt.Sprintf("The bucket %q has the key %+q, written here with its decomposed characters escaped. Terraform composes such characters, which makes another key of it. "+
				"Rename the key outside Terraform, or leave it out by a pattern or prefix of the keys that are wanted.", bucket, key))
	}
}
