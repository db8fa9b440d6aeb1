// Terraform-provider-quiva serves the Quiva provider to Terraform and OpenTofu.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/quivaworks/terraform-provider-quiva/internal/provider"
)

// version is set by the linker when a release is built.
var version = "dev"

func main() {
	debugged := flag.Bool("debug", false, "serve on its own, for a debugger; prints how Terraform reaches it")
	flag.Parse()
	// net/http logs bytes that a gateway sends unasked, which may repeat a
	// credential or a value. The provider's own log does not use it.
	log.SetOutput(io.Discard)
	if err := serve(*debugged); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(debugged bool) error {
	if err := tune(); err != nil {
		return err
	}
	// A terminal's Ctrl-C reaches the provider as well as Terraform.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	server, err := provider.NewServer(ctx, version)
	if err != nil {
		return err
	}
	var options []tf6server.ServeOpt
	if debugged {
		options = append(options, tf6server.WithManagedDebug())
	}
	return tf6server.Serve("registry.terraform.io/quivaworks/quiva", func() tfprotov6.ProviderServer { return server }, options...)
}

// heapTarget, in bytes, is the heap's size above which garbage is collected as
// often as Go does by default, or more.
const heapTarget = 340 << 20

// tune avoids unnecessary work. Even when no log is wanted, the SDK writes trace
// lines to stderr, which Terraform parses and drops: a third of a run's CPU. And
// since the process is short-lived, it can use more memory and collect garbage
// less often.
func tune() error {
	logs := slices.ContainsFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "TF_LOG") })
	if !logs {
		// Each by name: only a logger's own level keeps it from being looked
		// up, for every attribute of every call.
		for _, logger := range []string{"TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO", "TF_LOG_PROVIDER_QUIVA"} {
			if err := os.Setenv(logger, "OFF"); err != nil {
				return err
			}
		}
	}
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(heapTarget)
	}
	return nil
}
