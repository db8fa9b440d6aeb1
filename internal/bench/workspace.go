package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/terraformcli"
)

// patience is how long one run may take.
const patience = 3 * time.Minute

// workspace is a directory with a configuration, its state and, if it has
// something to do with one, a gateway.
type workspace struct {
	terraform *terraform
	dir       string
	gateway   *gateway
	// states is where the state is, at statePath, nil if it is a local file.
	states *stateServer
	// parallelism is how many resources Terraform works on at a time, 0 for its
	// default of 10.
	parallelism int
	// watchesMemory makes runs measure the provider's memory.
	watchesMemory bool
}

// cost is what a run took.
type cost struct {
	wall, cpu float64 // seconds; cpu is of Terraform and its providers
	memory    float64 // bytes, the provider's peak; 0 where it was not measured
	traffic
}

// declare writes a configuration of so many entries.
func (w *workspace) declare(declared configuration, entries int) error {
	if err := declared.write(w.dir); err != nil {
		return err
	}
	return writeEntries(w.dir, declared.values, entries, 0)
}

// initBackend initializes the backend of a directory that declares nothing yet:
// else Terraform would look for the providers in a registry.
func (w *workspace) initBackend(ctx context.Context) error {
	if err := os.WriteFile(filepath.Join(w.dir, "backend.tf"), []byte(w.states.backend(w.statePath())), 0o600); err != nil {
		return err
	}
	_, _, err := w.run(ctx, 0, "init")
	return err
}

func (w *workspace) statePath() string { return "/" + filepath.Base(w.dir) }

func (w *workspace) plan(ctx context.Context) (cost, error) {
	spent, _, err := w.run(ctx, 0, "plan", "-detailed-exitcode")
	return spent, err
}

// planOneChange plans and insists on finding exactly one entry to update.
func (w *workspace) planOneChange(ctx context.Context) (cost, error) {
	const want = "Plan: 0 to add, 1 to change, 0 to destroy."
	spent, output, err := w.run(ctx, 2, "plan", "-detailed-exitcode")
	if err == nil && !strings.Contains(output, want) {
		err = fmt.Errorf("no %q in the plan:\n%s", want, tail(output))
	}
	return spent, err
}

func (w *workspace) apply(ctx context.Context) (cost, error) {
	arguments := []string{"apply", "-auto-approve"}
	if w.parallelism != 0 {
		arguments = append(arguments, fmt.Sprintf("-parallelism=%d", w.parallelism))
	}
	spent, _, err := w.run(ctx, 0, arguments...)
	return spent, err
}

func (w *workspace) destroy(ctx context.Context) (cost, error) {
	spent, _, err := w.run(ctx, 0, "destroy", "-auto-approve")
	return spent, err
}

// applyAnew applies to an empty state and an empty gateway.
func (w *workspace) applyAnew(ctx context.Context) (cost, error) {
	for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
		if err := os.Remove(filepath.Join(w.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return cost{}, err
		}
	}
	if w.states != nil {
		w.states.delete(w.statePath())
	}
	if w.gateway != nil {
		w.gateway.empty()
	}
	return w.apply(ctx)
}

// run runs a subcommand, which must end with the exit code want.
func (w *workspace) run(ctx context.Context, want int, arguments ...string) (cost, string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("it takes longer than %s", patience))
	defer cancel()
	arguments = append(arguments, "-input=false", "-no-color")
	command := w.terraform.Command(ctx, w.dir, arguments...)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if w.gateway != nil {
		command.Env = append(command.Env, "QUIVA_API_URL="+w.gateway.URL)
		w.gateway.resetTraffic()
	}

	fail := func(err error) (cost, string, error) {
		return cost{}, "", fmt.Errorf("terraform %s: %w\n%s", strings.Join(arguments, " "), err, tail(output.String()))
	}
	start := time.Now()
	if err := terraformcli.Start(command); err != nil {
		return fail(err)
	}
	memory := make(chan float64, 1)
	watching, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	if w.watchesMemory {
		go func() { memory <- watchMemory(watching, command.Process.Pid) }()
	} else {
		memory <- 0
	}
	err := terraformcli.Wait(ctx, command)
	wall := time.Since(start)
	stopWatching()

	if ctx.Err() != nil {
		return fail(err)
	}
	if code := command.ProcessState.ExitCode(); code != want {
		return fail(fmt.Errorf("exit code %d where %d was due: %w", code, want, err))
	}
	spent := cost{
		wall: wall.Seconds(),
		// What a process has used includes its children, once it has waited for
		// them, as Terraform does for its providers.
		cpu:    (command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds(),
		memory: <-memory,
	}
	if w.gateway != nil {
		spent.traffic = w.gateway.traffic()
	}
	return spent, output.String(), nil
}

// tail is the end of an output, which tells most about a failure.
func tail(output string) string {
	const lines = 20
	all := strings.Split(strings.TrimSpace(output), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
