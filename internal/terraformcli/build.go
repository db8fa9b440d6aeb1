package terraformcli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Repository returns the directory of the go.mod in whose module this process
// runs.
func Repository(ctx context.Context) (string, error) {
	output, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	file := strings.TrimSpace(string(output))
	if filepath.Base(file) != "go.mod" {
		return "", errors.New("the provider is built from source: run this within its repository")
	}
	return filepath.Dir(file), nil
}

// Build builds a package of the repository, such as ".", into a file, with any
// further flags of go build.
func Build(ctx context.Context, repository, pkg, file string, flags ...string) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	// Without a stamp, so that it builds wherever the source is.
	arguments := append([]string{"build", "-buildvcs=false", "-o", file}, flags...)
	command := exec.CommandContext(ctx, "go", append(arguments, pkg)...)
	command.Dir = repository
	// What an interrupted build leaves goes away with the file's directory.
	command.Env = append(os.Environ(), "GOTMPDIR="+dir)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := Run(ctx, command); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, output.String())
	}
	return nil
}
