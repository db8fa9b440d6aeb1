package provider_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// TestDescriptions: the description of all that a configuration can use begins
// with what it does, since the Registry's lists show only the beginning.
func TestDescriptions(t *testing.T) {
	t.Parallel()
	schemas, err := newServer(t).GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]string{"the provider": schemas.Provider.Block.Description}
	add := func(kind string, of map[string]*tfprotov6.Schema) {
		for name, schema := range of {
			described[kind+" "+name] = schema.Block.Description
		}
	}
	add("resource", schemas.ResourceSchemas)
	add("data source", schemas.DataSourceSchemas)
	add("ephemeral resource", schemas.EphemeralResourceSchemas)
	add("list resource", schemas.ListResourceSchemas)
	for name, action := range schemas.ActionSchemas {
		described["action "+name] = action.Schema.Block.Description
	}
	for name, function := range schemas.Functions {
		described["function "+name] = function.Description
	}
	verbs := []string{"Manages", "Reads", "Lists", "Deletes", "Merges", "Returns"}
	for _, name := range slices.Sorted(maps.Keys(described)) {
		verb, _, _ := strings.Cut(described[name], " ")
		if !slices.Contains(verbs, verb) {
			t.Errorf("the description of %s begins with %q, want one of %q", name, verb, verbs)
		}
	}
	if len(described) < 12 {
		t.Errorf("only %d descriptions", len(described))
	}
}
