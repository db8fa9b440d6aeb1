package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// The bucket that the module writes to, and the entry that is looked at closely.
const (
	flagsBucket = "feature-flags"
	watchedFlag = "checkout.new-flow"
)

// featureFlags drives examples/feature-flags from an empty bucket to an empty
// bucket.
type featureFlags struct {
	scenario

	wanted map[string]any // the flags as Terraform reads them from flags.yaml
}

func (f *featureFlags) steps() []step {
	return []step{
		{"Build the provider and install it from a mirror of its own", f.install},
		{"Plan: what is in flags.yaml, and not in the bucket yet", f.planCreation},
		{"Apply: every flag becomes an entry", f.create},
		{"A service reads a flag, without Terraform", f.readEntry},
		{"Plan again: nothing to do", f.planNothing},
		{"Somebody changes one number outside Terraform", f.drift},
		{"Plan: the drift shows, attribute by attribute", f.planRepair},
		{"Apply: one write puts it right", f.repair},
		{"Destroy: the bucket is as empty as before", f.destroy},
	}
}

func (f *featureFlags) install(ctx context.Context) error {
	f.say.command("go build, examples/feature-flags copied to a temporary directory")
	if err := f.cli.buildProvider(ctx, f.repository); err != nil {
		return err
	}
	if err := f.useExample("feature-flags"); err != nil {
		return err
	}
	f.gateway.CreateBucket(flagsBucket)

	result, err := f.terraform(ctx, 0, "init")
	if err != nil {
		return err
	}
	if err := f.show(result, "- Installed quivaworks/quiva v"+providerVersion); err != nil {
		return err
	}
	f.say.passed("init installs the provider from the mirror")

	wanted, err := f.evaluate(ctx, "local.flags")
	if err != nil {
		return err
	}
	f.wanted, _ = wanted.(map[string]any)
	if len(f.wanted) == 0 {
		return errors.New("flags.yaml holds no flags")
	}
	return nil
}

func (f *featureFlags) planCreation(ctx context.Context) error {
	result, err := f.terraform(ctx, 2, "plan", "-detailed-exitcode")
	if err != nil {
		return err
	}
	if err := f.show(result, fmt.Sprintf("Plan: %d to add, 0 to change, 0 to destroy.", len(f.wanted))); err != nil {
		return err
	}
	if writes := f.writes(); writes > 0 {
		return result.failure("a plan has sent %d writes", writes)
	}
	f.say.passed("a plan writes nothing")
	return nil
}

func (f *featureFlags) create(ctx context.Context) error {
	result, err := f.terraform(ctx, 0, "apply", "-auto-approve")
	if err != nil {
		return err
	}
	if err := f.show(result, fmt.Sprintf("Apply complete! Resources: %d added, 0 changed, 0 destroyed.", len(f.wanted))); err != nil {
		return err
	}
	outputs, err := result.block("new_checkout_rollout = {", "}")
	if err != nil {
		return err
	}
	f.excerpt(outputs)
	if err := f.checkEntries(flagsBucket, f.wanted); err != nil {
		return result.failure("%v", err)
	}
	f.say.passed("the gateway holds the %d objects of flags.yaml, to the last digit, and nothing else", len(f.wanted))
	if writes := f.writes(); writes != len(f.wanted) {
		return result.failure("%d entries took %d writes", len(f.wanted), writes)
	}
	f.say.passed("one write for each")
	return nil
}

func (f *featureFlags) readEntry(ctx context.Context) error {
	content, err := f.request(ctx, http.MethodGet, nil)
	if err != nil {
		return err
	}
	var shown bytes.Buffer
	if err := json.Indent(&shown, content, "", "  "); err != nil {
		return fmt.Errorf("the gateway's response is not JSON: %w\n\n%s", err, content)
	}
	f.say.excerpt(strings.Split(shown.String(), "\n")...)
	return nil
}

func (f *featureFlags) planNothing(ctx context.Context) error {
	result, err := f.terraform(ctx, 0, "plan", "-detailed-exitcode")
	if err != nil {
		return err
	}
	if err := f.show(result, "No changes."); err != nil {
		return err
	}
	f.say.passed("exit code 0: no differences")
	return nil
}

