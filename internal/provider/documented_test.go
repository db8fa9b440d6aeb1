package provider

import (
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/documented"
)

// TestDocumentedNumbers: the documentation has the provider's own numbers as they
// are.
func TestDocumentedNumbers(t *testing.T) {
	t.Parallel()
	documented.Check(t, "../..", map[string][]string{
		"docs/resources/kv_entries.md": {
			documented.Sprintf("`max_deletions` entries (%d by default)", defaultMaxDeletions),
			"lists up to " + documented.Word(listedKeys) + " of the entries that failed",
		},
	})
}
