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
	"strings"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
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
	path, err := findTerraform()
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

	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		switch {
		case strings.HasPrefix(name, "QUIVA_"), strings.HasPrefix(name, "TF_"):
		case name == "GOGC", name == "GOMEMLIMIT", name == "GOMAXPROCS", name == "GODEBUG": // these change what is measured
		default:
			cli.env = append(cli.env, variable)
		}
	}
	cli.env = append(cli.env,
		"QUIVA_API_KEY="+mockgateway.DefaultAPIKey,
		"TF_CLI_CONFIG_FILE="+config,
		"TF_IN_AUTOMATION=1", // no advice on which command to run next
		"CHECKPOINT_DISABLE=1",
	)

	version := exec.CommandContext(ctx, path, "version")
	version.Env = cli.env
	output, err := version.Output()
	if err != nil {
		return nil, fmt.Errorf("%s version: %w", path, err)
	}
	cli.version, _, _ = strings.Cut(string(output), "\n")
	return cli, nil
}

// providerSource is a provider's address in required_providers.
func providerSource(provider string) string { return "quivaworks/" + provider }

// findTerraform prefers what the acceptance tests would use.
func findTerraform() (string, error) {
	candidates := []string{"terraform", "tofu"}
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		candidates = []string{path}
	}
	for _, candidate := range candidates {
		if path, err := exec.LookPath(candidate); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", fmt.Errorf("cannot find %s: install Terraform 1.11 or later, or set TF_ACC_TERRAFORM_PATH to it", strings.Join(candidates, " or "))
}

// binary is where Terraform expects a provider.
func (t *terraform) binary(provider string) string {
	name := "terraform-provider-" + provider
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(t.dir, provider, name)
}

// buildProvider builds a provider from a package of the repository.
func (t *terraform) buildProvider(ctx context.Context, provider, repository, pkg string) error {
	// Without a stamp, so that it builds wherever the source is.
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", t.binary(provider), pkg)
	build.Dir = repository
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, output)
	}
	return nil
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
