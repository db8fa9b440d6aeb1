// Command bench measures what the provider costs: time, processor time, memory,
// requests and connections, with a real Terraform (or OpenTofu) and a mock
// gateway on this machine. It prints tables in Markdown, in which each metric
// stands next to what it is compared with: mostly the same work with a provider
// that does nothing.
//
// It builds the providers from this source, works in a temporary directory and
// needs no account. Metrics over their limits are listed at the end and are no
// failure: machines differ. It exits 1 if a run itself fails.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/terraformcli"
)

func main() {
	options := parseOptions()

	ctx, cancel := terraformcli.Context()
	err := run(ctx, options)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	scenarios []scenario
	size      size
	quick     bool
	provider  string
	markdown  string
}

func parseOptions() options {
	only := flag.String("only", "", "run only the scenarios whose names match this `regexp`: "+names(scenarios))
	quick := flag.Bool("quick", false, "measure few entries, once, to see that the bench works")
	provider := flag.String("provider", "", "measure the provider built as this `file`, in place of this source")
	markdown := flag.String("markdown", "", "also write the tables to this `file`")
	flag.Parse()

	fail := func(format string, values ...any) {
		fmt.Fprintf(flag.CommandLine.Output(), format+"\n", values...)
		flag.Usage()
		os.Exit(2)
	}
	if flag.NArg() > 0 {
		fail("unexpected argument %q", flag.Arg(0))
	}
	pattern, err := regexp.Compile(*only)
	if err != nil {
		fail("-only: %v", err)
	}
	chosen := options{size: fullSize, provider: *provider, markdown: *markdown}
	if *quick {
		chosen.size, chosen.quick = quickSize, true
	}
	for _, scenario := range scenarios {
		if pattern.MatchString(scenario.name) {
			chosen.scenarios = append(chosen.scenarios, scenario)
		}
	}
	if len(chosen.scenarios) == 0 {
		fail("-only %s matches none of %s", *only, names(scenarios))
	}
	return chosen
}

func names(scenarios []scenario) string {
	var names []string
	for _, scenario := range scenarios {
		names = append(names, scenario.name)
	}
	return strings.Join(names, ", ")
}

// run leaves nothing behind but the files that were asked for.
func run(ctx context.Context, options options) (err error) {
	start := time.Now()
	progress := func(format string, values ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", values...) }
	dir, err := os.MkdirTemp("", "quiva-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	progress("building the providers …")
	b, err := newBench(ctx, dir, options)
	if err != nil {
		return err
	}

	var kept strings.Builder
	report := io.MultiWriter(os.Stdout, &kept)
	fmt.Fprintf(report, "# Bench\n\n%s, %s, %s/%s, %d CPUs, %s.\n\n",
		b.terraform.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Now().UTC().Format(time.DateOnly))
	if options.quick {
		fmt.Fprint(report, "A quick run, to see that the bench works: so few entries cost less than starting Terraform does, and its times say little.\n\n")
	}
	result, err := b.measure(ctx, report, options.scenarios, progress)
	if err != nil {
		return err
	}
	result.summary(report)
	progress("done in %s", time.Since(start).Round(time.Second))

	if options.markdown != "" {
		if err := os.WriteFile(options.markdown, []byte(kept.String()), 0o644); err != nil {
			return err
		}
	}
	if len(result.failed) > 0 {
		return fmt.Errorf("%d of %d scenarios failed", len(result.failed), len(options.scenarios))
	}
	return nil
}

// newBench sets everything up in dir.
func newBench(ctx context.Context, dir string, options options) (*bench, error) {
	repository, err := terraformcli.Repository(ctx)
	if err != nil {
		return nil, err
	}
	cli, err := newTerraform(ctx, dir)
	if err != nil {
		return nil, err
	}
	if options.provider != "" {
		err = cli.copyProvider("quiva", options.provider)
	} else {
		err = terraformcli.Build(ctx, repository, ".", cli.binary("quiva"))
	}
	if err == nil {
		err = terraformcli.Build(ctx, repository, "./internal/bench/silentprovider", cli.binary("silent"))
	}
	if err != nil {
		return nil, err
	}

	b := &bench{terraform: cli, dir: dir, size: options.size}
	probe, err := b.newWorkspace(kvEntry, 1, nil)
	if err != nil {
		return nil, err
	}
	b.resources, err = cli.resources(ctx, probe.dir)
	return b, err
}
