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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	report, err := probe.Run(ctx, config)
	if report != nil {
		err = cmp.Or(err, write(report, *transcript))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "quiva-probe:", err)
		os.Exit(1)
	}
}

func write(report *probe.Report, transcript string) error {
	report.WriteTable(os.Stdout)
	content, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	fmt.Println("The responses, without values and credentials, are in", transcript)
	return os.WriteFile(transcript, append(content, '\n'), 0o600)
}
