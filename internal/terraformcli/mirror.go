package terraformcli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Mirror returns a CLI configuration with which Terraform and OpenTofu install
// the provider quivaworks/quiva from a directory and from nowhere else, and all
// other providers as usual.
func Mirror(directory string) string {
	return fmt.Sprintf(`provider_installation {
  filesystem_mirror {
    path    = %q
    include = ["quivaworks/quiva"]
  }
  direct {
    exclude = ["quivaworks/quiva"]
  }
}
`, filepath.ToSlash(directory))
}

// MirrorPaths returns where a mirror has the binary of a version of the provider
// quivaworks/quiva: for Terraform, and for OpenTofu.
func MirrorPaths(mirror, version string) [2]string {
	path := func(host string) string {
		return filepath.Join(mirror, host, "quivaworks", "quiva", version, runtime.GOOS+"_"+runtime.GOARCH, Executable("terraform-provider-quiva_v"+version))
	}
	return [2]string{path("registry.terraform.io"), path("registry.opentofu.org")}
}

// BuildMirror builds the provider from the repository into a mirror, as a version
// that is not there yet.
func BuildMirror(ctx context.Context, repository, mirror, version string) error {
	paths := MirrorPaths(mirror, version)
	if err := Build(ctx, repository, ".", paths[0], "-ldflags", "-X main.version="+version); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(paths[1]), 0o755); err != nil {
		return err
	}
	return os.Link(paths[0], paths[1])
}
