//go:build unix

package main

import (
	"os"
	"syscall"
)

// forward passes a signal on to the command. A terminal sends its Ctrl-C to the
// command too, and to Terraform a second one means to stop without cleaning up;
// so an interrupt is passed on only where there is no terminal. Terraform cleans up
// after SIGTERM, but SIGHUP would kill it.
func forward(received os.Signal, command *os.Process) {
	if received == os.Interrupt && hasTerminal() {
		return
	}
	if received == syscall.SIGHUP {
		received = syscall.SIGTERM
	}
	_ = command.Signal(received) // an error means that it has ended
}

// hasTerminal reports whether a terminal controls this process, wherever its
// input and output lead.
func hasTerminal() bool {
	terminal, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	_ = terminal.Close()
	return true
}
