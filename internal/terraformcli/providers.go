package terraformcli

import (
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Overrides returns a CLI configuration with which Terraform takes the provider
// of each source, such as quivaworks/quiva, from a directory. It asks no registry
// for it then, so no directory has to be initialized.
func Overrides(directories map[string]string) string {
	var overrides strings.Builder
	for _, source := range slices.Sorted(maps.Keys(directories)) {
		fmt.Fprintf(&overrides, "    %q = %q\n", source, filepath.ToSlash(directories[source]))
	}
	return "provider_installation {\n  dev_overrides {\n" + overrides.String() + "  }\n}\n"
}

// Mirror returns a CLI configuration with which Terraform installs providers from
// a directory, and from nowhere else.
func Mirror(directory string) string {
	return fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(directory))
}

// MirrorPaths returns where a mirror has the binary of a version of the provider
// quivaworks/quiva: for Terraform, and for OpenTofu.
func MirrorPaths(mirror, version string) [2]string {
	path := func(host string) string {
		return filepath.Join(mirror, host, "quivaworks", "quiva", version, runtime.GOOS+"_"+runtime.GOARCH, Executable("terraform-provider-quiva_v"+version))
	}
	return [2]string{path("registry.terraform.io"), path("registry.opentofu.org")}
}

// Executable returns the name of a program's file.
func Executable(program string) string {
	if runtime.GOOS == "windows" {
		return program + ".exe"
	}
	return program
}
