package reconcile

import (
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/documented"
)

// TestDocumentedNumbers: the documentation has the time that a resource waits for
// another as it is.
func TestDocumentedNumbers(t *testing.T) {
	t.Parallel()
	documented.Check(t, "../..", map[string][]string{
		"docs/guides/what-happens-to-entries.md": {"waits for up to " + documented.Word(int(handOverLimit.Seconds())) + " seconds"},
	})
}
