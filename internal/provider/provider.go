// Package provider is the Terraform surface of the Quiva provider: one file per
// resource, data source, list resource, action and function, named after it.
package provider

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/protocol"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

// Environment variables, as the gateway's own clients name them.
const (
	endpointVariable = "QUIVA_API_URL"
	apiKeyVariable   = "QUIVA_API_KEY"
	tokenVariable    = "QUIVA_BEARER_TOKEN"
	// The clients have none for this; the name follows theirs.
	caCertFileVariable = "QUIVA_CA_CERT_FILE"
)

const (
	registryURL   = "https://registry.terraform.io/providers/quivaworks/quiva"
	repositoryURL = "https://github.com/quivaworks/terraform-provider-quiva"
)

var (
	_ provider.ProviderWithValidateConfig     = (*quivaProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*quivaProvider)(nil)
	_ provider.ProviderWithListResources      = (*quivaProvider)(nil)
	_ provider.ProviderWithActions            = (*quivaProvider)(nil)
	_ provider.ProviderWithFunctions          = (*quivaProvider)(nil)
)

// NewServer returns the provider in the given version, as Terraform speaks to
// it. When ctx is done, the server ends what a run still only reads: see
// [protocol.NewServer].
func NewServer(ctx context.Context, version string) (tfprotov6.ProviderServer, error) {
	p := &quivaProvider{version: version}
	overwrite := tftypes.NewValue(tftypes.Bool, false)
	return protocol.NewServer(ctx, providerserver.NewProtocol6(p)(), protocol.Unchanged{
		Defaults: map[string]map[string]tftypes.Value{
			kvEntriesType: {"overwrite": overwrite, "undeclared": tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, nil)},
			kvEntryType:   {"overwrite": overwrite},
		},
		Plan: p.planUnchanged,
	})
}

// planUnchanged notes that an object, whose private state it is, is planned to stay
// as it is. It reports false if its resource is to plan that.
func (p *quivaProvider) planUnchanged(private []byte) bool {
	var notes map[string][]byte // the form in which the framework stores them
	var mark string
	if p.gateway == nil || json.Unmarshal(private, &notes) != nil || notes[string(unknownOutcomeNote)] != nil || json.Unmarshal(notes[string(markNote)], &mark) != nil {
		return false
	}
	return p.gateway.plan.Stays(mark)
}

type quivaProvider struct {
	version string
	gateway *gateway // of the last configuration, nil before it
}

func (p *quivaProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "quiva"
	resp.Version = p.version
}

func (p *quivaProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages the key-value buckets and entries of a [Quiva](https://quiva.ai) Gateway.",
		Attributes: map[string]schema.Attribute{
			"endpoint": schema.StringAttribute{
				MarkdownDescription: "Base URL of the gateway. A path prefix is kept; trailing slashes do not matter. " +
					"Defaults to the environment variable `" + endpointVariable + "`, then to `" + quiva.DefaultEndpoint + "`.",
				Optional: true,
			},
			"api_key": schema.StringAttribute{
				MarkdownDescription: "API key, sent as `X-Api-Key`. Surrounding whitespace is ignored. Conflicts with `token`. " +
					"Defaults to the environment variable `" + apiKeyVariable + "` if neither `api_key` nor `token` is set.",
				Optional:  true,
				Sensitive: true,
			},
			"token": schema.StringAttribute{
				MarkdownDescription: "Token (JWT), sent as `Authorization: Bearer`. Surrounding whitespace is ignored. Conflicts with `api_key`. " +
					"Defaults to the environment variable `" + tokenVariable + "` if neither `api_key` nor `token` is set and `" + apiKeyVariable + "` is not set either.",
				Optional:  true,
				Sensitive: true,
			},
			"ca_cert_file": schema.StringAttribute{
				MarkdownDescription: "Path of a PEM file with additional CA certificates, for a gateway that uses a private CA. " +
					"Defaults to the environment variable `" + caCertFileVariable + "`.",
				Optional: true,
			},
			"request_timeout": schema.StringAttribute{
				MarkdownDescription: fmt.Sprintf("Time limit for each attempt of a request, as a duration such as `10s` or `1m30s`. Defaults to `%s`.", quiva.DefaultRequestTimeout),
				Optional:            true,
			},
			"max_retries": schema.NumberAttribute{
				MarkdownDescription: fmt.Sprintf("Number of times that a request is retried after a failed connection, a timeout or a status of 429, 500, 502, 503 or 504. `0` turns retrying off. Defaults to `%d`.", quiva.DefaultMaxRetries),
				Optional:            true,
				Validators:          []validator.Number{wholeNumber{min: 0, max: 100}},
			},
			"allow_insecure_http": schema.BoolAttribute{
				MarkdownDescription: "Whether to allow an `endpoint` with plain `http` whose host is not loopback. The credential and all values are then sent unencrypted. Defaults to `false`.",
				Optional:            true,
			},
			"bulk_refresh": schema.BoolAttribute{
				MarkdownDescription: "Whether a refresh of more than a dozen entries of one bucket reads the bucket's list, of up to 1,000 entries, instead of each entry on its own. " +
					"An entry that the list does not show as unchanged is read on its own in any case. With `false`, every entry is read on its own. Defaults to `true`.",
				Optional: true,
			},
		},
	}
}

