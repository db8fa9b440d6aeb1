//go:build unix

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestSignals: without a terminal, each signal reaches the command once; the
// gateway goes on until the command ends, and ends as that does.
func TestSignals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  string
		code int
		last os.Signal
	}{
		"not handled": {"trap - TERM; kill $$", 128 + 15, syscall.SIGTERM},
		"hang-up":     {"exit 5", 5, syscall.SIGHUP},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := fmt.Sprintf("trap 'echo interrupted' INT; trap 'echo terminated; %s' TERM; echo ready; while :; do sleep 0.02; done", test.end)
			gateway := exec.CommandContext(t.Context(), os.Args[0], "--", "sh", "-c", script)
			gateway.Env = append(os.Environ(), commandVariable+"=gateway")
			gateway.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal, whatever runs the test
			output, err := gateway.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := gateway.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(output)
			var said []string
			for lines.Scan() {
				said = append(said, lines.Text())
				var next os.Signal
				switch lines.Text() {
				case "ready":
					next = os.Interrupt
				case "interrupted":
					next = test.last
				default:
					continue
				}
				if err := gateway.Process.Signal(next); err != nil {
					t.Fatal(err)
				}
			}
			if got := strings.Join(said, " "); got != "ready interrupted terminated" {
				t.Errorf("the command said %q", got)
			}
			var exit *exec.ExitError
			if err := gateway.Wait(); !errors.As(err, &exit) || exit.ExitCode() != test.code {
				t.Errorf("the gateway ended with %v, want %d", err, test.code)
			}
		})
	}
}
