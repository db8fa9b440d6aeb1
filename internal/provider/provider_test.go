package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/provider"
)

// TestMain keeps the developer's own credentials away from the tests.
func TestMain(m *testing.M) {
	for _, name := range []string{"QUIVA_API_URL", "QUIVA_API_KEY", "QUIVA_BEARER_TOKEN", "QUIVA_CA_CERT_FILE"} {
		if err := os.Unsetenv(name); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

var providerFactories = map[string]func() (tfprotov6.ProviderServer, error){
	"quiva": func() (tfprotov6.ProviderServer, error) {
		server, err := provider.NewServer(context.Background(), "test")
		return server, err
	},
}

// newGateway starts a gateway with a bucket "flags" for one test.
func newGateway(t *testing.T) *mockgateway.Server {
	t.Helper()
	gateway := mockgateway.NewServer()
	t.Cleanup(gateway.Close)
	gateway.CreateBucket("flags")
	return gateway
}

// withProvider puts a provider block that reaches the gateway before a
// configuration. Retrying is off, so that a failure is quick.
func withProvider(gateway *mockgateway.Server, configuration string) string {
	return fmt.Sprintf("provider \"quiva\" {\n  endpoint = %q\n  api_key = %q\n  max_retries = 0\n}\n", gateway.URL, mockgateway.DefaultAPIKey) + configuration
}

// runCLI takes a configuration through the steps with Terraform, and destroys it
// at the end.
func runCLI(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	runCLICase(t, resource.TestCase{ProtoV6ProviderFactories: providerFactories, Steps: steps})
}

// runCLICase fails in a test that `make testacc` would not run: without TF_ACC, which
// only that sets, a case is skipped.
func runCLICase(t *testing.T, test resource.TestCase) {
	t.Helper()
	if !strings.HasPrefix(t.Name(), "TestAcc") {
		t.Fatal("Terraform runs only in tests whose names begin with TestAcc")
	}
	resource.Test(t, test)
}

// message matches a text of an error, however Terraform wraps its lines.
func message(text string) *regexp.Regexp {
	words := strings.Fields(text)
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	return regexp.MustCompile(strings.Join(words, `[\s│]+`))
}

// atMostInPlace fails if a plan has a resource do anything else than change in
// place.
type atMostInPlace string

func (address atMostInPlace) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, change := range req.Plan.ResourceChanges {
		if change.Address == string(address) && !change.Change.Actions.NoOp() && !change.Change.Actions.Update() {
			resp.Error = fmt.Errorf("%s: the plan says %v", address, change.Change.Actions)
		}
	}
}

// holds checks what the gateway holds, as JSON text.
func holds(gateway *mockgateway.Server, bucket, key, want string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got, ok := gateway.Entry(bucket, key); !ok || got != want {
			return fmt.Errorf("the gateway holds %q (%t) as %s/%s, want %q", got, ok, bucket, key, want)
		}
		return nil
	}
}

// holdsNothing checks that a bucket is empty.
func holdsNothing(gateway *mockgateway.Server, bucket string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if entries := gateway.Entries(bucket); len(entries) > 0 {
			return fmt.Errorf("the gateway still holds %v in the bucket %s", entries, bucket)
		}
		return nil
	}
}

const someEntry = `
resource "quiva_kv_entry" "test" {
  bucket = "flags"
  key    = "checkout"
  value  = { enabled = true }
}
`

// TestProviderConfiguration: every way to configure the provider wrongly.
func TestProviderConfiguration(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ block, want string }{
		"no credential":           {`endpoint = "http://127.0.0.1:1"`, `No credential is configured: the gateway requires one. Set one of these: - the environment variable QUIVA_API_KEY`},
		"blank credential":        {`api_key = "  "`, `variable QUIVA_BEARER_TOKEN or the argument "token", with a token (JWT)`},
		"two credentials":         {"api_key = \"a\"\n token = \"b\"", `Both "api_key" and "token" are set`},
		"damaged credential":      {`api_key = "ms-1\n2"`, `It is the API key from the provider block; it contains a space`},
		"endpoint without scheme": {"api_key = \"a\"\n endpoint = \"api.quiva.ai\"", `Invalid endpoint`},
		"bearer in a token":       {`token = "Bearer abc"`, `It is the token from the provider block; it begins with "Bearer ", which is not part of a token`},
		"endpoint plain http":     {"api_key = \"a\"\n endpoint = \"http://api.quiva.ai\"", `plain http would send the credential unencrypted; use https, or set allow_insecure_http = true`},
		"timeout no duration":     {"api_key = \"a\"\n request_timeout = \"30\"", `request_timeout must be a duration above zero, such as 30s or 1m30s; got "30".`},
		"negative retries":        {"api_key = \"a\"\n max_retries = -1", `max_retries must be at least 0; got -1.`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, resource.TestStep{
				Config:      "provider \"quiva\" {\n  " + tt.block + "\n}\n" + someEntry,
				ExpectError: message(tt.want),
			})
		})
	}
}

