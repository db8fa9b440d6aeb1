package provider_test

import (
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestKVBucketIgnoredUpdate: an update that the gateway accepts and ignores is a
// warning, and not planned again, until the gateway shows something else.
func TestKVBucketIgnoredUpdate(t *testing.T) {
	t.Parallel()
	const smallIndexing = "indexing = {\n mappings = [{ field = \"name\", field_type = \"text\" }]\n partitions = 1\n replicas = 1\n storage_type = \"file\"\n}"
	tests := map[string]struct{ before, after string }{
		"an emptied description": {`description = "old"`, ""},
		"max_bytes":              {"max_bytes = 1000", "max_bytes = 2000"},
		"indexing":               {someIndexing, smallIndexing},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			ignored := func() {
				gateway.Inject(mockgateway.Fault{Method: http.MethodPut, Effect: mockgateway.Respond(http.StatusOK, nil, `{"message":"success"}`)})
			}
			run(t,
				resource.TestStep{Config: bucket(gateway, test.before)},
				resource.TestStep{PreConfig: ignored, Config: bucket(gateway, test.after)},
				resource.TestStep{Config: bucket(gateway, test.after), ConfigPlanChecks: bucketAction(plancheck.ResourceActionNoop)},
				resource.TestStep{PreConfig: gateway.ClearFaults, Config: bucket(gateway, test.after, "force_destroy = true")},
				resource.TestStep{Config: bucket(gateway, test.before, "force_destroy = true")},
				resource.TestStep{Config: bucket(gateway, test.after, "force_destroy = true"), ConfigPlanChecks: bucketAction(plancheck.ResourceActionUpdate)},
			)
		})
	}
}
