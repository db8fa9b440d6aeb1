//go:build !unix

package terraformcli

import "os/exec"

// Process groups are Unix's; elsewhere a command stays in this process's.

func separate(*exec.Cmd) {}

func killRest(*exec.Cmd) {}
