//go:build !unix

package terraformcli

import "os/exec"

// Process groups are Unix's; elsewhere a command stays in this process's.

func separate(*exec.Cmd) {}

// KillRest does nothing: what a command has left running is not known.
func KillRest(*exec.Cmd) {}
