package provider_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

const bucketData = "data \"quiva_kv_bucket\" \"test\" {\n  bucket = \"limits\"\n}\n"

// rfc3339 matches a time as the gateway gives it.
var rfc3339 = knownvalue.StringRegexp(regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`))

func TestKVBucketDataSource(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		held mockgateway.BucketConfig
		want map[string]knownvalue.Check
	}{
		"defaults": {defaults, map[string]knownvalue.Check{
			"description":      knownvalue.Null(),
			"history":          knownvalue.Int64Exact(1),
			"max_bytes":        knownvalue.Null(),
			"max_value_size":   knownvalue.Null(),
			"replicas":         knownvalue.Int64Exact(1),
			"storage":          knownvalue.StringExact("file"),
			"compression":      knownvalue.Bool(false),
			"index_partitions": knownvalue.Null(),
		}},
		"full": {manyArgumentsHeld, map[string]knownvalue.Check{
			"description":      knownvalue.StringExact("Limits <of> all"),
			"history":          knownvalue.Int64Exact(5),
			"max_bytes":        knownvalue.Int64Exact(10737418240),
			"max_value_size":   knownvalue.Int64Exact(1048576),
			"replicas":         knownvalue.Int64Exact(3),
			"storage":          knownvalue.StringExact("memory"),
			"compression":      knownvalue.Bool(true),
			"index_partitions": knownvalue.Int64Exact(3),
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.CreateBucketWith(tt.held)
			gateway.PutEntry("limits", "a", `{"n":1}`)
			gateway.PutEntry("limits", "b", `{}`)
			tt.want["entry_total"] = knownvalue.Int64Exact(2)
			tt.want["bytes"] = knownvalue.Int64Exact(11)
			tt.want["created"] = rfc3339
			var checks []statecheck.StateCheck
			for name, want := range tt.want {
				checks = append(checks, statecheck.ExpectKnownValue("data.quiva_kv_bucket.test", tfjsonpath.New(name), want))
			}
			run(t, resource.TestStep{Config: withProvider(gateway, bucketData), ConfigStateChecks: checks})
		})
	}
}
