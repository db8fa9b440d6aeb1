package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

func newProvider() provider.Provider { return silentProvider{} }

type silentProvider struct{}

func (silentProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "silent"
}

func (silentProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (silentProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (silentProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newEntryResource}
}

func (silentProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }
