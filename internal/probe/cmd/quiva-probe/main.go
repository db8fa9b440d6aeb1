// Command quiva-probe asks a real Quiva Gateway what its documents leave open, and
// prints what that means for the provider. It takes the variables QUIVA_API_KEY
// and QUIVA_API_URL, works in a bucket of its own and deletes that in the end.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/quivaworks/terraform-provider-quiva/internal/probe"
)

func main() {
	transcript := flag.String("transcript", "quiva-probe.json", "`file` to write the responses to, without values and credentials")
	flag.Parse()
	config := probe.Config{
		Endpoint: cmp.Or(os.Getenv("QUIVA_API_URL"), "https://api.quiva.ai"),
		APIKey:   strings.TrimSpace(os.Getenv("QUIVA_API_KEY")),
		Progress: os.Stderr,
	}
	if err := run(config, *transcript); err != nil {
		fmt.Fprintln(os.Stderr, "quiva-probe:", err)
		os.Exit(1)
	}
}

func run(config probe.Config, transcript string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	report, err := probe.Run(ctx, config)
	if report == nil {
		return err
	}
	report.WriteTable(os.Stdout)
	content, encodeErr := json.MarshalIndent(report, "", "  ")
	if encodeErr == nil {
		encodeErr = os.WriteFile(transcript, append(content, '\n'), 0o600)
	}
	return cmp.Or(err, encodeErr)
}
