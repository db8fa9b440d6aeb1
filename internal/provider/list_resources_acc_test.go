package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestAccListResources queries as Terraform 1.14 does.
func TestAccListResources(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.CreateBucketWith(mockgateway.BucketConfig{Name: "limits", History: 7})
	for i := range 120 {
		gateway.PutEntry("flags", fmt.Sprintf("k%03d", i), fmt.Sprintf(`{"n":%d}`, i))
	}
	query := func(of, arguments string, checks ...querycheck.QueryResultCheck) resource.TestStep {
		return resource.TestStep{
			Query:             true,
			Config:            "list " + of + " \"test\" {\n  provider = quiva\n  include_resource = true\n" + arguments + "\n}\n",
			QueryResultChecks: checks,
		}
	}
	fails := func(step resource.TestStep, want string) resource.TestStep {
		step.ExpectError = message(want)
		return step
	}
	entry := func(key string) map[string]knownvalue.Check {
		return map[string]knownvalue.Check{"bucket": knownvalue.StringExact("flags"), "key": knownvalue.StringExact(key)}
	}
	holds := func(address, name, at string, want knownvalue.Check) querycheck.QueryResultCheck {
		return querycheck.ExpectResourceKnownValues(address, queryfilter.ByDisplayName(knownvalue.StringExact(name)), []querycheck.KnownValueCheck{{Path: tfjsonpath.New(at), KnownValue: want}})
	}
	n := func(n int64) knownvalue.Check {
		return knownvalue.ObjectExact(map[string]knownvalue.Check{"n": knownvalue.Int64Exact(n)})
	}
	const entries, asOne, buckets = "quiva_kv_entry.test", "quiva_kv_entries.test", "quiva_kv_bucket.test"
	runCLIFrom(t, tfversion.SkipBelow(tfversion.Version1_14_0),
		resource.TestStep{Config: withProvider(gateway, "data \"quiva_kv_buckets\" \"test\" {}\n")},
		query(`"quiva_kv_entry"`, `config { bucket = "flags" }`, querycheck.ExpectLength(entries, 100)),
		query(`"quiva_kv_entry"`, "limit = 1000\nconfig {\n bucket = \"flags\"\n key_prefix = \"k01\"\n exclude = [\"k*9\"]\n}",
			querycheck.ExpectLength(entries, 9), querycheck.ExpectIdentity(entries, entry("k010")), querycheck.ExpectNoIdentity(entries, entry("k019")), holds(entries, "flags/k012", "value", n(12))),
		query(`"quiva_kv_entry"`, "config {\n bucket = \"flags\"\n key_prefix = \"x\"\n}", querycheck.ExpectLength(entries, 0)),
		query(`"quiva_kv_entries"`, "config {\n bucket = \"flags\"\n key_prefix = \"k11\"\n}",
			querycheck.ExpectLength(asOne, 1), holds(asOne, "flags/k11*", "entries", knownvalue.ObjectPartial(map[string]knownvalue.Check{"k119": n(119)}))),
		query(`"quiva_kv_bucket"`, "", querycheck.ExpectLength(buckets, 2), holds(buckets, "limits", "history", knownvalue.Int64Exact(7))),
		fails(query(`"quiva_kv_entry"`, `config { bucket = "absent" }`), `has no bucket "absent"`),
		fails(query(`"quiva_kv_entries"`, "config {\n bucket = \"flags\"\n key_prefix = \"k*\"\n}"), `The key prefix must not contain "*": it is a prefix, not a pattern.`),
	)
}
