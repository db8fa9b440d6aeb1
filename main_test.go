package main

import (
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/documented"
)

// TestDocumentedNumbers: the documentation has the size that the heap may have as
// it is.
func TestDocumentedNumbers(t *testing.T) {
	t.Parallel()
	documented.Check(t, ".", map[string][]string{
		"docs/guides/scale.md": {documented.Sprintf("up to about %d MiB", heapTarget/(1<<20))},
	})
}
