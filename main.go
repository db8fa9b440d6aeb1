// Terraform-provider-quiva serves the Quiva provider to Terraform and OpenTofu.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/quivaworks/terraform-provider-quiva/internal/provider"
)

// version is set by the linker when a release is built.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve on its own, for a debugger; prints how Terraform reaches it")
	flag.Parse()

	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: "registry.terraform.io/quivaworks/quiva",
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}
