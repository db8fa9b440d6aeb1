package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// configuration is a way to declare any number of entries.
type configuration struct {
	resource string
	provider string // none for what is built into Terraform
	text     string
	values   valueSize
}

// withLargeValues is the same configuration with larger values.
func (c configuration) withLargeValues() configuration {
	c.values = large
	return c
}

// All of these read the same entries, so they differ in nothing but the resource.
// They count, because Terraform evaluates for_each again for every instance: over
// a large map that takes many times longer than all the rest, and would hide it.
var (
	kvEntry = configuration{resource: "quiva_kv_entry", provider: "quiva", text: `
resource "quiva_kv_entry" "entry" {
  count  = length(local.entries)
  bucket = "` + bucket + `"
  key    = local.entries[count.index].key
  value  = local.entries[count.index].value
}
`}
	kvEntries = configuration{resource: "quiva_kv_entries", provider: "quiva", text: `
resource "quiva_kv_entries" "entries" {
  bucket  = "` + bucket + `"
  entries = { for entry in local.entries : entry.key => entry.value }
}
`}
	// silentEntry is the floor: as many resources of a provider that talks to
	// nobody.
	silentEntry = configuration{resource: "silent_entry", provider: "silent", text: `
resource "silent_entry" "entry" {
  count = length(local.entries)
  name  = local.entries[count.index].key
  value = jsonencode(local.entries[count.index].value)
}
`}
	// terraformData is another floor: it is built into Terraform, and takes any
	// value, as quiva_kv_entry does.
	terraformData = configuration{resource: "terraform_data", text: `
resource "terraform_data" "entry" {
  count = length(local.entries)
  input = local.entries[count.index].value
}
`}
)

// write writes the configuration into a directory. It requires no provider that
// it does not use, since Terraform would start that too.
func (c configuration) write(dir string) error {
	text := "locals {\n  entries = jsondecode(file(\"${path.module}/entries.json\"))\n}\n" + c.text
	if c.provider != "" {
		text = fmt.Sprintf("terraform {\n  required_providers {\n    %s = { source = %q }\n  }\n}\n\n", c.provider, providerSource(c.provider)) + text
	}
	return os.WriteFile(filepath.Join(dir, "main.tf"), []byte(text), 0o600)
}
