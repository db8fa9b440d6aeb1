// SPDX-License-Identifier: MPL-2.0

//go:build generate

// Package tools holds what the repository is generated and checked with. It is a module of its own
// so that none of it reaches the provider's go.mod; `make generate` runs the directives below, and
// `go tool` runs each tool at the version go.mod pins.
package tools

//go:generate terraform fmt -recursive ../examples/
//go:generate go run ./providerschema
//go:generate go tool tfplugindocs generate --provider-dir .. --provider-name quiva --providers-schema provider-schema.json
//go:generate go tool tfplugindocs validate --provider-dir .. --provider-name quiva --providers-schema provider-schema.json
