package provider_test

import (
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

const bucketsData = "data \"quiva_kv_buckets\" \"test\" {}\n"

func listsBuckets(want ...knownvalue.Check) []statecheck.StateCheck {
	return []statecheck.StateCheck{statecheck.ExpectKnownValue("data.quiva_kv_buckets.test", tfjsonpath.New("buckets"), knownvalue.ListExact(want))}
}

func TestKVBucketsDataSource(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.CreateBucketWith(mockgateway.BucketConfig{Name: "agents", Description: "Settings"})
	gateway.PutEntry("agents", "a", `{}`)
	gateway.PutEntry("agents", "b", `{}`)
	run(t,
		resource.TestStep{
			Config: withProvider(gateway, bucketsData),
			ConfigStateChecks: listsBuckets(
				knownvalue.ObjectExact(map[string]knownvalue.Check{"name": knownvalue.StringExact("agents"), "description": knownvalue.StringExact("Settings"), "entry_total": knownvalue.Int64Exact(2), "created": rfc3339}),
				knownvalue.ObjectExact(map[string]knownvalue.Check{"name": knownvalue.StringExact("flags"), "description": knownvalue.Null(), "entry_total": knownvalue.Int64Exact(0), "created": rfc3339}),
			),
		},
		resource.TestStep{
			PreConfig: func() {
				gateway.Inject(mockgateway.Fault{Effect: mockgateway.Respond(http.StatusOK, nil, `{"body":{"results":[{"name":"z"},{"name":"a"}],"results_total":2}}`)})
			},
			Config: withProvider(gateway, bucketsData),
			ConfigStateChecks: listsBuckets(
				knownvalue.ObjectPartial(map[string]knownvalue.Check{"name": knownvalue.StringExact("a"), "entry_total": knownvalue.Null(), "created": knownvalue.Null()}),
				knownvalue.ObjectPartial(map[string]knownvalue.Check{"name": knownvalue.StringExact("z")}),
			),
		},
		resource.TestStep{
			PreConfig: func() {
				gateway.ClearFaults()
				gateway.DeleteBucket("agents")
				gateway.DeleteBucket("flags")
			},
			Config:            withProvider(gateway, bucketsData),
			ConfigStateChecks: listsBuckets(),
		},
	)
}
