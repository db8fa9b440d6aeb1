package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// TestInvalidImportIDs: whatever is given as an ID, the error is about that, and no
// request is sent.
func TestInvalidImportIDs(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	server := newServer(t)
	configure(t, server, gateway)
	for _, typeName := range []string{"quiva_kv_bucket", "quiva_kv_entry", "quiva_kv_entries", "quiva_kv_entry_properties"} {
		for _, id := range []string{"", " ", "\n", "\t", "/", "//", "flags\n", " flags", "/a", "flags/ "} {
			imported, err := server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: typeName, ID: id})
			if err != nil || len(imported.Diagnostics) != 1 {
				t.Errorf("importing %s by %q gives %+v, %v", typeName, id, imported, err)
				continue
			}
			diagnostic := imported.Diagnostics[0]
			if diagnostic.Summary != "Invalid import ID" || !strings.Contains(diagnostic.Detail, "imported by") {
				t.Errorf("importing %s by %q gives %+v", typeName, id, diagnostic)
			}
		}
	}
	if requests := gateway.Requests(); len(requests) > 0 {
		t.Errorf("sent %+v", requests)
	}
}
