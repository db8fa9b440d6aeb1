package provider_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestKVBucketReplacedWithEntries: entries that are replaced along with their
// bucket are deleted before it and written after it, in one apply, with
// force_destroy and without.
func TestKVBucketReplacedWithEntries(t *testing.T) {
	t.Parallel()
	configuration := func(gateway *mockgateway.Server, history int, force bool) string {
		return withProvider(gateway, fmt.Sprintf(`
resource "quiva_kv_bucket" "b" {
  bucket        = "limits"
  history       = %d
  force_destroy = %t
}
resource "quiva_kv_entries" "all" {
  bucket  = quiva_kv_bucket.b.bucket
  entries = { a = { n = 1 }, b = { n = 2 } }
  lifecycle {
    replace_triggered_by = [quiva_kv_bucket.b.history]
  }
}
resource "quiva_kv_entry" "one" {
  bucket = quiva_kv_bucket.b.bucket
  key    = "c"
  value  = { n = 3 }
  lifecycle {
    replace_triggered_by = [quiva_kv_bucket.b.history]
  }
}
`, history, force))
	}
	for _, force := range []bool{false, true} {
		t.Run(fmt.Sprintf("force_destroy %t", force), func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			all := resource.ComposeTestCheckFunc(holds(gateway, "limits", "a", `{"n":1}`), holds(gateway, "limits", "b", `{"n":2}`), holds(gateway, "limits", "c", `{"n":3}`))
			run(t,
				resource.TestStep{Config: configuration(gateway, 1, force), Check: all},
				resource.TestStep{
					PreConfig: gateway.ResetRequests,
					Config:    configuration(gateway, 4, force),
					Check: resource.ComposeTestCheckFunc(all, func(*terraform.State) error {
						var changes []string
						for _, request := range gateway.Requests() {
							switch {
							case request.Method == http.MethodGet:
							case strings.Contains(request.Path, "/entries/"):
								changes = append(changes, request.Method+" entry")
							default:
								changes = append(changes, request.Method)
							}
						}
						want := []string{"DELETE entry", "DELETE entry", "DELETE entry", "DELETE", "POST", "PUT entry", "PUT entry", "PUT entry"}
						if !slices.Equal(changes, want) {
							return fmt.Errorf("sent %v, want %v", changes, want)
						}
						return nil
					}),
				},
			)
		})
	}
}

// TestKVBucketReplacementWarning: the plan says what happens to the entries of a
// bucket that it replaces, and how they come through it.
func TestKVBucketReplacementWarning(t *testing.T) {
	t.Parallel()
	const (
		refused = `Bucket to be replaced holds entries: Since force_destroy is not set, the bucket "limits" is not replaced while it holds entries, such as "a".`
		forced  = `Replacing the bucket deletes its entries: Since force_destroy is set, the bucket "limits" is deleted with all its entries, such as "a". Declared entries that this plan does not replace are missing until the next apply.`
	)
	tests := map[string]struct {
		force, empty bool
		fails        bool
		change       string
		want         []string // parts of the warning, none for no warning
	}{
		"refused": {change: `history = 4`, want: []string{refused, `as ADDRESS:

  lifecycle {
    replace_triggered_by = [ADDRESS.history]
  }`}},
		"forced":            {force: true, change: `history = 4`, want: []string{forced, `[ADDRESS.history]`}},
		"not known yet":     {change: `history = terraform_data.later.output`, want: []string{refused}},
		"another name":      {force: true, change: `bucket = "other"; history = 4`, want: []string{forced, "if its resource refers to the bucket:\n\n  bucket = ADDRESS.bucket"}},
		"renamed":           {change: `bucket = "other"`}, // the entries usually follow
		"empty":             {empty: true, change: `history = 4`},
		"in place":          {force: true, change: `description = "new"`},
		"unreadable":        {fails: true, change: `history = 4`},
		"unreadable, force": {fails: true, force: true, change: `history = 4`, want: []string{`is deleted with all its entries. Declared`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			w := newWorkspace(t)
			configuration := func(arguments string) string {
				return withProvider(gateway, fmt.Sprintf("resource \"quiva_kv_bucket\" \"b\" {\n  force_destroy = %t\n  %s\n}\nresource \"terraform_data\" \"later\" {\n  input = 4\n}\n",
					test.force, strings.ReplaceAll(arguments, "; ", "\n  ")))
			}
			w.must(configuration(`bucket = "limits"`), planOptions{})
			if !test.empty {
				gateway.PutEntry("limits", "a", `{}`)
			}
			if test.fails {
				gateway.Inject(mockgateway.Fault{Effect: mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`)})
			}
			change := test.change
			if !strings.Contains(change, "bucket =") {
				change += `; bucket = "limits"`
			}
			delete(w.state, objectKey{"terraform_data.later", 0})
			warnings := w.plan(configuration(change), planOptions{noRefresh: true}).diagnostics
			if (len(warnings) > 0) != (len(test.want) > 0) {
				t.Fatalf("the plan says %v", warnings)
			}
			for _, got := range warnings {
				for _, want := range test.want {
					if text := got.summary + ": " + got.detail; got.severity != "Warning" || !strings.Contains(text, want) {
						t.Errorf("the plan says %q, want %q", text, want)
					}
				}
			}
		})
	}
}
