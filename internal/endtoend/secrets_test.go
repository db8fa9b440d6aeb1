package endtoend_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// Secrets with characters that every encoding changes.
const (
	canaryKey   = `ms-canary"<&>%+/\=KEY`
	canaryToken = `canary"<&>%+/\=.TOKEN`
	canaryValue = `canary"<&>%+/\= VALUE`
)

// forms are the ways in which a secret could be written.
func forms(secret string) map[string]string {
	escaped, _ := json.Marshal(secret)
	var plainJSON bytes.Buffer
	encoder := json.NewEncoder(&plainJSON)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(secret)
	twice, _ := json.Marshal(string(escaped))
	return map[string]string{
		"plain":          secret,
		"base64":         base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64url":      base64.RawURLEncoding.EncodeToString([]byte(secret)),
		"query escaped":  url.QueryEscape(secret),
		"path escaped":   url.PathEscape(secret),
		"JSON, for HTML": strings.Trim(string(escaped), `"`),
		"JSON":           strings.Trim(strings.TrimSpace(plainJSON.String()), `"`),
		"JSON in JSON":   strings.Trim(string(twice), `"`),
		"Go quoted":      strings.Trim(fmt.Sprintf("%q", secret), `"`),
		"hex":            hex.EncodeToString([]byte(secret)),
	}
}

// mustNotHold fails if a text shows a secret in any form.
func mustNotHold(t *testing.T, where string, text []byte, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		for form, written := range forms(secret) {
			if at := bytes.Index(text, []byte(written)); at >= 0 {
				t.Errorf("%s shows %q (%s): …%s…", where, secret, form, text[max(0, at-200):min(len(text), at+100)])
			}
		}
	}
}

// members returns a plan file's members, unpacked.
func members(t *testing.T, file string) map[string][]byte {
	t.Helper()
	archive, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	unpacked := map[string][]byte{}
	for _, member := range archive.File {
		reader, err := member.Open()
		if err != nil {
			t.Fatal(err)
		}
		if unpacked[member.Name], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
	return unpacked
}

// TestSecrets: with every log at its loudest, no credential is in a log, an
// error, a plan or the state, and no value in the provider's log or an error.
func TestSecrets(t *testing.T) {
	schemes := map[string]string{"QUIVA_API_KEY": canaryKey, "QUIVA_BEARER_TOKEN": canaryToken}
	for variable, credential := range schemes {
		t.Run(variable, func(t *testing.T) {
			needTerraform(t)
			gateway := newGateway(t)
			gateway.AllowAPIKey(canaryKey)
			gateway.AllowToken(canaryToken)
			log := filepath.Join(t.TempDir(), "log")
			w := newWorkspace(t, gateway, "QUIVA_API_KEY=", variable+"="+credential, "TF_LOG_PATH="+log)
			// Sensitive, so that Terraform itself does not show it in a plan.
			w.configure("  max_retries = 1", fmt.Sprintf(
				"resource \"quiva_kv_entry\" \"test\" {\n  bucket = \"flags\"\n  key = \"a\"\n  value = sensitive({ password = %q, n = var.n })\n}\n"+
					"variable \"n\" {\n  default = 1\n}\n"+
					"data \"quiva_kv_entry\" \"test\" {\n  bucket = \"flags\"\n  key = quiva_kv_entry.test.key\n}\n", canaryValue))

			plan := filepath.Join(w.dir, "plan")
			echo := fmt.Sprintf(`{"error":"refused %s for %s"}`, strings.ReplaceAll(strings.ReplaceAll(credential, `\`, `\\`), `"`, `\"`), "you")
			change := []string{"apply", "-auto-approve", "-var=n=2"}
			refused := mockgateway.Respond(http.StatusForbidden, nil, echo)
			for i, r := range []struct {
				name      string
				fault     *mockgateway.Effect // of every write, and in a plan of every read
				arguments []string
				status    int
			}{
				// With Terraform's own log, which shows states and configurations.
				{"plan", nil, []string{"plan", "-out=plan"}, 0},
				{"apply", nil, []string{"apply", "plan"}, 0},
				{"refused", &refused, change, 1},
				// With the provider's alone.
				{"refused", &refused, change, 1},
				{"html", effect(mockgateway.Respond(http.StatusOK, nil, "<html>"+credential)), change, 1},
				{"reset", effect(mockgateway.Reset()), change, 1},
				{"cut", effect(mockgateway.Truncate()), []string{"plan"}, 1},
				{"broken", effect(mockgateway.Respond(http.StatusOK, nil, `{"body":{"value":{"password":`+string(quoted(canaryValue)))), change, 1},
				{"redirect", effect(mockgateway.Respond(http.StatusTemporaryRedirect, http.Header{"Location": {"http://localhost:1/?key=" + url.QueryEscape(credential)}}, "")), change, 1},
				{"unasked", effect(mockgateway.Raw("HTTP/1.1 200 OK\r\nContent-Length: 36\r\n\r\n" + `{"body":{"key":"a","value":{"n":1}}}` + credential + canaryValue)), []string{"plan"}, 0},
				{"malformed", effect(mockgateway.Raw("HTTP/1.1 200 OK\r\nX-Api-Key " + credential + "\r\n\r\n")), change, 1},
				{"change", nil, change, 0},
			} {
				_ = os.Remove(log)
				gateway.ClearFaults()
				if r.fault != nil {
					method := http.MethodPut
					if r.arguments[0] == "plan" {
						method = http.MethodGet
					}
					gateway.Inject(mockgateway.Fault{Method: method, Effect: *r.fault})
				}
				loud, secrets := *w, []string{credential}
				if i < 3 {
					loud.env = append(slices.Clone(w.env), "TF_LOG=TRACE")
				} else {
					loud.env = append(slices.Clone(w.env), "TF_LOG_PROVIDER=TRACE", "TF_LOG_CORE=OFF")
					secrets = append(secrets, canaryValue)
				}
				result := loud.run(r.arguments...)
				if result.status != r.status {
					t.Fatalf("%s ended with %d:\n%s", r.name, result.status, result.output)
				}
				mustNotHold(t, r.name+"'s output", []byte(result.output), credential, canaryValue)
				written, err := os.ReadFile(log)
				if err != nil || !bytes.Contains(written, []byte("provider.terraform-provider-quiva")) {
					t.Fatalf("%s has no provider's log to look at (%v)", r.name, err)
				}
				mustNotHold(t, r.name+"'s log", written, secrets...)
			}
			for name, member := range members(t, plan) {
				mustNotHold(t, "the plan's "+name, member, credential)
			}
			state, err := os.ReadFile(filepath.Join(w.dir, "terraform.tfstate"))
			if err != nil || !bytes.Contains(state, quoted(canaryValue)) {
				t.Fatalf("the state does not hold the value (%v)", err)
			}
			mustNotHold(t, "the state", state, credential)
			if len(gateway.RequestsTo(http.MethodPut, "")) == 0 || gateway.Entries("flags")["a"] == "" {
				t.Error("the credential did not work")
			}
		})
	}
}

func effect(e mockgateway.Effect) *mockgateway.Effect { return &e }

// quoted returns a text as Terraform writes it into a state.
func quoted(text string) []byte {
	quoted, _ := json.Marshal(text)
	return quoted
}
