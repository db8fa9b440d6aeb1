package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
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
	text := func(value string) tftypes.Value { return tftypes.NewValue(tftypes.String, value) }
	number := func(value any) tftypes.Value { return tftypes.NewValue(tftypes.Number, value) }
	const (
		refused = `Bucket to be replaced holds entries: Since force_destroy is not set, the bucket "limits" is not replaced while it holds entries, such as "a".`
		forced  = `Replacing the bucket deletes its entries: Since force_destroy is set, the bucket "limits" is deleted with all its entries, such as "a". Declared entries that this plan does not replace are missing until the next apply.`
	)
	tests := map[string]struct {
		force, empty bool
		fails        bool
		change       map[string]tftypes.Value
		want         []string // parts of the warning, none for no warning
	}{
		"refused": {change: map[string]tftypes.Value{"history": number(4)}, want: []string{refused, `as ADDRESS:

  lifecycle {
    replace_triggered_by = [ADDRESS.history]
  }`}},
		"forced":            {force: true, change: map[string]tftypes.Value{"history": number(4)}, want: []string{forced, `[ADDRESS.history]`}},
		"several":           {force: true, change: map[string]tftypes.Value{"storage": text("memory"), "history": number(4)}, want: []string{forced, `[ADDRESS.history, ADDRESS.storage]`}},
		"not known yet":     {change: map[string]tftypes.Value{"history": number(tftypes.UnknownValue)}, want: []string{refused}},
		"another name":      {force: true, change: map[string]tftypes.Value{"bucket": text("other"), "history": number(4)}, want: []string{forced, "if its resource refers to the bucket:\n\n  bucket = ADDRESS.bucket"}},
		"renamed":           {change: map[string]tftypes.Value{"bucket": text("other")}}, // the entries usually follow
		"empty":             {empty: true, change: map[string]tftypes.Value{"history": number(4)}},
		"empty, forced":     {empty: true, force: true, change: map[string]tftypes.Value{"history": number(4)}},
		"in place":          {force: true, change: map[string]tftypes.Value{"description": text("new")}},
		"unreadable":        {fails: true, change: map[string]tftypes.Value{"history": number(4)}},
		"unreadable, force": {fails: true, force: true, change: map[string]tftypes.Value{"history": number(4)}, want: []string{`is deleted with all its entries. Declared`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.CreateBucket("limits")
			if !test.empty {
				gateway.PutEntry("limits", "a", `{}`)
			}
			if test.fails {
				gateway.Inject(mockgateway.Fault{Effect: mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`)})
			}
			server := newServer(t)
			configure(t, server, gateway)
			schema := resourceSchema(t, server, "quiva_kv_bucket")
			held := map[string]tftypes.Value{
				"bucket": text("limits"), "id": text("limits"), "history": number(1), "replicas": number(1), "storage": text("file"),
				"compression": tftypes.NewValue(tftypes.Bool, false), "force_destroy": tftypes.NewValue(tftypes.Bool, test.force),
			}
			proposed := maps.Clone(held)
			maps.Copy(proposed, test.change)
			response, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
				TypeName: "quiva_kv_bucket", PriorState: objectOf(t, schema, held), ProposedNewState: objectOf(t, schema, proposed), Config: objectOf(t, schema, proposed),
			})
			if err != nil {
				t.Fatal(err)
			}
			if (len(response.Diagnostics) > 0) != (len(test.want) > 0) {
				t.Fatalf("the plan says %q", describe(response.Diagnostics))
			}
			for _, diagnostic := range response.Diagnostics {
				got := diagnostic.Summary + ": " + diagnostic.Detail
				for _, want := range test.want {
					if diagnostic.Severity != tfprotov6.DiagnosticSeverityWarning || !strings.Contains(got, want) {
						t.Errorf("the plan says %q, want %q", got, want)
					}
				}
			}
		})
	}
}
