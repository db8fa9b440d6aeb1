//go:build unix

package endtoend_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLocalMirror: with the line that make mirror prints, terraform init installs
// the provider; with -upgrade, it installs the one that is built next. The guide's test
// with a mocked provider needs neither a gateway nor a credential.
func TestLocalMirror(t *testing.T) {
	needTerraform(t)
	mirror := filepath.Join(t.TempDir(), "a mirror")
	gateway := newGateway(t)
	w := newWorkspace(t, gateway, "QUIVA_API_KEY=")
	if err := os.CopyFS(w.dir, os.DirFS(testingExample)); err != nil {
		t.Fatal(err)
	}
	for _, init := range []string{"init", "init -upgrade"} {
		build := exec.CommandContext(t.Context(), "make", "--no-print-directory", "mirror", "MIRROR="+mirror)
		build.Dir, build.Env = "../..", w.env
		printed, err := build.Output()
		if err != nil {
			t.Fatalf("make mirror: %v\n%s", err, printed)
		}
		_, export, _ := strings.Cut(string(printed), "\n  export ")
		export, _, _ = strings.Cut(export, "\n")
		used := exec.CommandContext(t.Context(), "sh", "-ec", "export "+export+`
"$0" `+init+` -no-color
"$0" test -no-color -filter=tests/mocked.tftest.hcl`, built.Path)
		used.Dir, used.Env = w.dir, w.env
		if output, err := used.CombinedOutput(); err != nil || !strings.Contains(string(output), "3 passed, 0 failed.") {
			t.Errorf("after this:\n%s\nterraform %s and a test: %v\n%s", printed, init, err, output)
		}
	}
	if requests := gateway.Requests(); len(requests) > 0 {
		t.Errorf("%d requests were sent", len(requests))
	}
}
