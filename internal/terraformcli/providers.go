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

// Executable returns the name of a program's file.
func Executable(program string) string {
	if runtime.GOOS == "windows" {
		return program + ".exe"
	}
	return program
}
