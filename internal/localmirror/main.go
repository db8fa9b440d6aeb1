// Command localmirror builds the provider from this source into a directory from
// which terraform init and tofu init install it, and prints how to make them do
// so.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/terraformcli"
)

func main() {
	ctx, cancel := terraformcli.Context()
	err := build(ctx, os.Args[1:])
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "localmirror:", err)
		os.Exit(1)
	}
}

func build(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: localmirror DIRECTORY")
	}
	mirror, err := filepath.Abs(args[0])
	if err != nil {
		return err
	}
	repository, err := terraformcli.Repository(ctx)
	if err != nil {
		return err
	}
	// A new version each time: a lock file has the checksum of the last build, and
	// terraform init -upgrade takes another version but not another checksum.
	version := fmt.Sprintf("0.0.%d", time.Now().Unix())
	for _, path := range terraformcli.MirrorPaths(mirror, version) {
		versions := filepath.Dir(filepath.Dir(filepath.Dir(path)))
		if err := os.RemoveAll(versions); err != nil {
			return err
		}
	}
	if err := terraformcli.BuildMirror(ctx, repository, mirror, version); err != nil {
		return err
	}
	config := filepath.Join(mirror, "cli.tfrc")
	if err := os.WriteFile(config, []byte(terraformcli.Mirror(mirror)), 0o600); err != nil {
		return err
	}
	fmt.Printf(instructions, version, shellQuote(config))
	return nil
}

const instructions = `Built the provider as version %s. For Terraform and OpenTofu to install it, paste this:

  export TF_CLI_CONFIG_FILE=%s

After another build: terraform init -upgrade
`

// shellQuote makes one word of a path for a shell.
func shellQuote(path string) string {
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
