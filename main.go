// Terraform-provider-quiva serves the Quiva provider to Terraform and OpenTofu.
package main

import (
	"context"
	"flag"
	"log"
	"os"
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
	tune()

	server, err := provider.NewServer(context.Background(), version)
	if err != nil {
		log.Fatal(err)
	}
	var options []tf6server.ServeOpt
	if *debugged {
		options = append(options, tf6server.WithManagedDebug())
	}
	err = tf6server.Serve("registry.terraform.io/quivaworks/quiva", func() tfprotov6.ProviderServer { return server }, options...)
	if err != nil {
		log.Fatal(err)
	}
}

// heapTarget, in bytes, is where the collector stops being calm.
const heapTarget = 340 << 20

// tune spares the work that nobody asked for. The SDK writes trace lines to
// stderr, where Terraform parses and drops them, even when no log is wanted: a
// third of a run's CPU. And a process that lives for a minute has memory to
// spare for a calmer garbage collector.
func tune() {
	logs := slices.ContainsFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "TF_LOG") })
	if !logs {
		// Each by name: only a logger's own level spares it from being looked
		// up, for every attribute of every call.
		for _, logger := range []string{"TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO", "TF_LOG_PROVIDER_QUIVA"} {
			if err := os.Setenv(logger, "OFF"); err != nil {
				log.Print(err)
			}
		}
	}
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(heapTarget)
	}
}
