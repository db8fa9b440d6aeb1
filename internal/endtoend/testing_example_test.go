//go:build unix

package endtoend_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/terraformcli"
)

const testingExample = "../../examples/testing"

// TestTestingExample: a user's tests of a module pass under terraform test,
// and clean up after themselves.
func TestTestingExample(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	seed, err := os.Open(filepath.Join(testingExample, "seed.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer seed.Close()
	if err := gateway.Seed(seed); err != nil {
		t.Fatal(err)
	}
	w := newTestingExample(t, newWorkspace(t, gateway))
	w.must("init")
	if tested := w.must("test"); !tested.says("7 passed, 0 failed.") {
		t.Errorf("the tests ended with:\n%s", tested.output)
	}
	// Two entries, one of them changed and the other deleted, then the first.
	for method, want := range map[string]int{"PUT": 3, "DELETE": 2} {
		if sent := gateway.Count(method, "/storage/kv/feature-flags/entries/flags%2F*"); sent != want {
			t.Errorf("%d requests to %s an entry, want %d", sent, method, want)
		}
	}
	if held := gateway.Entries("feature-flags"); len(held) > 0 {
		t.Errorf("the gateway still holds %v", held)
	}
}

// TestTestingExampleScript: the one command starts a gateway, passes
// Terraform's status on and leaves no process and no file behind.
func TestTestingExampleScript(t *testing.T) {
	needTerraform(t)
	dir := t.TempDir()
	program := filepath.Join(dir, "quiva-mock-gateway")
	if err := terraformcli.Build(t.Context(), "../..", "./internal/mockgateway/cmd/quiva-mock-gateway", program); err != nil {
		t.Fatal(err)
	}
	// Notes the process that the script has to end.
	wrapper, processID := filepath.Join(dir, "gateway"), filepath.Join(dir, "pid")
	if err := os.WriteFile(wrapper, []byte("#!/bin/sh\necho $$ >'"+processID+"'\nexec '"+program+"' \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	const failing = "variables {\n  flags = { search = { rollout = 101 } }\n}\nrun \"fails\" {\n}\n"

	tests := map[string]struct {
		gateway string
		more    string // another test file
		status  int
		says    string
	}{
		"passes":     {gateway: wrapper, says: "7 passed, 0 failed."},
		"fails":      {gateway: wrapper, more: failing, status: 1, says: "7 passed, 1 failed."},
		"no gateway": {gateway: filepath.Join(dir, "absent"), status: 1, says: "The gateway did not start:"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { // one after the other: they share the wrapper
			temporary := t.TempDir()
			// The environment leads to a gateway that the script must not use.
			w := newTestingExample(t, newWorkspace(t, newGateway(t),
				"QUIVA_MOCK_GATEWAY="+test.gateway, "TERRAFORM="+built.Path, "TMPDIR="+temporary,
				"QUIVA_API_KEY=ms-another", "QUIVA_BEARER_TOKEN=another", "QUIVA_CA_CERT_FILE=absent.pem"))
			if test.more != "" {
				if err := os.WriteFile(filepath.Join(w.dir, "tests", "more.tftest.hcl"), []byte(test.more), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_ = os.Remove(processID)
			command := exec.CommandContext(t.Context(), "sh", filepath.Join(w.dir, "test.sh"), "-no-color")
			command.Env = w.env
			var output bytes.Buffer
			command.Stdout, command.Stderr = &output, &output
			if err := command.Run(); command.ProcessState == nil {
				t.Fatal(err)
			}
			if ended := (outcome{command.ProcessState.ExitCode(), output.String()}); ended.status != test.status || !ended.says(test.says) {
				t.Errorf("ended with %d, want %d and %q:\n%s", ended.status, test.status, test.says, ended.output)
			}
			if left, err := filepath.Glob(filepath.Join(temporary, "tmp.*")); err != nil || len(left) > 0 {
				t.Errorf("it left %v behind (%v)", left, err)
			}
			if test.gateway != wrapper {
				return
			}
			text, err := os.ReadFile(processID)
			if err != nil {
				t.Fatal(err)
			}
			if id := strings.TrimSpace(string(text)); running(t, id) {
				t.Errorf("the gateway still runs as process %s", id)
			}
		})
	}
}

// newTestingExample copies the example into a workspace and makes Terraform
// install the provider from a mirror, as `terraform init` does for users: it
// ignores the override of the other tests.
func newTestingExample(t *testing.T, w *workspace) *workspace {
	t.Helper()
	if err := os.CopyFS(w.dir, os.DirFS(testingExample)); err != nil {
		t.Fatal(err)
	}
	mirror := t.TempDir()
	for _, target := range terraformcli.MirrorPaths(mirror, "0.0.1") {
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(binary, target); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(mirror, "cli.tfrc")
	if err := os.WriteFile(config, []byte(terraformcli.Mirror(mirror)), 0o600); err != nil {
		t.Fatal(err)
	}
	w.env = append(w.env, "TF_CLI_CONFIG_FILE="+config)
	return w
}

// running reports whether there is a process with this ID.
func running(t *testing.T, id string) bool {
	t.Helper()
	number, err := strconv.Atoi(id)
	if err != nil {
		t.Fatal(err)
	}
	return !errors.Is(syscall.Kill(number, 0), syscall.ESRCH)
}
