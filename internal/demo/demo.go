package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/terraformcli"
)

// demo runs Terraform, prints what happens for a person to read, and checks it.
type demo struct {
	gateway *mockgateway.Server
	cli     *terraformcli.Terraform
	dir     string // where Terraform runs
	steps   int
	checks  int    // that have passed
	output  string // of the last run of Terraform
	failure error  // the first one: nothing is done after it
}

// print prints a line, unless the demo has failed.
func (d *demo) print(format string, values ...any) {
	if d.failure == nil {
		fmt.Printf(format+"\n", values...)
	}
}

// title begins the next step.
func (d *demo) title(title string) {
	d.steps++
	d.print("\n%d. %s", d.steps, title)
}

// check prints what holds, or fails with the output of Terraform.
func (d *demo) check(holds bool, what string) {
	if d.failure == nil && !holds {
		d.failure = fmt.Errorf("step %d: it does not hold that %s\n\n%s", d.steps, what, d.output)
	}
	d.checks++
	d.print("   ✓ %s", what)
}

// file prints a file of the configuration, after a text in it.
func (d *demo) file(name, after string) {
	text, err := os.ReadFile(filepath.Join(d.dir, name))
	if err != nil {
		d.failure = errors.Join(d.failure, err)
	}
	_, shown, _ := strings.Cut(string(text), after)
	d.print("   %s", name)
	d.excerpt(shown)
}

func (d *demo) excerpt(text string) {
	for line := range strings.Lines(text) {
		d.print("%s", strings.TrimRight("     "+line, " \r\n"))
	}
}

// terraform runs a command, which must end with the exit code want, and prints
// what the gateway saw of it.
func (d *demo) terraform(ctx context.Context, want int, arguments ...string) {
	d.print("   $ %s %s", filepath.Base(d.cli.Path), strings.Join(arguments, " "))
	if d.failure != nil {
		return
	}
	d.gateway.ResetRequests()
	command := d.cli.Command(ctx, d.dir, append(arguments, "-no-color")...)
	output, err := command.CombinedOutput()
	d.output = string(output)
	if command.ProcessState == nil {
		d.failure = err
	} else if exit := command.ProcessState.ExitCode(); exit != want {
		d.failure = fmt.Errorf("step %d: exit code %d where %d is due\n\n%s", d.steps, exit, want, d.output)
	}
	d.print("   requests to the gateway: reading %d, writing %d", d.gateway.Count(http.MethodGet, ""), d.writes())
}

// writes counts the requests of the last run that were no reads.
func (d *demo) writes() int { return d.gateway.Count("", "") - d.gateway.Count(http.MethodGet, "") }

// show prints part of the last output, which must be there: from the line that
// begins with first, indentation aside, to the next that is last, or one line if
// last is empty.
func (d *demo) show(first, last string) {
	var shown []string
	for line := range strings.Lines(d.output) {
		text := strings.TrimRight(line, "\r\n")
		if len(shown) == 0 && !strings.HasPrefix(strings.TrimLeft(text, " │"), first) {
			continue
		}
		shown = append(shown, line)
		if last == "" || text == last {
			d.excerpt(strings.Join(shown, ""))
			return
		}
	}
	d.check(false, fmt.Sprintf("Terraform prints %q", first))
}

// filesContain reports whether a file that Terraform wrote holds a text.
func (d *demo) filesContain(text string) bool {
	found := false
	err := filepath.WalkDir(d.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		found = found || bytes.Contains(content, []byte(text))
		return err
	})
	d.failure = errors.Join(d.failure, err)
	return found
}

// put writes an entry outside Terraform.
func (d *demo) put(key, value string) {
	if d.failure == nil {
		d.gateway.PutEntry(bucket, key, value)
		d.print("   PUT %s: %s", key, value)
	}
}

// request calls the gateway for an entry as any HTTP client would, and prints the
// exchange.
func (d *demo) request(ctx context.Context, key string) {
	if d.failure != nil {
		return
	}
	path := "/storage/kv/" + bucket + "/entries/" + key
	d.print("   $ curl -H \"X-Api-Key: $QUIVA_API_KEY\" $QUIVA_API_URL%s", path)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.gateway.URL+path, nil)
	if err == nil {
		request.Header.Set("X-Api-Key", mockgateway.DefaultAPIKey)
		var response *http.Response
		if response, err = http.DefaultClient.Do(request); err == nil {
			defer response.Body.Close()
			var body, shown bytes.Buffer
			_, err = io.Copy(&body, response.Body)
			err = errors.Join(err, json.Indent(&shown, body.Bytes(), "", "  "))
			d.excerpt(shown.String())
			d.check(response.StatusCode == http.StatusOK, "the response is the flag, as JSON")
		}
	}
	d.failure = errors.Join(d.failure, err)
}
