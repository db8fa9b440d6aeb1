//go:build !unix

package main

import "os/exec"

// Process groups are Unix's; elsewhere a command stays in the bench's.

func separate(*exec.Cmd) {}

func killSeparated(*exec.Cmd) {}
