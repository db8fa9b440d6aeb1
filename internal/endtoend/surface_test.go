package endtoend_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestSurfaceEphemeral: secrets that an ephemeral resource reads configure
// another provider and are written, and are in no file that is left behind.
func TestSurfaceEphemeral(t *testing.T) {
	for _, argument := range []string{"api_key", "token"} {
		t.Run(argument, func(t *testing.T) {
			needTerraform(t)
			credential := map[string]string{"api_key": canaryKey, "token": canaryToken}[argument]
			gateway := newGateway(t)
			gateway.CreateBucket("vault")
			gateway.PutEntry("vault", "writer", fmt.Sprintf(`{"credential":%s}`, quoted(credential)))
			gateway.PutEntry("vault", "password", fmt.Sprintf(`{"password":%s}`, quoted(canaryValue)))
			// What the environment's key may do: anything but write.
			gateway.RevokeCredentials()
			gateway.AllowAPIKey(canaryKey)
			gateway.AllowToken(canaryToken)
			gateway.AllowRestrictedKey(mockgateway.DefaultAPIKey, mockgateway.Permission{Method: http.MethodGet})

			logs := t.TempDir()
			w := newWorkspace(t, gateway, "TF_LOG_PROVIDER=TRACE", "TF_LOG_CORE=OFF")
			w.configure("", fmt.Sprintf(`
ephemeral "quiva_kv_entry" "writer" {
  bucket = "vault"
  key    = "writer"
}
provider "quiva" {
  alias = "writer"
  %s    = ephemeral.quiva_kv_entry.writer.value.credential
}
ephemeral "quiva_kv_entry" "password" {
  bucket = "vault"
  key    = "password"
}
variable "version_of_password" {
  default = 1
}
resource "quiva_kv_entry" "secret" {
  provider         = quiva.writer
  bucket           = "flags"
  key              = "secret"
  value_wo         = { password = ephemeral.quiva_kv_entry.password.value.password, user = "app" }
  value_wo_version = var.version_of_password
}
resource "quiva_kv_entry" "open" {
  provider = quiva.writer
  bucket   = "flags"
  key      = "open"
  value    = { n = 1 }
}
`, argument))

			for i, r := range []struct {
				arguments []string
				writes    int
			}{
				{[]string{"plan", "-out=plan"}, 0},
				{[]string{"apply", "plan"}, 2},
				{[]string{"plan", "-detailed-exitcode"}, 0},
				// A second apply leaves a backup of the state.
				{[]string{"apply", "-auto-approve", "-var=version_of_password=2"}, 1},
				{[]string{"destroy", "-auto-approve"}, 2},
			} {
				gateway.ResetRequests()
				log := filepath.Join(logs, fmt.Sprint(i))
				loud := *w
				loud.env = append(slices.Clone(w.env), "TF_LOG_PATH="+log)
				result := loud.must(r.arguments...)
				mustNotHold(t, r.arguments[0]+"'s output", []byte(result.output), credential, canaryValue)
				if written, err := os.ReadFile(log); err != nil || !strings.Contains(string(written), "provider.terraform-provider-quiva") {
					t.Fatalf("%v has no provider's log to look at (%v)", r.arguments, err)
				}

				if writes := writesOf(gateway); len(writes) != r.writes {
					t.Errorf("%v wrote %q, want %d writes", r.arguments, writes, r.writes)
				}
				if r.arguments[0] == "apply" {
					want := fmt.Sprintf(`{"password":%s,"user":"app"}`, quoted(canaryValue))
					if held := gateway.Entries("flags"); !sameObject(held["secret"], want) || !sameObject(held["open"], `{"n":1}`) {
						t.Errorf("after %v, the gateway holds %v", r.arguments, held)
					}
				}
			}
			if held := gateway.Entries("flags"); len(held) > 0 {
				t.Errorf("the gateway still holds %v", held)
			}

			seen := mustNotHoldInFiles(t, w.dir, credential, canaryValue)
			for _, file := range []string{"main.tf", "plan", "terraform.tfstate", "terraform.tfstate.backup"} {
				if !slices.Contains(seen, file) {
					t.Errorf("there is no %s to look at, only %q", file, seen)
				}
			}
			mustNotHoldInFiles(t, logs, credential, canaryValue)
		})
	}
}