// drift sets rollout.percentage from 25 to 100, as a colleague with curl might.
func (f *featureFlags) drift(ctx context.Context) error {
	value, err := f.held(flagsBucket, watchedFlag)
	if err != nil {
		return err
	}
	rollout, ok := value["rollout"].(map[string]any)
	if !ok || rollout["percentage"] != json.Number("25") {
		return fmt.Errorf("%s has no rollout.percentage of 25 to change: %v", watchedFlag, value)
	}
	rollout["percentage"] = json.Number("100")
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if _, err := f.request(ctx, http.MethodPut, body); err != nil {
		return err
	}
	f.say.note("the value as it was, but for rollout.percentage: 100 in place of 25")
	return nil
}

func (f *featureFlags) planRepair(ctx context.Context) error {
	result, err := f.terraform(ctx, 2, "plan", "-detailed-exitcode")
	if err != nil {
		return err
	}
	address := fmt.Sprintf("quiva_kv_entry.flag[%q]", watchedFlag)
	change, err := result.block("# "+address+" will be updated in-place", "    }")
	if err != nil {
		return err
	}
	f.excerpt(change)
	if err := f.show(result, "Plan: 0 to add, 1 to change, 0 to destroy."); err != nil {
		return err
	}
	wanted := []string{
		`~ resource "quiva_kv_entry" "flag" {`,
		"~ value = {",
		"~ rollout = {",
		"~ percentage = 100 -> 25",
	}
	if marked := markedLines(change); !slices.Equal(marked, wanted) {
		return result.failure("the change of %s should mark\n\n%s\n\nbut marks\n\n%s",
			address, strings.Join(wanted, "\n"), strings.Join(marked, "\n"))
	}
	f.say.passed("rollout.percentage, 100 -> 25, is all that is marked as changed")
	f.say.passed("exit code 2: there is something to apply")
	return nil
}

func (f *featureFlags) repair(ctx context.Context) error {
	result, err := f.terraform(ctx, 0, "apply", "-auto-approve")
	if err != nil {
		return err
	}
	if err := f.show(result, "Apply complete! Resources: 0 added, 1 changed, 0 destroyed."); err != nil {
		return err
	}
	if err := f.checkEntries(flagsBucket, f.wanted); err != nil {
		return result.failure("%v", err)
	}
	f.say.passed("%s holds what flags.yaml says, and so do all others", watchedFlag)
	if writes, here := f.writes(), f.gateway.Count(http.MethodPut, entryPath(flagsBucket, watchedFlag)); writes != 1 || here != 1 {
		return result.failure("1 PUT of %s was due, but there were %d, of %d writes in all", watchedFlag, here, writes)
	}
	f.say.passed("exactly 1 PUT")
	return nil
}

func (f *featureFlags) destroy(ctx context.Context) error {
	result, err := f.terraform(ctx, 0, "destroy", "-auto-approve")
	if err != nil {
		return err
	}
	if err := f.show(result, fmt.Sprintf("Destroy complete! Resources: %d destroyed.", len(f.wanted))); err != nil {
		return err
	}
	if left := f.gateway.Entries(flagsBucket); len(left) > 0 {
		return result.failure("%d entries are left in the bucket", len(left))
	}
	if !slices.Contains(f.gateway.Buckets(), flagsBucket) {
		return result.failure("the bucket itself is gone")
	}
	f.say.passed("the bucket is there, and empty")
	return nil
}

// spaces is what markedLines makes one space of: Terraform aligns equal signs.
var spaces = regexp.MustCompile(` +`)

// markedLines returns the lines of a planned change that are marked as added,
// changed or removed, without indentation and alignment.
func markedLines(change []outputLine) []string {
	var marked []string
	for _, line := range change {
		text := strings.TrimSpace(line.text)
		if strings.HasPrefix(text, "~ ") || strings.HasPrefix(text, "+ ") || strings.HasPrefix(text, "- ") || strings.HasPrefix(text, "-/+ ") {
			marked = append(marked, spaces.ReplaceAllString(text, " "))
		}
	}
	return marked
}

// request calls the gateway for the watched flag as any HTTP client would,
// shows the exchange and returns the response's body.
func (f *featureFlags) request(ctx context.Context, method string, body []byte) ([]byte, error) {
	path := entryPath(flagsBucket, watchedFlag)
	request, err := http.NewRequestWithContext(ctx, method, f.gateway.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Api-Key", mockgateway.DefaultAPIKey)
	f.say.excerpt(method + " " + path)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	f.say.excerpt(response.Status)
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s: %s\n\n%s", method, path, response.Status, content)
	}
	return content, nil
}
