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

// Find returns the path of the Terraform to run: what TF_ACC_TERRAFORM_PATH
// names, as for acceptance tests, else terraform or tofu.
func Find() (string, error) {
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

// Environment returns the environment of this process for a Terraform that reads
// the CLI configuration in a file, without all that the user has set for
// Terraform and the provider.
func Environment(configFile string) []string {
	env := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "QUIVA_") || strings.HasPrefix(variable, "TF_")
	})
	return append(env,
		"TF_CLI_CONFIG_FILE="+configFile,
		"TF_IN_AUTOMATION=1", // no advice on which command to run next
		"CHECKPOINT_DISABLE=1",
	)
}

// Version returns what the Terraform at a path calls itself: Terraform v1.11.4.
func Version(ctx context.Context, path string, env []string) (string, error) {
	command := exec.CommandContext(ctx, path, "version")
	command.Env = env
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s version: %w\n%s", path, err, output)
	}
	version, _, _ := strings.Cut(string(output), "\n")
	return strings.TrimSpace(version), nil
}
