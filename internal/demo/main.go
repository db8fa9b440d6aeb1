// Command demo walks through the provider with a real Terraform (or OpenTofu)
// and a mock gateway on this machine: from an empty bucket through plan, apply,
// drift and repair back to an empty bucket, and then through all that the
// provider has, together.
//
// It builds the provider from this source, works in a temporary directory and
// needs no account. It checks what it shows and exits 1 at the first check that
// fails.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/terraformcli"
)

func main() {
	ctx, cancel := terraformcli.Context()
	err := walkThrough(ctx, newNarrator(os.Stdout))
	outcome := "FAILED"
	if ctx.Err() != nil {
		outcome = "interrupted"
	}
	cancel()
	if err != nil {
		if disproof := new(failure); errors.As(err, &disproof) {
			fmt.Fprintf(os.Stderr, "\nFull output of %s:\n\n%s%s", disproof.command, disproof.stdout, disproof.stderr)
		}
		fmt.Fprintf(os.Stderr, "\ndemo: %s: %v\n", outcome, err)
		os.Exit(1)
	}
}

// step is one numbered part of the demo.
type step struct {
	title string
	run   func(context.Context) error
}

// walkThrough runs the demo and leaves nothing behind, whatever its outcome.
func walkThrough(ctx context.Context, say *narrator) (err error) {
	start := time.Now()
	repository, err := terraformcli.Repository(ctx)
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
	say.line("The Quiva provider with %s, against a mock gateway at %s.", cli.Version, gateway.URL)

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
