package endtoend_test

import (
	"encoding/json"
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

// startWith makes a state of resources of other providers. Terraform wants those
// to be installed while a state names them, so this program stands in for each.
func (w *workspace) startWith(resources ...foreignResource) {
	w.t.Helper()
	program, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	dir := w.t.TempDir()
	var listed []map[string]any
	overrides := map[string]string{"quivaworks/quiva": filepath.Dir(binary)}
	for _, resource := range resources {
		var instances []map[string]any
		for key, attributes := range resource.instances {
			instance := map[string]any{"attributes": json.RawMessage(attributes)}
			if key != "" {
				instance["index_key"] = key
			}
			instances = append(instances, instance)
		}
		listed = append(listed, map[string]any{
			"mode": "managed", "type": resource.typeName, "name": resource.name,
			"provider": fmt.Sprintf("provider[%q]", resource.provider), "instances": instances,
		})
		// Without the host, so that OpenTofu finds it in its own registry.
		address := strings.TrimPrefix(resource.provider, "registry.terraform.io/")
		if overrides[address] != "" {
			continue
		}
		overrides[address] = dir
		standIn := filepath.Join(dir, "terraform-provider-"+filepath.Base(resource.provider))
		if err := os.Symlink(program, standIn); err != nil {
			w.t.Fatal(err)
		}
	}
	state, err := json.Marshal(map[string]any{
		"version": 4, "serial": 1, "lineage": "00000000-0000-0000-0000-000000000001", "resources": listed,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "terraform.tfstate"), state, 0o600); err != nil {
		w.t.Fatal(err)
	}
	config := filepath.Join(dir, "cli.tfrc")
	if err := os.WriteFile(config, []byte(terraformcli.Overrides(overrides)), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.env = append(w.env, "TF_CLI_CONFIG_FILE="+config)
}
