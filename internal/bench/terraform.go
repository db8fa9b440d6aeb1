package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/terraformcli"
)

// terraform is Terraform, or OpenTofu, with the providers under measurement and
// untouched by the user's own settings.
type terraform struct {
	path    string
	version string // Terraform v1.11.4
	dir     string // of the providers, one directory each
	env     []string
}

// newTerraform finds Terraform and makes it look for the providers in dir.
func newTerraform(ctx context.Context, dir string) (*terraform, error) {
	path, err := terraformcli.Find()
	if err != nil {
		return nil, err
	}
	cli := &terraform{path: path, dir: dir}

	// Terraform asks no registry for a provider that is overridden, so no
	// directory has to be initialised.
	var overrides strings.Builder
	for _, provider := range []string{"quiva", "silent"} {
		fmt.Fprintf(&overrides, "    %q = %q\n", providerSource(provider), filepath.ToSlash(filepath.Join(dir, provider)))
	}
	config := filepath.Join(dir, "cli.tfrc")
	text := "provider_installation {\n  dev_overrides {\n" + overrides.String() + "  }\n}\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}

	cli.env = slices.DeleteFunc(terraformcli.Environment(config), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{"GOGC", "GOMEMLIMIT", "GOMAXPROCS", "GODEBUG"}, name) // these change what is measured
	})
	cli.env = append(cli.env, "QUIVA_API_KEY="+mockgateway.DefaultAPIKey)
	cli.version, err = terraformcli.Version(ctx, path, cli.env)
	return cli, err
}

// providerSource is a provider's address in required_providers.
func providerSource(provider string) string { return "quivaworks/" + provider }

// binary is where Terraform expects a provider.
func (t *terraform) binary(provider string) string {
	name := "terraform-provider-" + provider
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(t.dir, provider, name)
}

// copyProvider takes a provider that is built already.
func (t *terraform) copyProvider(provider, path string) error {
	binary, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(t.binary(provider)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(t.binary(provider), binary, 0o755)
}

// resources names the resources of the provider that a directory's
// configuration requires.
func (t *terraform) resources(ctx context.Context, dir string) (map[string]bool, error) {
	command := exec.CommandContext(ctx, t.path, "providers", "schema", "-json")
	command.Dir, command.Env = dir, t.env
	output, err := command.Output()
	if err != nil {
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			err = fmt.Errorf("%w\n%s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("asking the provider for its schema: %w", err)
	}
	var schemas struct {
		Providers map[string]struct {
			Resources map[string]any `json:"resource_schemas"`
		} `json:"provider_schemas"`
	}
	if err := json.Unmarshal(output, &schemas); err != nil {
		return nil, fmt.Errorf("reading the provider's schema: %w", err)
	}
	names := map[string]bool{}
	for _, provider := range schemas.Providers {
		for name := range provider.Resources {
			names[name] = true
		}
	}
	return names, nil
}
