package endtoend_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExamples applies every example on its own: the documentation shows them
// as they are. An example's seed.json is what its gateway holds beforehand.
func TestExamples(t *testing.T) {
	const root = "../../examples"
	modules := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".tf") {
			modules[filepath.Dir(path)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for module := range modules {
		name, err := filepath.Rel(root, module)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(name, "actions") {
				needMinor(t, 16) // which has before_destroy and caller
			} else {
				needTerraform(t)
			}
			gateway := newGateway(t)
			if seed, err := os.ReadFile(filepath.Join(module, "seed.json")); err != nil {
				gateway.CreateBucket("feature-flags")
			} else if err := gateway.Seed(seed); err != nil {
				t.Fatal(err)
			}
			w := newWorkspace(t, gateway)
			if err := os.CopyFS(w.dir, os.DirFS(module)); err != nil {
				t.Fatal(err)
			}
			// An import block is for what exists: at first that is nothing.
			const importFile = "import-by-string-id.tf"
			imports := os.Remove(filepath.Join(w.dir, importFile)) == nil
			apply := func() {
				w.must("apply", "-auto-approve")
				if plan := w.run("plan", "-detailed-exitcode"); plan.status != 0 {
					t.Errorf("the plan after it ended with %d:\n%s", plan.status, plan.output)
				}
			}
			apply()
			if imports {
				if err := os.Remove(filepath.Join(w.dir, "terraform.tfstate")); err != nil {
					t.Fatal(err)
				}
				block, err := os.ReadFile(filepath.Join(module, importFile))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(w.dir, importFile), block, 0o600); err != nil {
					t.Fatal(err)
				}
				apply()
			}
			w.must("destroy", "-auto-approve")
		})
	}
}
