//go:build unix

package terraformcli

import (
	"os/exec"
	"syscall"
)

// separate puts a command into a process group of its own, so that a Ctrl-C at
// the terminal reaches it once, from this process, and not twice.
func separate(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// killRest kills what a separate command that has ended has left running.
func killRest(command *exec.Cmd) {
	_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) // an error means that nothing is left
}
