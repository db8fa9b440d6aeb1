package quiva

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// dialects are all forms of response that the documents describe together, and single ones
// that none of these has.
func dialects(t *testing.T) map[string]mockgateway.Dialect {
	t.Helper()
	all := mockgateway.Dialects()
	for _, switches := range []string{"envelope=status-200", "envelope=errors missing_key_status=500", "put=enveloped-null", "success=204", "existing_status=402", "slash=refused", "error=message missing_search"} {
		dialect, err := mockgateway.ParseDialect(strings.Fields(switches)...)
		if err != nil {
			t.Fatal(err)
		}
		all[switches] = dialect
	}
	return all
}

// TestLifeInEachDialect: buckets and entries are made, read, changed and deleted in every
// form in which a gateway may respond. Each part has a client of its own, as each run of
// Terraform has.
func TestLifeInEachDialect(t *testing.T) {
	t.Parallel()
	for name, dialect := range dialects(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				gateway := mockgateway.NewGateway()
				gateway.SetDialect(dialect)
				run := func(part string, do func(c *Client) error) {
					t.Helper()
					if err := do(inMemory(gateway)); err != nil {
						t.Fatalf("%s: %v", part, err)
					}
					time.Sleep(time.Minute)
				}
				fails := func(want, err error) error {
					if !errors.Is(err, want) {
						return errors.Join(errors.New("it should have failed with "+want.Error()), err)
					}
					return nil
				}
				config := BucketConfig{Bucket: "flags"}
				run("no bucket", func(c *Client) error {
					_, err := c.GetBucket(t.Context(), "flags")
					_, entryErr := c.GetEntry(t.Context(), "flags", "a")
					_, listErr := c.ListEntries(t.Context(), "flags", 10)
					return errors.Join(fails(ErrNotFound, err), fails(ErrNotFound, entryErr), fails(ErrNotFound, listErr),
						fails(ErrNotFound, c.PutEntry(t.Context(), "flags", "a", []byte(`{}`))))
				})
				run("create a bucket", func(c *Client) error {
					return errors.Join(c.CreateBucket(t.Context(), config), fails(ErrBucketExists, c.CreateBucket(t.Context(), config)))
				})
				run("an empty bucket", func(c *Client) error {
					_, err := c.GetEntry(t.Context(), "flags", "a")
					listed, listErr := c.ListEntries(t.Context(), "flags", 10)
					found, searchErr := c.SearchEntries(t.Context(), "flags", "team.*", 10)
					if len(listed)+len(found) > 0 {
						t.Errorf("listed %v and %v", listed, found)
					}
					return errors.Join(fails(ErrNotFound, err), listErr, searchErr)
				})
				values := objects(numberedKeys(40))
				run("create entries", func(c *Client) error {
					if _, outcome := c.GetEntries(t.Context(), "flags", numberedKeys(40)); outcome.Err() != nil {
						return outcome.Err()
					}
					return c.PutEntries(t.Context(), "flags", values).Err()
				})
				values["k00007"] = json.RawMessage(`{"value":{"n":9007199254740993},"text":"ü"}`)
				run("update one", func(c *Client) error { return c.PutEntry(t.Context(), "flags", "k00007", values["k00007"]) })
				run("read them", func(c *Client) error {
					listed, err := c.ListEntries(t.Context(), "flags", MaxListLimit)
					read, outcome := c.GetEntries(t.Context(), "flags", numberedKeys(40))
					for key, value := range values {
						if i := slices.IndexFunc(listed, func(e Entry) bool { return e.Key == key }); i < 0 || string(listed[i].Value) != string(value) || string(read[key].Value) != string(value) {
							t.Errorf("%s holds %s, and should hold %s", key, read[key].Value, value)
						}
					}
					if len(listed) != 40 {
						t.Errorf("listed %d", len(listed))
					}
					return errors.Join(err, outcome.Err())
				})
				run("delete some", func(c *Client) error {
					if err := c.DeleteEntries(t.Context(), "flags", numberedKeys(20)).Err(); err != nil {
						return err
					}
					time.Sleep(time.Second)
					_, err := c.GetEntry(t.Context(), "flags", "k00000")
					return errors.Join(fails(ErrNotFound, err), c.DeleteEntries(t.Context(), "flags", numberedKeys(25)).Err())
				})
				run("deleted outside", func(c *Client) error {
					read, outcome := c.GetEntries(t.Context(), "flags", slices.Collect(maps.Keys(values)))
					if len(read) != 15 {
						t.Errorf("read %d", len(read))
					}
					_, err := c.GetEntry(t.Context(), "flags", "k00000")
					return errors.Join(outcome.Err(), fails(ErrNotFound, err))
				})
				run("a proxy", func(c *Client) error {
					for _, text := range []string{"not_found", "Key not found", "resource not found"} {
						fault := gateway.Inject(mockgateway.Fault{Effect: mockgateway.Respond(http.StatusNotFound, nil, `{"error":"`+text+`"}`)})
						_, err := c.GetEntry(t.Context(), "flags", "k00030")
						_, bucketErr := c.GetBucket(t.Context(), "flags")
						if err := errors.Join(fails(ErrUnproven, err), fails(ErrUnproven, bucketErr), fails(ErrUnproven, c.DeleteEntry(t.Context(), "flags", "k00030"))); err != nil {
							return err
						}
						fault.Clear()
					}
					return nil
				})
				run("purge and delete", func(c *Client) error {
					if err := errors.Join(c.PurgeBucket(t.Context(), "flags"), c.DeleteBucket(t.Context(), "flags")); err != nil {
						return err
					}
					_, err := c.GetBucket(t.Context(), "flags")
					return fails(ErrNotFound, err)
				})
			})
		})
	}
}
