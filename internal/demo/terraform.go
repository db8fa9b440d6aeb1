package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/quivaworks/terraform-provider-quiva/internal/terraformcli"
)

// providerVersion is what the provider under demonstration calls itself in the
// mirror.
const providerVersion = "0.1.0"

// terraform runs Terraform in a directory of its own, on a provider that is built
// from source.
type terraform struct {
	*terraformcli.Terraform

	name   string // terraform or tofu
	dir    string // where modules are copied to
	module string // the working directory
	mirror string // the only place where the provider is looked for
	color  bool
}

// newTerraform finds Terraform and sets it up in dir: a mirror that is yet to be
// filled by buildProvider, and no module yet.
func newTerraform(ctx context.Context, dir, endpoint, apiKey string, color bool) (*terraform, error) {
	mirror := filepath.Join(dir, "mirror")
	cli, err := terraformcli.New(ctx, filepath.Join(dir, "cli.tfrc"), terraformcli.Mirror(mirror))
	if err != nil {
		return nil, err
	}
	cli.Env = append(cli.Env, "QUIVA_API_URL="+endpoint, "QUIVA_API_KEY="+apiKey)
	return &terraform{
		Terraform: cli,
		name:      strings.TrimSuffix(filepath.Base(cli.Path), ".exe"),
		dir:       dir,
		module:    dir,
		mirror:    mirror,
		color:     color,
	}, nil
}

// buildProvider builds the provider from the repository into the mirror.
func (t *terraform) buildProvider(ctx context.Context, repository string) error {
	return terraformcli.BuildMirror(ctx, repository, t.mirror, providerVersion)
}

// useModule copies a module's own files into a new working directory. State and
// settings that were left next to them stay where they are.
func (t *terraform) useModule(source string) error {
	t.module = filepath.Join(t.dir, filepath.Base(source))
	if err := os.Mkdir(t.module, 0o755); err != nil {
		return err
	}
	for _, pattern := range []string{"*.tf", "*.yaml", "*.schema.json"} {
		files, err := filepath.Glob(filepath.Join(source, pattern))
		if err != nil {
			return err
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(t.module, filepath.Base(file)), content, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// run runs a subcommand, which must end with the exit code want.
func (t *terraform) run(ctx context.Context, want int, args ...string) (output, error) {
	return runProgram(ctx, t.command(ctx, args...), want)
}

// evaluate returns the value of a string expression in the module.
func (t *terraform) evaluate(ctx context.Context, expression string) (string, error) {
	console := t.command(ctx, "console")
	console.Stdin = strings.NewReader(expression + "\n")
	result, err := runProgram(ctx, console, 0)
	if err != nil {
		return "", err
	}
	return strings.Trim(strings.TrimSpace(result.stdout), `"`), nil
}

func (t *terraform) command(ctx context.Context, args ...string) *exec.Cmd {
	// Terraform colors even what it writes to a pipe, unless told not to.
	if !t.color && args[0] != "console" {
		args = append(args, "-no-color")
	}
	return t.Command(ctx, t.module, args...)
}

// runProgram runs a command made with ctx, which must end with the exit code
// want.
func runProgram(ctx context.Context, command *exec.Cmd, want int) (output, error) {
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr

	err := terraformcli.Run(ctx, command)
	result := output{command: commandLine(command), stdout: stdout.String(), stderr: stderr.String()}
	if command.ProcessState == nil {
		return result, fmt.Errorf("%s: %w", result.command, err)
	}
	if ctx.Err() != nil {
		return result, err
	}
	if code := command.ProcessState.ExitCode(); code != want {
		return result, result.failure("exit code %d where %d was due", code, want)
	}
	return result, nil
}

// commandLine is a command as one would type it.
func commandLine(command *exec.Cmd) string {
	words := append([]string{filepath.Base(command.Args[0])}, command.Args[1:]...)
	return strings.Join(words, " ")
}

// output is what a program wrote.
type output struct {
	command        string
	stdout, stderr string
}

// failure is what an output disproves. Its message leaves the output out.
type failure struct {
	output
	reason string
}

func (f *failure) Error() string { return f.command + ": " + f.reason }

func (o output) failure(format string, args ...any) error {
	return &failure{o, fmt.Sprintf(format, args...)}
}

// outputLine is a line of an output, with and without colors.
type outputLine struct {
	shown, text string
}

func (o output) lines() []outputLine {
	var lines []outputLine
	for shown := range strings.Lines(o.stdout) {
		shown = strings.TrimRight(shown, "\r\n")
		lines = append(lines, outputLine{shown, terraformcli.WithoutStyle(shown)})
	}
	return lines
}

// find returns the first line whose text begins with prefix, indentation aside.
func (o output) find(prefix string) (outputLine, error) {
	for _, line := range o.lines() {
		if strings.HasPrefix(strings.TrimSpace(line.text), prefix) {
			return line, nil
		}
	}
	return outputLine{}, o.failure("no line begins with %q", prefix)
}

// complains reports whether what the program said of errors holds a text.
func (o output) complains(text string) bool { return terraformcli.Says(o.stderr, text) }

// block returns the lines from the first whose text begins with first,
// indentation aside, to the next whose text is last, indentation included.
func (o output) block(first, last string) ([]outputLine, error) {
	var block []outputLine
	for _, line := range o.lines() {
		if block == nil && !strings.HasPrefix(strings.TrimSpace(line.text), first) {
			continue
		}
		block = append(block, line)
		if line.text == last {
			return block, nil
		}
	}
	return nil, o.failure("no block begins with %q and ends with %q", first, last)
}
