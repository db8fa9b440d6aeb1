// Command demo walks through the provider with a real Terraform (or OpenTofu)
// and a mock gateway on this machine: from an empty bucket through plan, apply,
// drift and repair back to an empty bucket, and then through all that the
// provider has, together.
//
// It builds the provider from this source, works in a temporary directory and
// needs no account. It checks what it shows and exits 1 at the first thing that
// is not so.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

func main() {
	// SIGPIPE is the end of whoever reads the output; it must not skip the
	// cleaning up either.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	ctx, cancel := context.WithCancel(ctx)
	go cancelWithParent(ctx, cancel)

	err := walkThrough(ctx, newNarrator(os.Stdout))
	outcome := "FAILED"
	if ctx.Err() != nil {
		outcome = "interrupted"
	}
	cancel()
	stop()
	if err != nil {
		if disproof := new(failure); errors.As(err, &disproof) {
			fmt.Fprintf(os.Stderr, "\nFull output of %s:\n\n%s%s", disproof.command, disproof.stdout, disproof.stderr)
		}
		fmt.Fprintf(os.Stderr, "\ndemo: %s: %v\n", outcome, err)
		os.Exit(1)
	}
}

// cancelWithParent ends the demo when its parent is gone: go run dies of a
// SIGTERM without passing it on.
func cancelWithParent(ctx context.Context, cancel context.CancelFunc) {
	parent := os.Getppid()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for os.Getppid() == parent {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
	cancel()
}

// step is one numbered part of the demo.
type step struct {
	title string
	run   func(context.Context) error
}

// walkThrough runs the demo and leaves nothing behind, whatever its outcome.
func walkThrough(ctx context.Context, say *narrator) (err error) {
	start := time.Now()
	repository, err := repositoryRoot(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "quiva-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	gateway := mockgateway.NewServer()
	defer gateway.Close()

	cli, err := newTerraform(ctx, dir, gateway.URL, mockgateway.DefaultAPIKey, say.color)
	if err != nil {
		return err
	}
	say.line("The Quiva provider with %s, against a mock gateway at %s.", cli.version, gateway.URL)

	base := scenario{repository: repository, gateway: gateway, cli: cli, say: say}
	flags, shop := &featureFlags{scenario: base}, &shop{scenario: base}
	for i, step := range slices.Concat(flags.steps(), shop.steps()) {
		say.title(i+1, step.title)
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("step %d, %q: %w", i+1, step.title, err)
		}
	}
	say.line("\nAll %d checks passed, in %s.", say.checks, time.Since(start).Round(100*time.Millisecond))
	return nil
}

// repositoryRoot is the directory of this module's go.mod.
func repositoryRoot(ctx context.Context) (string, error) {
	output, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	file := strings.TrimSpace(string(output))
	if filepath.Base(file) != "go.mod" {
		return "", errors.New("the demo builds the provider: run it within the provider's repository")
	}
	return filepath.Dir(file), nil
}
