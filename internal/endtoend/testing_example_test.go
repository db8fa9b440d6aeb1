package endtoend_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/terraformcli"
)

const testingExample = "../../examples/testing"

// TestTestingExample: a user's tests of a module run under terraform test. The
// guide's one command runs them against a gateway of its own, whatever the
// environment leads to, and ends with their status.
func TestTestingExample(t *testing.T) {
	needTerraform(t)
	program := filepath.Join(t.TempDir(), terraformcli.Executable("quiva-mock-gateway"))
	if err := terraformcli.Build(t.Context(), "/internal/mockgateway/cmd/quiva-mock-gateway", program); err != nil {
		t.Fatal(err)
	}
	const failing = "variables {\n  flags = { search = { rollout = 101 } }\n}\nrun \"fails\" {\n}\n"
	tests := map[string]struct {
		more   string // another test file
		status int
		says   string
	}{
		"passes": {says: "7 passed, 0 failed."},
		"fails":  {more: failing, status: 1, says: "7 passed, 1 failed."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			another := newGateway(t)
			w := newTestingExample(t, newWorkspace(t, another, "QUIVA_BEARER_TOKEN=another", "QUIVA_CA_CERT_FILE=absent.pem"))
			if test.more != "" {
				if err := os.WriteFile(filepath.Join(w.dir, "tests", "more.tftest.hcl"), []byte(test.more), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			command := exec.CommandContext(t.Context(), program, "-seed", "seed.json", "--", built.Path, "test", "-no-color")
			command.Dir, command.Env = w.dir, w.env
			var output bytes.Buffer
			command.Stdout, command.Stderr = &output, &output
			if err := command.Run(); command.ProcessState == nil {
				t.Fatal(err)
			}
			if ended := (outcome{command.ProcessState.ExitCode(), output.String()}); ended.status != test.status || !ended.says(test.says) {
				t.Errorf("ended with %d, want %d and %q:\n%s", ended.status, test.status, test.says, ended.output)
			}
			if requests := another.Requests(); len(requests) > 0 {
				t.Errorf("%d requests went to the environment's gateway", len(requests))
			}
		})
	}
}

// newTestingExample copies the example into a workspace and initializes it from
// a mirror, as users do: the override of the other tests does without.
func newTestingExample(t *testing.T, w *workspace) *workspace {
	t.Helper()
	if err := os.CopyFS(w.dir, os.DirFS(testingExample)); err != nil {
		t.Fatal(err)
	}
	mirror := t.TempDir()
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		target := filepath.Join(mirror, host, "quivaworks/quiva/0.0.1", runtime.GOOS+"_"+runtime.GOARCH, terraformcli.Executable("terraform-provider-quiva_v0.0.1"))
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(binary, target); err != nil {
			t.Fatal(err)
		}
	}
	w.env = append(w.env, "TF_CLI_CONFIG_FILE="+os.DevNull)
	w.must("init", "-plugin-dir="+mirror)
	return w
}