// mustNotHoldInFiles fails if a file of a directory, or a member of the plan
// file in it, shows a secret in any form. It returns the names of the files.
func mustNotHoldInFiles(t *testing.T, dir string, secrets ...string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		names = append(names, entry.Name())
		mustNotHold(t, entry.Name(), text, secrets...)
		if entry.Name() == "plan" {
			for name, member := range members(t, path) {
				mustNotHold(t, "the plan's "+name, member, secrets...)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// sameObject reports whether two JSON texts are the same object of strings and
// small numbers.
func sameObject(a, b string) bool {
	var objectA, objectB map[string]any
	errA, errB := json.Unmarshal([]byte(a), &objectA), json.Unmarshal([]byte(b), &objectB)
	return errA == nil && errB == nil && maps.Equal(objectA, objectB)
}

// TestSurfaceBucketWithEntries: a bucket and what is in it are one apply and
// one destroy, each in its order.
func TestSurfaceBucketWithEntries(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	w := newWorkspace(t, gateway)
	const count = 20
	w.configure("", fmt.Sprintf(`
resource "quiva_kv_bucket" "test" {
  bucket = "new"
}
resource "quiva_kv_entry" "test" {
  count  = %d
  bucket = quiva_kv_bucket.test.bucket
  key    = "entry/${count.index}"
  value  = { n = count.index }
}
`, count))
	w.must("apply", "-auto-approve")
	if held := gateway.Entries("new"); len(held) != count || held["entry/7"] != `{"n":7}` || len(w.state()) != count {
		t.Errorf("the gateway holds %v, the state %v", held, w.state())
	}
	if writes := writesOf(gateway); len(writes) != count+1 || writes[0] != "POST /storage/kv" {
		t.Errorf("the apply wrote %q", writes)
	}
	if plan := w.run("plan", "-detailed-exitcode"); plan.status != 0 {
		t.Errorf("the plan after it ended with %d:\n%s", plan.status, plan.output)
	}

	gateway.ResetRequests()
	w.must("destroy", "-auto-approve")
	if writes := writesOf(gateway); len(writes) != count+1 || writes[count] != "DELETE /storage/kv/new" {
		t.Errorf("the destroy wrote %q", writes)
	}
	if buckets := gateway.Buckets(); !slices.Equal(buckets, []string{"flags"}) {
		t.Errorf("the gateway has the buckets %q", buckets)
	}
}

// TestSurfaceForeignEntry: a bucket with an entry that Terraform does not know
// is only destroyed once force_destroy has been applied.
func TestSurfaceForeignEntry(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	w := newWorkspace(t, gateway)
	bucket := func(more string) string {
		return "resource \"quiva_kv_bucket\" \"test\" {\n  bucket = \"new\"\n  description = \"kept\"\n" + more + "}\n"
	}
	w.configure("", bucket(""))
	w.must("apply", "-auto-approve")
	gateway.PutEntry("new", "foreign", `{"n":1}`)

	// In the configuration alone, it does not count: destroy does not apply it.
	for _, more := range []string{"", "  force_destroy = true\n"} {
		w.configure("", bucket(more))
		gateway.ResetRequests()
		refused := w.run("destroy", "-auto-approve")
		if refused.status != 1 || !refused.says(`The bucket "new" holds entries, such as "foreign"`) {
			t.Errorf("the destroy ended with %d:\n%s", refused.status, refused.output)
		}
		if writes := writesOf(gateway); len(writes) > 0 {
			t.Errorf("the refused destroy wrote %q", writes)
		}
		if held, _ := gateway.Entry("new", "foreign"); held != `{"n":1}` {
			t.Errorf("the foreign entry is now %q", held)
		}
		if listed := w.must("state", "list"); !listed.says("quiva_kv_bucket.test") {
			t.Errorf("the state has lost the bucket:\n%s", listed.output)
		}
	}

	gateway.ResetRequests()
	if applied := w.must("apply", "-auto-approve"); !applied.says("0 added, 1 changed, 0 destroyed") {
		t.Errorf("applying force_destroy said:\n%s", applied.output)
	}
	if writes := writesOf(gateway); len(writes) > 0 {
		t.Errorf("applying force_destroy wrote %q", writes)
	}
	w.must("destroy", "-auto-approve")
	if writes := writesOf(gateway); !slices.Equal(writes, []string{"DELETE /storage/kv/new"}) {
		t.Errorf("the destroy wrote %q", writes)
	}
	if buckets := gateway.Buckets(); !slices.Equal(buckets, []string{"flags"}) {
		t.Errorf("the gateway has the buckets %q", buckets)
	}
}

// writesOf names the requests that were no reads, in their order.
func writesOf(gateway *mockgateway.Server) []string {
	var writes []string
	for _, request := range gateway.Requests() {
		if request.Method != http.MethodGet {
			writes = append(writes, request.Method+" "+request.Path)
		}
	}
	return writes
}
