package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
)

// The buckets of examples/complete. The vault is not its own.
const (
	settingsBucket = "shop-settings"
	secretsBucket  = "shop-secrets"
	previewsBucket = "shop-previews"
	vaultBucket    = "vault"
)

// paymentSecret is the entry with a secret, in the vault and in the bucket that
// it is written to.
const paymentSecret = "payment-provider"

// usageEntry is the entry of previewsBucket that Terraform and services share.
const usageEntry = "usage"

// foreignEntry is written outside Terraform, strayMarket below a prefix that a
// resource has for itself.
const (
	foreignEntry = "written-by-a-service"
	strayMarket  = "market.XX"
)

// shop drives examples/complete, which has everything that the provider has,
// from no bucket but the vault to no bucket but the vault.
type shop struct {
	scenario

	settings int    // how many entries the bucket of settings has
	secret   string // what must only be on the gateway
}

func (s *shop) steps() []step {
	return []step{
		{"A whole shop: buckets, flags, a file of markets and a secret", s.install},
		{"Apply: everything in its order, and the secret into no file", s.create},
		{"Plan again: whole buckets are compared in a few requests", s.planNothing},
		{"A market that no file has: the plan names it, and the apply deletes it", s.prune},
		{"Services count in an entry whose quota is Terraform's: each keeps its part", s.share},
		{"A service has entries of its own: destroy leaves it its bucket", s.destroyRefused},
		{"Destroy once they are gone: only the vault is left", s.destroy},
	}
}

func (s *shop) install(ctx context.Context) error {
	s.say.command("examples/complete copied to a temporary directory, the bucket " + vaultBucket + " filled from its seed.json")
	if err := s.useExample("complete"); err != nil {
		return err
	}
	s.gateway.DeleteBucket(flagsBucket) // another example's
	seed, err := os.ReadFile(filepath.Join(s.repository, "examples", "complete", "seed.json"))
	if err != nil {
		return err
	}
	if err := s.gateway.Seed(bytes.NewReader(seed)); err != nil {
		return fmt.Errorf("seed.json: %w", err)
	}
	held, err := s.held(vaultBucket, paymentSecret)
	if err != nil {
		return err
	}
	if s.secret, _ = held["api_key"].(string); s.secret == "" {
		return errors.New("seed.json holds no secret")
	}
	_, err = s.terraform(ctx, 0, "init")
	return err
}

func (s *shop) create(ctx context.Context) error {
	result, err := s.terraform(ctx, 0, "apply", "-auto-approve")
	if err != nil {
		return err
	}
	if err := s.show(result, "Apply complete!"); err != nil {
		return err
	}
	outputs, err := result.block("settings = {", "}")
	if err != nil {
		return err
	}
	s.excerpt(outputs)

	wanted, err := s.evaluate(ctx, `merge(local.markets, { for name, flag in local.flags : "flags.${name}" => flag })`)
	if err != nil {
		return err
	}
	settings, _ := wanted.(map[string]any)
	if s.settings = len(settings); s.settings < 40 {
		return fmt.Errorf("the flags and markets.yaml are %d entries only", s.settings)
	}
	if err := s.checkEntries(settingsBucket, settings); err != nil {
		return result.failure("%v", err)
	}
	s.say.passed("%s holds the %d objects of markets.yaml and of the flags, to the last digit", settingsBucket, s.settings)

	held, err := s.held(secretsBucket, paymentSecret)
	if err != nil {
		return result.failure("%v", err)
	}
	if held["api_key"] != s.secret {
		return result.failure("the secret on the gateway is not that of the vault")
	}
	written := s.gateway.RequestsTo(http.MethodPut, entryPath(secretsBucket, paymentSecret))
	if len(written) != 1 || written[0].Header.Get("Authorization") == "" {
		return result.failure("the secret was not written once, and under a token")
	}
	s.say.passed("%s holds the secret, written under a token that was read from the %s", secretsBucket, vaultBucket)
	if err := s.checkFiles(); err != nil {
		return result.failure("%v", err)
	}
	s.say.passed("no file that Terraform wrote has the secret, terraform.tfstate included")
	return nil
}

// checkFiles looks for the secret in what Terraform has written.
func (s *shop) checkFiles() error {
	if _, err := os.Stat(filepath.Join(s.cli.module, "terraform.tfstate")); err != nil {
		return err
	}
	return filepath.WalkDir(s.cli.module, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && bytes.Contains(content, []byte(s.secret)) {
			err = fmt.Errorf("%s shows the secret", entry.Name())
		}
		return err
	})
}

