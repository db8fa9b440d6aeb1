package dynamicvalue

import (
	"fmt"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/documented"
)

// TestDocumentedNumbers: the documentation has the limits of values as they are.
func TestDocumentedNumbers(t *testing.T) {
	t.Parallel()
	say := documented.Sprintf
	exponent := fmt.Sprintf("1e±%d", maxExponent)
	documented.Check(t, "../..", map[string][]string{
		"docs/data-sources/kv_entry.md": {say("more than %d significant digits", exactDigits)},
		"docs/guides/security-and-failures.md": {
			say("%d significant digits, up to %s", exactDigits, exponent),
			say("%d nested objects and arrays, %d elements and properties", MaxDepth, MaxElements),
			say("%d digits in all numbers together that take more than %d each", MaxDigits, exactDigits),
		},
		"docs/guides/troubleshooting.md": {
			say("deeper than %d levels", MaxDepth),
			"beyond " + exponent,
			say("more than %d digits", exactDigits),
		},
		"docs/resources/kv_entry.md": {say("up to %d significant digits", exactDigits)},
	})
}
