// Command demo tells one story with a real Terraform (or OpenTofu) and a mock
// gateway on this machine: feature flags and a secret, from nothing through plan,
// apply, drift and repair back to nothing.
//
// It builds the provider from this source, works in a temporary directory and
// needs no account. It checks what it shows and exits 1 at the first check that
// fails.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/terraformcli"
)

//go:embed flags
var flags embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: FAILED: %v\n", err)
		os.Exit(1)
	}
}

// run leaves nothing behind, whatever its outcome.
func run(ctx context.Context) (err error) {
	start := time.Now()
	dir, err := os.MkdirTemp("", "quiva-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.CopyFS(dir, flags); err != nil {
		return err
	}
	cli, err := terraformcli.New(ctx, filepath.Join(dir, "cli.tfrc"), terraformcli.Overrides(map[string]string{"quivaworks/quiva": dir}))
	if err != nil {
		return err
	}
	if err := terraformcli.Build(ctx, "", filepath.Join(dir, terraformcli.Executable("terraform-provider-quiva"))); err != nil {
		return err
	}
	gateway := mockgateway.NewServer()
	defer gateway.Close()
	cli.Env = append(cli.Env, "QUIVA_API_URL="+gateway.URL, "QUIVA_API_KEY="+mockgateway.DefaultAPIKey)

	d := &demo{gateway: gateway, cli: cli, dir: filepath.Join(dir, "flags")}
	d.print("The Quiva provider with %s, against a mock gateway at %s.", cli.Version, gateway.URL)
	if err := d.tell(ctx); err != nil {
		return err
	}
	d.print("\nAll %d checks passed, in %s.", d.checks, time.Since(start).Round(100*time.Millisecond))
	return nil
}