func (s *shop) planNothing(ctx context.Context) error {
	result, err := s.terraform(ctx, 0, "plan", "-detailed-exitcode")
	if err != nil {
		return err
	}
	if err := s.show(result, "No changes."); err != nil {
		return err
	}
	requests := s.gateway.Count("", "")
	if requests >= s.settings {
		return result.failure("%d entries took %d requests", s.settings, requests)
	}
	if writes := s.writes(); writes > 0 {
		return result.failure("a plan has sent %d writes", writes)
	}
	s.say.passed("exit code 0, and fewer requests than the %d entries of %s", s.settings, settingsBucket)
	return nil
}

// prune adds an entry where one resource is to be the only one that does.
func (s *shop) prune(ctx context.Context) error {
	s.gateway.PutEntry(settingsBucket, strayMarket, `{"name":"Nowhere"}`)
	s.say.note("%s now holds %s", settingsBucket, strayMarket)
	result, err := s.terraform(ctx, 0, "apply", "-auto-approve")
	if err != nil {
		return err
	}
	for _, line := range []string{"~ undeclared = [", fmt.Sprintf("- %q,", strayMarket), "Apply complete!"} {
		if err := s.show(result, line); err != nil {
			return err
		}
	}
	if _, found := s.gateway.Entry(settingsBucket, strayMarket); found {
		return result.failure("the gateway still holds %s", strayMarket)
	}
	if held := len(s.gateway.Entries(settingsBucket)); held != s.settings {
		return result.failure("%s holds %d entries, not the %d that are declared", settingsBucket, held, s.settings)
	}
	if writes := s.writes(); writes != 1 {
		return result.failure("%d requests have changed something, not one", writes)
	}
	s.say.passed("it is gone, and nothing else was touched")
	return nil
}

// share changes the quota in an entry in which services have counted.
func (s *shop) share(ctx context.Context) error {
	s.gateway.PutEntry(previewsBucket, usageEntry, `{"requests":12345678901234567890,"quota":{"requests_per_hour":1000}}`)
	s.say.note("services have counted 12345678901234567890 requests in %s of %s", usageEntry, previewsBucket)
	result, err := s.terraform(ctx, 0, "apply", "-auto-approve", "-var=preview_quota=2000")
	if err != nil {
		return err
	}
	for _, line := range []string{"~ requests_per_hour = 1000 -> 2000", "Apply complete!"} {
		if err := s.show(result, line); err != nil {
			return err
		}
	}
	held, err := s.held(previewsBucket, usageEntry)
	if err != nil {
		return result.failure("%v", err)
	}
	want := map[string]any{"requests": json.Number("12345678901234567890"), "quota": map[string]any{"requests_per_hour": json.Number("2000")}}
	if !reflect.DeepEqual(held, want) {
		return result.failure("%s holds %v", usageEntry, held)
	}
	s.say.passed("the quota is changed, and the count is as it was")
	return nil
}

// destroyRefused destroys while two buckets have entries that Terraform does
// not know. One of them has force_destroy.
func (s *shop) destroyRefused(ctx context.Context) error {
	for _, bucket := range []string{previewsBucket, settingsBucket} {
		s.gateway.PutEntry(bucket, foreignEntry, `{"visits":1}`)
		s.say.note("%s now holds %s", bucket, foreignEntry)
	}
	result, err := s.terraform(ctx, 1, "destroy", "-auto-approve")
	if err != nil {
		return err
	}
	for _, reason := range []string{
		"Error: Bucket is not empty",
		fmt.Sprintf("The bucket %q holds entries, such as %q, which would be lost with it.", settingsBucket, foreignEntry),
	} {
		if !result.complains(reason) {
			return result.failure("no error says %q", reason)
		}
		s.say.excerpt(reason)
	}
	if held := s.gateway.Entries(settingsBucket); len(held) != 1 || held[foreignEntry] == "" {
		return result.failure("%s holds %d entries, not the foreign one alone", settingsBucket, len(held))
	}
	s.say.passed("%s is kept, with the entry that is not Terraform's", settingsBucket)
	if slices.Contains(s.gateway.Buckets(), previewsBucket) {
		return result.failure("%s was not destroyed", previewsBucket)
	}
	s.say.passed("%s, which has force_destroy, is gone with it", previewsBucket)
	return nil
}

func (s *shop) destroy(ctx context.Context) error {
	s.gateway.DeleteEntry(settingsBucket, foreignEntry)
	result, err := s.terraform(ctx, 0, "destroy", "-auto-approve")
	if err != nil {
		return err
	}
	if err := s.show(result, "Destroy complete!"); err != nil {
		return err
	}
	if buckets := s.gateway.Buckets(); !slices.Equal(buckets, []string{vaultBucket}) {
		return result.failure("the gateway has the buckets %q", buckets)
	}
	if held := s.gateway.Entries(vaultBucket); len(held) != 2 {
		return result.failure("the vault holds %d entries", len(held))
	}
	s.say.passed("no other bucket is left, and the vault is as it was")
	return nil
}