// TestProviderEnvironment: what the block leaves out comes from the
// environment, but a credential only as a whole.
func TestProviderEnvironment(t *testing.T) {
	tests := map[string]struct {
		block       string
		environment map[string]string
		header      string
		value       string
	}{
		"key wins over token": {"", map[string]string{"QUIVA_API_KEY": mockgateway.DefaultAPIKey, "QUIVA_BEARER_TOKEN": mockgateway.DefaultToken},
			"X-Api-Key", mockgateway.DefaultAPIKey},
		"token, trimmed": {"", map[string]string{"QUIVA_API_KEY": " ", "QUIVA_BEARER_TOKEN": "\n" + mockgateway.DefaultToken + " "},
			"Authorization", "Bearer " + mockgateway.DefaultToken},
		"block over environment": {fmt.Sprintf("token = %q", " "+mockgateway.DefaultToken+"\n"), map[string]string{"QUIVA_API_KEY": "ms-not-this-one"},
			"Authorization", "Bearer " + mockgateway.DefaultToken},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			gateway := newGateway(t)
			t.Setenv("QUIVA_API_URL", gateway.URL+"//")
			for name, value := range tt.environment {
				t.Setenv(name, value)
			}
			run(t, resource.TestStep{Config: "provider \"quiva\" {\n" + tt.block + "\n}\n" + someEntry})
			requests := gateway.Requests()
			if len(requests) == 0 {
				t.Fatal("the gateway was not asked")
			}
			for _, request := range requests {
				got := http.Header{"X-Api-Key": request.Header["X-Api-Key"], "Authorization": request.Header["Authorization"]}
				if len(got["X-Api-Key"])+len(got["Authorization"]) != 1 || got.Get(tt.header) != tt.value {
					t.Errorf("%s %s carried the credentials %v, want only %s: %s", request.Method, request.Path, got, tt.header, tt.value)
				}
				if agent := request.Header.Get("User-Agent"); !regexp.MustCompile(`^terraform-provider-quiva/test \(\+https://registry\.terraform\.io/providers/quivaworks/quiva\) Terraform/\d+\.\d+\.\d+`).MatchString(agent) {
					t.Errorf("the user agent is %q", agent)
				}
			}
		})
	}
}

// TestProviderMisplacedKey: an API key in a variable of something else is not
// printed; the error names the variable. A blank one is no file.
func TestProviderMisplacedKey(t *testing.T) {
	const misplaced = "ms-geheim-0123456789"
	for _, variable := range []string{"QUIVA_API_URL", "QUIVA_CA_CERT_FILE"} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv("QUIVA_API_KEY", mockgateway.DefaultAPIKey)
			t.Setenv(variable, misplaced)
			text := describe(configured(t).Diagnostics)
			if !strings.Contains(text, "(from the environment variable "+variable+") cannot be used") || strings.Contains(text, misplaced) {
				t.Errorf("configured with %s", text)
			}
		})
	}
	t.Setenv("QUIVA_API_KEY", mockgateway.DefaultAPIKey)
	t.Setenv("QUIVA_CA_CERT_FILE", " \n")
	noDiagnostics(t, configured(t).Diagnostics, nil)
}

// configured configures a provider by the environment alone.
func configured(t *testing.T) *tfprotov6.ConfigureProviderResponse {
	t.Helper()
	server := newServer(t)
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: objectOf(t, schemas.Provider, map[string]tftypes.Value{})})
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// TestProviderUnreachable: each way in which there is no gateway at the
// endpoint, or none that accepts the credential, has its own error.
func TestProviderUnreachable(t *testing.T) {
	t.Parallel()
	closed := mockgateway.NewServer()
	closed.Close()
	html := newGateway(t)
	html.Inject(mockgateway.Fault{Effect: mockgateway.Respond(http.StatusOK, nil, "<html><title>Sign in</title>\n<body>…")})
	gateway := newGateway(t)
	const key, token = `api_key = "ms-1"`, `token = "wrong"`
	tests := map[string]struct{ endpoint, credential, want string }{
		"refused":   {closed.URL, key, "Gateway not reachable"},
		"html":      {html.URL, key, "The response started with: <html><title>Sign in</title>"},
		"wrong url": {gateway.URL + "/v2", key, "Gateway has no such route"},
		"wrong key": {gateway.URL, key, "The request used the API key from the provider block. The usual causes: it has expired (API keys do after 90 days unless set otherwise, and are deleted then), it was deleted,"},
		"old token": {gateway.URL, token, "The request used the token from the provider block. The usual causes: it has expired, it was revoked,"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, resource.TestStep{
				Config:      fmt.Sprintf("provider \"quiva\" {\n endpoint = %q\n %s\n max_retries = 0\n}\n", tt.endpoint, tt.credential) + someEntry,
				ExpectError: message(tt.want),
			})
		})
	}
}

// TestProviderPrivateCA: a gateway behind a private certificate authority.
func TestProviderPrivateCA(t *testing.T) {
	t.Parallel()
	gateway := mockgateway.NewTLSServer()
	t.Cleanup(gateway.Close)
	gateway.CreateBucket("flags")
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, gateway.CertificatePEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	trusting := func(file string) string {
		return fmt.Sprintf("provider \"quiva\" {\n endpoint = %q\n api_key = %q\n %s\n}\n", gateway.URL, mockgateway.DefaultAPIKey, file) + someEntry
	}
	run(t,
		resource.TestStep{Config: trusting(""), ExpectError: message("set ca_cert_file or the environment variable QUIVA_CA_CERT_FILE to a PEM file with its certificate")},
		resource.TestStep{Config: trusting(`ca_cert_file = "/absent/ca.pem"`), ExpectError: message("The CA certificate file (from the provider block) cannot be used: no such file or directory")},
		resource.TestStep{Config: trusting(fmt.Sprintf("ca_cert_file = %q", authority)), Check: holds(gateway, "flags", "checkout", `{"enabled":true}`)},
	)
}
