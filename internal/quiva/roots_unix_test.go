//go:build unix

package quiva

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestLoadRootsPipe: nobody waits for what may never be written.
func TestLoadRootsPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadRoots(pipe); err == nil || !strings.Contains(err.Error(), "it is not a regular file") {
		t.Errorf("error %v", err)
	}
}
