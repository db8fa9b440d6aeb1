package terraformcli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Terraform is Terraform, or OpenTofu, untouched by the user's own settings.
type Terraform struct {
	// Path is the binary's, and Version what it calls itself: Terraform v1.11.4.
	Path, Version string
	// Env is the environment of its commands.
	Env []string
}

// New finds the Terraform to run: what TF_ACC_TERRAFORM_PATH names, as for
// acceptance tests, else terraform or tofu. It writes the CLI configuration into
// configFile: see [Overrides] and [Mirror].
func New(ctx context.Context, configFile, config string) (*Terraform, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(configFile, []byte(config), 0o600); err != nil {
		return nil, err
	}
	t := &Terraform{Path: path, Env: environment(configFile)}
	output, err := t.Command(ctx, "", "version").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s version: %w\n%s", path, err, output)
	}
	version, _, _ := strings.Cut(string(output), "\n")
	t.Version = strings.TrimSpace(version)
	return t, nil
}

// Command returns a command of Terraform that is to run in a directory. More can
// be appended to its environment.
func (t *Terraform) Command(ctx context.Context, dir string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, t.Path, arguments...)
	command.Dir, command.Env = dir, slices.Clip(t.Env)
	return command
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

// environment returns the environment of this process without all that the user
// has set for Terraform and the provider.
func environment(configFile string) []string {
	env := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "QUIVA_") || strings.HasPrefix(variable, "TF_")
	})
	return append(env,
		"TF_CLI_CONFIG_FILE="+configFile,
		"TF_IN_AUTOMATION=1", // no advice on which command to run next
		"CHECKPOINT_DISABLE=1",
	)
}
