// Package endtoend_test runs the built provider under the real Terraform
// binary against the mock gateway: what the acceptance tests cannot see, such
// as signals, logs, exit statuses and the files that Terraform leaves behind.
package endtoend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/terraformcli"
)

// built is Terraform with the provider that TestMain has built, and binary is
// where that is.
var (
	built  *terraformcli.Terraform
	binary string
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		if served, err := serveForeign(); served {
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			return 0
		}
		if os.Getenv("TF_ACC") == "" {
			return m.Run() // every test skips
		}
		dir, err := os.MkdirTemp("", "quiva-endtoend")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		if err := build(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// build builds the provider and finds Terraform.
func build(dir string) error {
	binary = filepath.Join(dir, terraformcli.Executable("terraform-provider-quiva"))
	if err := terraformcli.Build(context.Background(), "", binary); err != nil {
		return err
	}
	var err error
	built, err = terraformcli.New(context.Background(), filepath.Join(dir, "cli.tfrc"), terraformcli.Overrides(map[string]string{"quivaworks/quiva": dir}))
	return err
}

// needTerraform skips a test where the acceptance tests are off too.
func needTerraform(t *testing.T) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs Terraform 1.11 or later: runs when TF_ACC is set")
	}
	t.Parallel()
}

// needMinor skips a test below a version 1.x of Terraform, and where it is
// something else.
func needMinor(t *testing.T, minor int) {
	t.Helper()
	needTerraform(t)
	var got int
	if n, _ := fmt.Sscanf(built.Version, "Terraform v1.%d.", &got); n != 1 || got < minor {
		t.Skipf("needs Terraform 1.%d or later, and this is %s", minor, built.Version)
	}
}

// newGateway starts a gateway with a bucket "flags" for one test.
func newGateway(t *testing.T) *mockgateway.Server {
	t.Helper()
	gateway := mockgateway.NewServer()
	t.Cleanup(gateway.Close)
	gateway.CreateBucket("flags")
	return gateway
}

// workspace is a directory with a configuration in which Terraform runs.
type workspace struct {
	t   *testing.T
	dir string
	env []string
}

// newWorkspace makes a workspace whose environment leads to the gateway.
func newWorkspace(t *testing.T, gateway *mockgateway.Server, environment ...string) *workspace {
	t.Helper()
	w := &workspace{t: t, dir: t.TempDir(), env: slices.Clip(built.Env)}
	w.env = append(w.env,
		"QUIVA_API_URL="+gateway.URL,
		"QUIVA_API_KEY="+mockgateway.DefaultAPIKey)
	w.env = append(w.env, environment...)
	return w
}

// configure writes the configuration, with a provider block of the given
// arguments.
func (w *workspace) configure(arguments, configuration string) {
	w.t.Helper()
	text := fmt.Sprintf(`
terraform {
  required_providers {
    quiva = { source = "quivaworks/quiva" }
  }
}
provider "quiva" {
%s
}
%s`, arguments, configuration)
	if err := os.WriteFile(filepath.Join(w.dir, "main.tf"), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// outcome is how a run of Terraform ended.
type outcome struct {
	status int
	output string
}

var ansiStyle = regexp.MustCompile("\x1b\\[[0-9;]*m")

// says reports whether the output holds a text, however it is wrapped, framed and
// colored.
func (o outcome) says(text string) bool {
	unwrap := func(text string) string {
		return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \n│╷╵", r) }), " ")
	}
	return strings.Contains(unwrap(ansiStyle.ReplaceAllString(o.output, "")), unwrap(text))
}

// run runs a subcommand to its end.
func (w *workspace) run(arguments ...string) outcome {
	w.t.Helper()
	command, output := w.command(arguments...)
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return outcome{command.ProcessState.ExitCode(), output.String()}
}

// must runs a subcommand that has to end with a status of 0.
func (w *workspace) must(arguments ...string) outcome {
	w.t.Helper()
	result := w.run(arguments...)
	if result.status != 0 {
		w.t.Fatalf("terraform %s ended with %d:\n%s", strings.Join(arguments, " "), result.status, result.output)
	}
	return result
}

func (w *workspace) command(arguments ...string) (*exec.Cmd, *bytes.Buffer) {
	w.t.Helper()
	command := built.Command(w.t.Context(), w.dir, append(arguments, "-no-color")...)
	command.Env = w.env
	output := new(bytes.Buffer)
	command.Stdout, command.Stderr = output, output
	return command, output
}

// state returns the values of the entries in the state, as JSON by their keys.
func (w *workspace) state() entries {
	w.t.Helper()
	var state struct {
		Resources []struct {
			Instances []struct {
				Attributes struct {
					Key   string
					Value struct{ Value json.RawMessage }
				}
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(w.dir, "terraform.tfstate"))
	if err == nil {
		err = json.Unmarshal(text, &state)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	held := entries{}
	for _, resource := range state.Resources {
		for _, instance := range resource.Instances {
			var value bytes.Buffer
			if err := json.Compact(&value, instance.Attributes.Value.Value); err != nil {
				w.t.Fatal(err)
			}
			held[instance.Attributes.Key] = value.String()
		}
	}
	return held
}

// manyEntries is a configuration of count entries, and what a gateway then
// holds.
func manyEntries(count int) (configuration string, want entries) {
	want = entries{}
	for i := range count {
		want[fmt.Sprintf("entry/%d", i)] = fmt.Sprintf(`{"n":%d}`, i)
	}
	return fmt.Sprintf("resource \"quiva_kv_entry\" \"test\" {\n  count = %d\n  bucket = \"flags\"\n  key = \"entry/${count.index}\"\n  value = { n = count.index }\n}\n", count), want
}
