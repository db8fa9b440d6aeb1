package endtoend_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// serveForeign serves the provider that stands in for others, if this process is
// one that Terraform started as a provider, and reports whether it was.
func serveForeign() (served bool, err error) {
	if !strings.HasPrefix(filepath.Base(os.Args[0]), "terraform-provider-") {
		return false, nil
	}
	return true, providerserver.Serve(context.Background(), func() provider.Provider { return foreignProvider{} },
		providerserver.ServeOpts{Address: "registry.terraform.io/quivaworks/foreign"})
}

// foreignProvider has resources of the types of other providers, which exist in
// the state alone: Terraform wants a schema to forget them.
type foreignProvider struct{}

func (foreignProvider) Metadata(context.Context, provider.MetadataRequest, *provider.MetadataResponse) {
}

func (foreignProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (foreignProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (foreignProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return foreignType("restapi_object") },
		func() resource.Resource { return foreignType("restful_resource") },
	}
}

func (foreignProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

type foreignType string

func (t foreignType) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = string(t)
}

func (foreignType) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{"id": schema.StringAttribute{Computed: true}}}
}

func (foreignType) Create(context.Context, resource.CreateRequest, *resource.CreateResponse) {}

func (foreignType) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (foreignType) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}

func (foreignType) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
