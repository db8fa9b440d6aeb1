package endtoend_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMovedBetweenProviders: two provider blocks are two processes, of which neither
// knows of the other. A moved block hands an entry over.
func TestMovedBetweenProviders(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	w := newWorkspace(t, gateway)
	const providers = "provider \"quiva\" {\n  alias = \"east\"\n}\nprovider \"quiva\" {\n  alias = \"west\"\n}\n"
	at := func(name, provider string) string {
		return strings.Replace(checkout, `"checkout" {`, fmt.Sprintf("%q {\n  provider = quiva.%s", name, provider), 1)
	}
	w.configure("", providers+at("one", "east"))
	w.must("apply", "-auto-approve")
	gateway.ResetRequests()
	w.configure("", providers+at("two", "west")+"\nmoved {\n  from = quiva_kv_entry.one\n  to   = quiva_kv_entry.two\n}\n")
	w.must("apply", "-auto-approve")
	if _, isHeld := gateway.Entry("flags", "checkout"); !isHeld || gateway.Count(http.MethodPut, "")+gateway.Count(http.MethodDelete, "") > 0 {
		t.Errorf("the gateway holds %v after %v", gateway.Entries("flags"), gateway.Requests())
	}
}

// checkout is an entry.
const checkout = `
resource "quiva_kv_entry" "checkout" {
  bucket = "flags"
  key    = "checkout"
  value  = { enabled = true, rollout = 1 }
}`

// TestComingFromOtherProviders applies the guide's examples to states of the
// providers that they come from: nothing is deleted, and nothing is written but
// the new secret.
func TestComingFromOtherProviders(t *testing.T) {
	restapi := func(name string, instances map[string]string) foreignResource {
		return foreignResource{"restapi_object", name, "registry.terraform.io/mastercard/restapi", instances}
	}
	tests := map[string]struct {
		state  foreignResource
		writes int
	}{
		"moved": {restapi("flag", map[string]string{
			"dark_mode":  `{"id":"dark-mode","path":"/storage/kv/feature-flags/entries"}`,
			"new-search": `{"id":"new-search","path":"/storage/kv/feature-flags/entries"}`,
		}), 0},
		"many-entries": {foreignResource{"restful_resource", "flag", "registry.terraform.io/magodo/restful", map[string]string{
			"dark-mode":  `{"id":"/storage/kv/feature-flags/entries/dark-mode"}`,
			"new-search": `{"id":"/storage/kv/feature-flags/entries/new-search"}`,
		}}, 0},
		"secret": {restapi("database", map[string]string{
			"": `{"id":"database","path":"/storage/kv/feature-flags/entries","data":"{\"password\":\"old\"}"}`,
		}), 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			needTerraform(t)
			example := os.DirFS(filepath.Join("../../examples/migrate", name))
			seed, err := fs.ReadFile(example, "seed.json")
			if err != nil {
				t.Fatal(err)
			}
			gateway := newGateway(t)
			if err := gateway.Seed(seed); err != nil {
				t.Fatal(err)
			}
			w := newWorkspace(t, gateway)
			if err := os.CopyFS(w.dir, example); err != nil {
				t.Fatal(err)
			}
			w.startWith(test.state)
			w.must("apply", "-auto-approve")
			if next := w.run("plan", "-detailed-exitcode"); next.status != 0 {
				t.Errorf("the plan after it ended with %d:\n%s", next.status, next.output)
			}
			if deletions, writes := gateway.Count(http.MethodDelete, "*"), gateway.Count(http.MethodPut, "*"); deletions != 0 || writes != test.writes {
				t.Errorf("%d deletions and %d writes, want 0 and %d", deletions, writes, test.writes)
			}
			state, err := os.ReadFile(filepath.Join(w.dir, "terraform.tfstate"))
			if err != nil || bytes.Contains(state, []byte(test.state.typeName)) || bytes.Contains(state, []byte("password")) {
				t.Errorf("the state is now (%v)\n%s", err, state)
			}
		})
	}
}
