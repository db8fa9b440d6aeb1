package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/terraformcli"
)

// terraform is Terraform with the providers under measurement.
type terraform struct {
	*terraformcli.Terraform

	dir string // of the providers, one directory each
}

// newTerraform finds Terraform and makes it look for the providers in dir.
func newTerraform(ctx context.Context, dir string) (*terraform, error) {
	overrides := map[string]string{}
	for _, provider := range []string{"quiva", "silent"} {
		overrides[providerSource(provider)] = filepath.Join(dir, provider)
	}
	cli, err := terraformcli.New(ctx, filepath.Join(dir, "cli.tfrc"), terraformcli.Overrides(overrides))
	if err != nil {
		return nil, err
	}
	cli.Env = slices.DeleteFunc(cli.Env, func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{"GOGC", "GOMEMLIMIT", "GOMAXPROCS", "GODEBUG"}, name) // these change what is measured
	})
	cli.Env = append(cli.Env, "QUIVA_API_KEY="+mockgateway.DefaultAPIKey)
	return &terraform{cli, dir}, nil
}

// providerSource is a provider's address in required_providers.
func providerSource(provider string) string { return "quivaworks/" + provider }

// binary is where Terraform expects a provider.
func (t *terraform) binary(provider string) string {
	return filepath.Join(t.dir, provider, terraformcli.Executable("terraform-provider-"+provider))
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
	output, err := t.Command(ctx, dir, "providers", "schema", "-json").Output()
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
