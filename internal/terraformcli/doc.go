// Package terraformcli is what this repository's own programs and tests share to
// run a real Terraform, or OpenTofu, apart from the user's own settings, and to
// end it with themselves.
package terraformcli
