package provider_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/quivaworks/terraform-provider-quiva/internal/terraformcli"
)

// TestAccHistories plays some histories with Terraform's command line: its own order
// of calls, and what its version does with orphans. Its runs are not ended, and
// nobody writes during its applies.
func TestAccHistories(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs Terraform 1.11 or later: runs when TF_ACC is set")
	}
	t.Parallel()
	dir := t.TempDir()
	if err := terraformcli.Build(t.Context(), "", filepath.Join(dir, terraformcli.Executable("terraform-provider-quiva"))); err != nil {
		t.Fatal(err)
	}
	cli, err := terraformcli.New(t.Context(), filepath.Join(dir, "cli.tfrc"), terraformcli.Overrides(map[string]string{"quivaworks/quiva": dir}))
	if err != nil {
		t.Fatal(err)
	}
	for i := range *historiesWithCLI {
		seed := *firstSeed + uint64(i)
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			required := "terraform {\n  required_providers {\n    quiva = { source = \"quivaworks/quiva\" }\n  }\n}\n"
			p := &player{t: t, gateway: gateway, random: rand.New(rand.NewPCG(seed, 1)), directory: &commandLine{
				t: t, cli: cli, dir: t.TempDir(), configured: func(text string) string { return required + withProvider(gateway, text) },
			}}
			if broken := p.play(newHistory(seed, *historyKind)); broken != nil {
				t.Errorf("seed %d breaks %s\n%s", seed, broken, &p.story)
			}
		})
	}
}

// commandLine plans and applies with Terraform's command line.
type commandLine struct {
	t          *testing.T
	cli        *terraformcli.Terraform
	dir        string
	configured func(string) string
}

// run runs a subcommand, and returns its output and what it says of its run, with
// -json.
func (c *commandLine) run(arguments ...string) (output []byte, said []diagnostic) {
	c.t.Helper()
	command := c.cli.Command(c.t.Context(), c.dir, arguments...)
	command.Env = c.cli.Env
	output, err := command.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	for line := range bytes.Lines(output) {
		var message struct {
			Diagnostic *struct{ Severity, Address, Summary, Detail string }
		}
		if err := json.Unmarshal(line, &message); err == nil && message.Diagnostic != nil {
			d := message.Diagnostic
			said = append(said, diagnostic{strings.ToUpper(d.Severity[:1]) + d.Severity[1:], d.Address, "", d.Summary, d.Detail})
		}
	}
	if err != nil && len(failed(said)) == 0 {
		c.t.Fatalf("terraform %v: %s\n%s%s", arguments, err, output, exit.Stderr)
	}
	return output, said
}

func (c *commandLine) planStep(s step, options planOptions) plannedRun {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, "main.tf"), []byte(c.configured(s.configuration())), 0o600); err != nil {
		c.t.Fatal(err)
	}
	arguments := []string{"plan", "-json", "-out=saved", "-parallelism=" + parallelism(s), "-refresh=" + strconv.FormatBool(!options.noRefresh)}
	if options.refreshOnly {
		arguments = append(arguments, "-refresh-only")
	}
	for _, target := range options.targets {
		arguments = append(arguments, "-target="+target)
	}
	for _, address := range options.replace {
		arguments = append(arguments, "-replace="+address)
	}
	_, said := c.run(arguments...)
	if len(failed(said)) > 0 {
		return plannedRun{said: said}
	}
	var shown tfjson.Plan
	text, _ := c.run("show", "-json", "saved")
	if err := json.Unmarshal(text, &shown); err != nil {
		c.t.Fatal(err)
	}
	planned := plannedRun{said: said}
	forgotten := map[objectKey]bool{}
	for _, rc := range shown.ResourceChanges {
		var actions []string
		for _, action := range rc.Change.Actions {
			actions = append(actions, string(action))
		}
		key := objectKey{rc.Address, numberOf(rc.DeposedKey)}
		before, _ := rc.Change.Before.(map[string]any)
		after, _ := rc.Change.After.(map[string]any)
		if does := action(strings.Join(actions, ", ")); does == "forget" {
			forgotten[key] = true
		} else {
			planned.changes = append(planned.changes, plannedChange{key, does, heldObject{key, false, before}, heldObject{key, false, after}})
		}
	}
	for _, o := range objectsIn(shown.PriorState) {
		if !forgotten[o.objectKey] {
			planned.prior = append(planned.prior, o)
		}
	}
	return planned
}

func parallelism(s step) string {
	if s.inOrder {
		return "1"
	}
	return "10"
}

func (c *commandLine) applyPlan(s step) []diagnostic {
	c.t.Helper()
	_, said := c.run("apply", "-json", "-parallelism="+parallelism(s), "saved")
	return said
}

func (c *commandLine) objects() []heldObject {
	c.t.Helper()
	text, _ := c.run("show", "-json")
	var shown tfjson.State
	if err := json.Unmarshal(text, &shown); err != nil {
		c.t.Fatal(err)
	}
	return objectsIn(&shown)
}

func objectsIn(shown *tfjson.State) (objects []heldObject) {
	if shown == nil || shown.Values == nil {
		return nil
	}
	for _, r := range shown.Values.RootModule.Resources {
		objects = append(objects, heldObject{objectKey{r.Address, numberOf(r.DeposedKey)}, r.Tainted, r.AttributeValues})
	}
	return objects
}

// numberOf is the number of a deposed object, which Terraform shows in hexadecimal.
func numberOf(deposedKey string) int {
	number, err := strconv.ParseUint(deposedKey, 16, 32)
	if err != nil {
		return 0
	}
	return int(number)
}