// providerModel is the provider block.
type providerModel struct {
	Endpoint          types.String `tfsdk:"endpoint"`
	APIKey            types.String `tfsdk:"api_key"`
	Token             types.String `tfsdk:"token"`
	CACertFile        types.String `tfsdk:"ca_cert_file"`
	RequestTimeout    types.String `tfsdk:"request_timeout"`
	MaxRetries        types.Number `tfsdk:"max_retries"`
	AllowInsecureHTTP types.Bool   `tfsdk:"allow_insecure_http"`
	BulkRefresh       types.Bool   `tfsdk:"bulk_refresh"`
}

// unknown names the arguments that are not known yet.
func (m providerModel) unknown() []string {
	var names []string
	for field, argument := range reflect.ValueOf(m).Fields() {
		if value, ok := argument.Interface().(attr.Value); ok && value.IsUnknown() {
			names = append(names, field.Tag.Get("tfsdk"))
		}
	}
	return names
}

// timeout returns request_timeout or, unless it is known, the default.
func (m providerModel) timeout(diags *diag.Diagnostics) time.Duration {
	if m.RequestTimeout.IsNull() || m.RequestTimeout.IsUnknown() {
		return quiva.DefaultRequestTimeout
	}
	timeout, err := time.ParseDuration(m.RequestTimeout.ValueString())
	if err != nil || timeout <= 0 {
		diags.AddAttributeError(path.Root("request_timeout"), "Invalid duration",
			fmt.Sprintf("request_timeout must be a duration above zero, such as 30s or 1m30s; got %q.", m.RequestTimeout.ValueString()))
	}
	return timeout
}

func (p *quivaProvider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var config providerModel
	if !read(ctx, &resp.Diagnostics, req.Config, &config) {
		return
	}
	config.timeout(&resp.Diagnostics)
	if isSet(config.APIKey) && isSet(config.Token) {
		resp.Diagnostics.AddAttributeError(path.Root("token"), "Two credentials",
			"Both \"api_key\" and \"token\" are set, but exactly one credential is sent. Remove one of them.")
	}
}

