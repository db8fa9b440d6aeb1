package provider_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestKVEntryMoves: an entry that another resource creates again is left in place
// for it by the one that is destroyed first. Only the plan knows of both, and the
// apply, which is another process, has from it what the planned change carries.
func TestKVEntryMoves(t *testing.T) {
	t.Parallel()
	one := func(name string, n int) string { return single(name, "a", n) }
	many := func(name string, n int) string { return batch(name, world{"a": valueOf("", n)}) }
	secret := func(name string, _ int) string {
		return "resource \"quiva_kv_entry\" \"" + name + "\" {\n  bucket = \"flags\"\n  key = \"a\"\n  value_wo = { n = 1 }\n}\n"
	}
	for name, tt := range map[string]struct {
		from, to func(name string, n int) string
		replaced string // the resource itself: Terraform deletes with the plan of the creation
		fails    bool   // the creation
		left     string // in the state of a creation that fails, if anything
	}{
		"entry to entry":                {from: one, to: one},
		"entry to entries":              {from: one, to: many},
		"entries to entry":              {from: many, to: one},
		"entries to entries":            {from: many, to: many},
		"entry replaced":                {from: one, to: one, replaced: "quiva_kv_entry.new"},
		"entries replaced":              {from: many, to: many, replaced: "quiva_kv_entries.new"},
		"entry, not written":            {from: one, to: one, fails: true, left: `{"n":1}`},
		"entries, not written":          {from: many, to: many, fails: true, left: `{"a":{"n":1}}`},
		"write-only entry, not written": {from: secret, to: one, fails: true, left: `null`},
		// A secret must not come into the state.
		"write-only entry to entries, not written": {from: secret, to: many, fails: true},
		"entry to entries, not written":            {from: one, to: many, fails: true, left: `{"a":{"n":1}}`},
		"entry replaced, but not written":          {from: one, to: one, replaced: "quiva_kv_entry.new", fails: true, left: `{"n":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			w, before, options := newWorkspace(t), "old", planOptions{}
			if tt.replaced != "" {
				before, options.replace = "new", []string{tt.replaced}
			}
			w.must(withProvider(gateway, tt.from(before, 1)), planOptions{})
			w.next = func(ready []string) int { return len(ready) - 1 } // the creation before the orphan
			planned := w.plan(withProvider(gateway, tt.to("new", 2)), options)
			w.check(errorOf(planned.diagnostics))
			want, held := []string{"KV entry left in place"}, `{"n":2}`
			if tt.fails {
				gateway.Inject(mockgateway.Fault{Method: http.MethodPut, Effect: unauthorized})
				want, held = append(want, "Gateway refused the credential"), `{"n":1}`
			}
			gateway.ResetRequests()
			w.next = func(ready []string) int {
				return max(0, slices.IndexFunc(ready, func(name string) bool { return strings.HasPrefix(name, "delete ") }))
			}
			var said []string
			for _, d := range w.apply(planned) {
				said = append(said, d.summary)
				if d.summary == want[0] && !strings.Contains(d.detail, "its replacement or another resource") {
					t.Errorf("the warning says %s", d.detail)
				}
			}
			if !slices.Equal(said, want) {
				t.Errorf("the apply says %q, want %q", said, want)
			}
			if got, _ := gateway.Entry("flags", "a"); got != held {
				t.Errorf("the gateway holds %q, want %q", got, held)
			}
			if deletes := gateway.Count(http.MethodDelete, ""); deletes > 0 {
				t.Errorf("%d DELETEs", deletes)
			}
			for key, o := range w.state {
				attribute := map[string]string{"quiva_kv_entry": "value", "quiva_kv_entries": "entries"}[typeNameOf(key.address)]
				if got := mustJSON(shownJSON(o.value.GetAttr(attribute))); tt.fails && got != tt.left || o.tainted != tt.fails {
					t.Errorf("%s has %s in the state, tainted: %t", key.address, got, o.tainted)
				}
			}
			if isHeld := !tt.fails || tt.left != ""; len(w.state) == 1 != isHeld {
				t.Errorf("the state has %v", w.state)
			}
		})
	}
}
