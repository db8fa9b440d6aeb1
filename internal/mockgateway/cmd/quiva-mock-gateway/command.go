package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
)

// clientEnvironment is this process's environment with the variables that point a
// client at the gateway, and with none that belong to another gateway.
func clientEnvironment(url, apiKey string) []string {
	env := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "QUIVA_")
	})
	return append(env, "QUIVA_API_URL="+url, "QUIVA_API_KEY="+apiKey)
}

// runCommand runs a command to its end, whatever signals come meanwhile, and
// returns its exit code. An error is that it could not be started.
func runCommand(arguments, env []string, signals <-chan os.Signal, stdout, stderr io.Writer) (int, error) {
	command := exec.Command(arguments[0], arguments[1:]...)
	command.Env = env
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, stdout, stderr
	if err := command.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
			return exitNotFound, err
		}
		return exitFailed, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait() // what its state says too
	}()
	for {
		select {
		case received := <-signals:
			// The command decides what it does about it: Terraform finishes what is under way.
			forward(received, command.Process)
		case <-ended:
			return exitCode(command.ProcessState), nil
		}
	}
}

// exitCode is, for a command that a signal has ended, what shells make of that.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}
