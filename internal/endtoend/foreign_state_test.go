package endtoend_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/quivaworks/terraform-provider-quiva/internal/terraformcli"
)

// foreignResource is a resource of another provider in a state.
type foreignResource struct {
	typeName, name string
	// provider is its provider's address: registry.terraform.io/mastercard/restapi.
	provider string
	// instances are attributes in JSON by the key of for_each, "" without one.
	instances map[string]string
}

// startWith makes a state of a resource of another provider. Terraform wants that to be
// installed while a state names it, so this program stands in for it.
func (w *workspace) startWith(resource foreignResource) {
	w.t.Helper()
	var instances []map[string]any
	for key, attributes := range resource.instances {
		instance := map[string]any{"attributes": json.RawMessage(attributes)}
		if key != "" {
			instance["index_key"] = key
		}
		instances = append(instances, instance)
	}
	state, err := json.Marshal(map[string]any{
		"version": 4, "serial": 1, "lineage": "00000000-0000-0000-0000-000000000001",
		"resources": []map[string]any{{
			"mode": "managed", "type": resource.typeName, "name": resource.name,
			"provider": fmt.Sprintf("provider[%q]", resource.provider), "instances": instances,
		}},
	})
	program, programErr := os.Executable()
	dir := w.t.TempDir()
	config := filepath.Join(dir, "cli.tfrc")
	if err := errors.Join(err, programErr,
		os.WriteFile(filepath.Join(w.dir, "terraform.tfstate"), state, 0o600),
		os.Symlink(program, filepath.Join(dir, "terraform-provider-"+filepath.Base(resource.provider))),
		os.WriteFile(config, []byte(terraformcli.Overrides(map[string]string{
			"quivaworks/quiva": filepath.Dir(binary),
			// Without the host, so that OpenTofu finds it in its own registry.
			strings.TrimPrefix(resource.provider, "registry.terraform.io/"): dir,
		})), 0o600),
	); err != nil {
		w.t.Fatal(err)
	}
	w.env = append(w.env, "TF_CLI_CONFIG_FILE="+config)
}