func (p *quivaProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config providerModel
	if !read(ctx, &resp.Diagnostics, req.Config, &config) {
		return
	}
	gateway := p.configure(config, req.TerraformVersion, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	p.gateway = gateway
	if gateway.client == nil && req.ClientCapabilities.DeferralAllowed {
		resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
	}
	resp.DataSourceData, resp.ResourceData, resp.EphemeralResourceData = gateway, gateway, gateway
	resp.ListResourceData, resp.ActionData = gateway, gateway
}

// configure makes the gateway of a provider block and the environment.
func (p *quivaProvider) configure(config providerModel, terraformVersion string, diags *diag.Diagnostics) *gateway {
	if unknown := config.unknown(); len(unknown) > 0 {
		// Planning needs no gateway where it was read before, and on apply all is known.
		return newUnconfiguredGateway(unknown)
	}

	endpointText, endpointOrigin := settingOf(config.Endpoint, endpointVariable)
	endpoint, err := quiva.ParseEndpoint(cmp.Or(endpointText, quiva.DefaultEndpoint), config.AllowInsecureHTTP.ValueBool())
	if err != nil {
		diags.AddAttributeError(path.Root("endpoint"), "Invalid endpoint", fmt.Sprintf("The endpoint (%s) cannot be used: %v.", endpointOrigin, err))
	}

	credential, origin := findCredential(config)
	if origin == "" {
		diags.AddError("No credential",
			"No credential is configured: the gateway requires one. Set one of these:\n\n"+
				"  - the environment variable "+apiKeyVariable+" or the argument \"api_key\", with an API key\n"+
				"  - the environment variable "+tokenVariable+" or the argument \"token\", with a token (JWT)")
	} else if err := credential.Check(); err != nil {
		diags.AddError("Unusable credential", fmt.Sprintf("The credential cannot be sent. It is %s; %v.", origin, err))
	}

	var roots *x509.CertPool
	if caCertFile, caCertOrigin := settingOf(config.CACertFile, caCertFileVariable); caCertFile != "" {
		if roots, err = quiva.LoadRoots(caCertFile); err != nil {
			diags.AddAttributeError(path.Root("ca_cert_file"), "Unusable certificate file", fmt.Sprintf("The CA certificate file (%s) cannot be used: %v.", caCertOrigin, err))
		}
	}

	timeout := config.timeout(diags)
	if diags.HasError() {
		return nil
	}
	client := quiva.New(quiva.Config{
		Endpoint:       endpoint,
		Credential:     credential,
		RequestTimeout: timeout,
		MaxRetries:     int(*cmp.Or(int64Of(config.MaxRetries), new(int64(quiva.DefaultMaxRetries)))),
		Roots:          roots,
		BulkRefresh:    config.BulkRefresh.IsNull() || config.BulkRefresh.ValueBool(),
		Digest:         dynamicvalue.Digest,
		UserAgent:      fmt.Sprintf("terraform-provider-quiva/%s (+%s) Terraform/%s", p.version, registryURL, terraformVersion),
		Log: func(ctx context.Context, message string, fields map[string]any) {
			tflog.Debug(ctx, message, fields)
		},
	})
	return &gateway{
		client:           client,
		credential:       credential,
		credentialOrigin: origin,
		endpoint:         endpoint.String(),
		plan:             reconcile.NewPlan(),
		apply:            reconcile.NewApply(client, dynamicvalue.Equal),
		plansTwice:       isAtLeast(terraformVersion, 1, 17),
	}
}

// findCredential returns the one credential to send and says where it came
// from. The block beats the environment as a whole, so that a stray variable
// never decides which of two identities is used.
func findCredential(config providerModel) (credential quiva.Credential, origin string) {
	noun := "the API key "
	secret, origin := settingOf(config.APIKey, apiKeyVariable)
	if secret == "" || isSet(config.Token) && !isSet(config.APIKey) {
		credential.IsToken, noun = true, "the token "
		secret, origin = settingOf(config.Token, tokenVariable)
	}
	if secret == "" {
		return quiva.Credential{}, ""
	}
	credential.Secret = strings.TrimSpace(secret)
	return credential, noun + origin
}

// settingOf returns an argument or else an environment variable, empty for neither,
// and says where it came from.
func settingOf(argument types.String, variable string) (setting, origin string) {
	if isSet(argument) {
		return argument.ValueString(), "from the provider block"
	}
	if text := strings.TrimSpace(os.Getenv(variable)); text != "" {
		return text, "from the environment variable " + variable
	}
	return "", "the default"
}

// isAtLeast reports whether a version of Terraform is that one or a later one.
func isAtLeast(version string, major, minor int) bool {
	var a, b int
	_, err := fmt.Sscanf(version, "%d.%d", &a, &b)
	return err == nil && (a > major || a == major && b >= minor)
}

// isSet reports whether a string argument has a value. Null and blank do not
// count, so that an empty variable is the same as none.
func isSet(value types.String) bool {
	return !value.IsUnknown() && strings.TrimSpace(value.ValueString()) != ""
}

func (p *quivaProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{NewKVBucketResource, NewKVEntriesResource, NewKVEntryPropertiesResource, NewKVEntryResource}
}

func (p *quivaProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{NewKVBucketDataSource, NewKVBucketsDataSource, NewKVEntriesDataSource, NewKVEntryDataSource}
}

func (p *quivaProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{NewKVEntryEphemeralResource}
}

func (p *quivaProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{NewKVBucketListResource, NewKVEntriesListResource, NewKVEntryListResource}
}

func (p *quivaProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{NewKVBucketPurgeAction}
}

func (p *quivaProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{NewMergeFunction, NewSchemaErrorsFunction}
}
