package endtoend_test

import (
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
// other providers and are written, and are in no file that is left behind.
func TestSurfaceEphemeral(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	gateway.CreateBucket("vault")
	gateway.PutEntry("vault", "writer", fmt.Sprintf(`{"api_key":%s,"token":%s}`, quoted(canaryKey), quoted(canaryToken)))
	gateway.PutEntry("vault", "password", fmt.Sprintf(`{"password":%s}`, quoted(canaryValue)))
	// What the environment's key may do: anything but write.
	gateway.RevokeCredentials()
	gateway.AllowAPIKey(canaryKey)
	gateway.AllowToken(canaryToken)
	gateway.AllowRestrictedKey(mockgateway.DefaultAPIKey, mockgateway.Permission{Method: http.MethodGet})

	logs := t.TempDir()
	w := newWorkspace(t, gateway, "TF_LOG_PROVIDER=TRACE", "TF_LOG_CORE=OFF")
	w.configure("", `
ephemeral "quiva_kv_entry" "writer" {
  bucket = "vault"
  key    = "writer"
}
provider "quiva" {
  alias   = "key"
  api_key = ephemeral.quiva_kv_entry.writer.value.api_key
}
provider "quiva" {
  alias = "token"
  token = ephemeral.quiva_kv_entry.writer.value.token
}
ephemeral "quiva_kv_entry" "password" {
  bucket = "vault"
  key    = "password"
}
variable "version_of_password" {
  default = 1
}
resource "quiva_kv_entry" "secret" {
  provider         = quiva.key
  bucket           = "flags"
  key              = "secret"
  value_wo         = { password = ephemeral.quiva_kv_entry.password.value.password, user = "app" }
  value_wo_version = var.version_of_password
}
resource "quiva_kv_entry" "open" {
  provider = quiva.token
  bucket   = "flags"
  key      = "open"
  value    = { n = 1 }
}
`)

	secrets := []string{canaryKey, canaryToken, canaryValue}
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
		mustNotHold(t, r.arguments[0]+"'s output", []byte(result.output), secrets...)
		if written, err := os.ReadFile(log); err != nil || !strings.Contains(string(written), "provider.terraform-provider-quiva") {
			t.Fatalf("%v has no provider's log to look at (%v)", r.arguments, err)
		}
		if writes := writesOf(gateway); len(writes) != r.writes {
			t.Errorf("%v wrote %q, want %d writes", r.arguments, writes, r.writes)
		}
		if r.arguments[0] == "apply" {
			want := entries{"secret": `{"password":"canary\"<&>%+/\\= VALUE","user":"app"}`, "open": `{"n":1}`}
			if held := gateway.Entries("flags"); !maps.Equal(held, want) {
				t.Errorf("after %v, the gateway holds %v, want %v", r.arguments, held, want)
			}
		}
	}
	if held := gateway.Entries("flags"); len(held) > 0 {
		t.Errorf("the gateway still holds %v", held)
	}

	seen := mustNotHoldInFiles(t, w.dir, secrets...)
	for _, file := range []string{"main.tf", "plan", "terraform.tfstate", "terraform.tfstate.backup"} {
		if !slices.Contains(seen, file) {
			t.Errorf("there is no %s to look at, only %q", file, seen)
		}
	}
	mustNotHoldInFiles(t, logs, secrets...)
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
