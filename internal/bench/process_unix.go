//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// separate puts a command into a process group of its own, so that a Ctrl-C at
// the terminal reaches it once, from the bench, and not twice.
func separate(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// killSeparated kills whatever is left of the group of an ended command.
func killSeparated(command *exec.Cmd) {
	_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) // an error means that nothing is left
}
