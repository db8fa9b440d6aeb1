// Package terraformcli runs a real Terraform, or OpenTofu, apart from the user's
// own settings: for the demo, the benchmarks and the end-to-end tests.
package terraformcli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Terraform is Terraform, or OpenTofu.
type Terraform struct {
	// Path is the binary's, and Version what it calls itself: Terraform v1.11.4.
	Path, Version string
	// Env is the environment of its commands.
	Env []string
}

// New finds the Terraform to run: what TF_ACC_TERRAFORM_PATH names, as for
// acceptance tests, else terraform or tofu. It writes the CLI configuration into
// configFile: see [Overrides].
func New(ctx context.Context, configFile, config string) (*Terraform, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(configFile, []byte(config), 0o600); err != nil {
		return nil, err
	}
	env := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "QUIVA_") || strings.HasPrefix(variable, "TF_")
	})
	t := &Terraform{Path: path, Env: append(env,
		"TF_CLI_CONFIG_FILE="+configFile,
		"TF_IN_AUTOMATION=1", // no advice on which command to run next
		"CHECKPOINT_DISABLE=1",
	)}
	output, err := t.Command(ctx, "", "version").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s version: %w\n%s", path, err, output)
	}
	t.Version, _, _ = strings.Cut(string(output), "\n")
	return t, nil
}

func find() (string, error) {
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

// Command returns a command of Terraform that is to run in a directory. More can
// be appended to its environment.
func (t *Terraform) Command(ctx context.Context, dir string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, t.Path, arguments...)
	command.Dir, command.Env = dir, slices.Clip(t.Env)
	return command
}

// Overrides returns a CLI configuration with which Terraform takes the provider
// of each source, such as quivaworks/quiva, from a directory. It asks no registry
// for it then, so no directory has to be initialized.
func Overrides(directories map[string]string) string {
	var overrides strings.Builder
	for _, source := range slices.Sorted(maps.Keys(directories)) {
		fmt.Fprintf(&overrides, "    %q = %q\n", source, filepath.ToSlash(directories[source]))
	}
	return "provider_installation {\n  dev_overrides {\n" + overrides.String() + "  }\n}\n"
}

// Build builds a package of this module, whose path begins with a slash unless it
// is the provider's own, into a file, with any further flags of go build.
func Build(ctx context.Context, pkg, file string, flags ...string) error {
	// Without a stamp, so that it builds wherever the source is.
	arguments := append([]string{"build", "-buildvcs=false", "-o", file}, flags...)
	command := exec.CommandContext(ctx, "go", append(arguments, "github.com/quivaworks/terraform-provider-quiva"+pkg)...)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command, err, output)
	}
	return nil
}

// Executable returns the name of a program's file.
func Executable(program string) string {
	if runtime.GOOS == "windows" {
		return program + ".exe"
	}
	return program
}
