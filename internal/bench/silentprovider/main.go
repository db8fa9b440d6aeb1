// Command silentprovider is a Terraform provider with one resource that talks to
// nobody, as the plugin framework ships: what Terraform, the plugin protocol and
// the framework cost by themselves. The bench holds the Quiva provider up to it.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

func main() {
	err := providerserver.Serve(context.Background(), newProvider, providerserver.ServeOpts{
		Address: "registry.terraform.io/quivaworks/silent",
	})
	if err != nil {
		log.Fatal(err)
	}
}
