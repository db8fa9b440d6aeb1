package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

func TestAccKVEntriesImport(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.CreateBucket("empty")
	for i := range 3 {
		gateway.PutEntry("flags", fmt.Sprintf("k%03d", i), fmt.Sprintf(` { "n" : %d.0 } `, i))
	}
	gateway.PutEntry("flags", "team/a", `{"hosts":["x","y"],"null":null}`)
	whole := manyEntries(gateway, numbered(3, `"team/a" = { hosts = tolist(["x", "y"]), null = null }`))
	part := manyEntries(gateway, numbered(3), `key_prefix = "k"`)
	imports := func(configuration, id string) resource.TestStep {
		return resource.TestStep{Config: configuration, ResourceName: entriesAddress, ImportState: true, ImportStateId: id}
	}
	fails := func(id, want string) resource.TestStep {
		step := imports(whole, id)
		step.ExpectError = message(want)
		return step
	}
	persists := func(configuration, id string) resource.TestStep {
		step := imports(configuration, id)
		step.ImportStatePersist = true
		return step
	}
	const form = "Entries are imported by their bucket, as BUCKET, or by a prefix of their keys, as BUCKET/PREFIX*"
	run(t,
		fails("flags/", form+`, such as feature-flags/checkout/*. Got "flags/". A prefix must not be empty, and must be followed by "*".`),
		fails("flags/k ey*", `The key prefix contains " ".`),
		fails("flags/k", form),
		fails("flags/k*a*", form),
		fails("absent", `has no bucket "absent"`),
		fails("absent/k*", `has no bucket "absent"`),
		fails("fl ags", "Gateway rejected the request"),
	)
	t.Run("whole bucket", func(t *testing.T) {
		t.Parallel()
		runCLI(t,
			persists(whole, "flags"),
			resource.TestStep{
				Config:           whole,
				ConfigPlanChecks: plans(atMostInPlace(entriesAddress), exactStateKeys("k000", "k001", "k002", "team/a")),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(entriesAddress, tfjsonpath.New("id"), knownvalue.StringExact("flags")),
					statecheck.ExpectKnownValue(entriesAddress, tfjsonpath.New("bucket"), knownvalue.StringExact("flags")),
				},
			},
			resource.TestStep{ResourceName: entriesAddress, ImportState: true, ImportStateVerify: true},
			// To leave the entries to the other test.
			resource.TestStep{Config: withProvider(gateway, "removed {\n  from = "+entriesAddress+"\n  lifecycle {\n    destroy = false\n  }\n}\n")},
		)
	})
	t.Run("part", func(t *testing.T) {
		t.Parallel()
		runCLI(t,
			persists(part, "flags/k*"),
			resource.TestStep{
				Config:            part,
				ConfigPlanChecks:  plans(plancheck.ExpectEmptyPlan(), exactStateKeys("k000", "k001", "k002")),
				ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(entriesAddress, tfjsonpath.New("id"), knownvalue.StringExact("flags/k*"))},
			},
			resource.TestStep{ResourceName: entriesAddress, ImportState: true, ImportStateVerify: true},
			resource.TestStep{Config: withProvider(gateway, "removed {\n  from = "+entriesAddress+"\n  lifecycle {\n    destroy = false\n  }\n}\n")},
		)
	})
	t.Run("nothing", func(t *testing.T) {
		t.Parallel()
		empty := strings.Replace(manyEntries(gateway, "{}"), `"flags"`, `"empty"`, 1)
		runCLI(t,
			persists(empty, "empty"),
			resource.TestStep{Config: empty, ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan())},
		)
	})
	t.Cleanup(func() {
		if got := requestsTo(gateway); got.puts+got.deletes != 0 {
			t.Errorf("importing changed something: %+v", got)
		}
	})
}

// TestKVEntriesImportMany: more than a list shows are imported, with a warning
// where nothing confirms that these are all.
func TestKVEntriesImportMany(t *testing.T) {
	t.Parallel()
	const certain = ""
	tests := map[string]struct {
		id, want string
		deleted  int
	}{
		"counted":      {id: "flags", want: certain},
		"deleted ones": {id: "flags", deleted: 2, want: `found 1098 entries in bucket "flags". The gateway counts 1100 keys in the bucket.`},
		"a prefix":     {id: "flags/k*", want: `found 1100 entries in bucket "flags". Whether these are all cannot be confirmed: the gateway counts only the keys of a whole bucket`},
		"a few":        {id: "flags/k/109*", deleted: 1, want: certain},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			for i := range 1100 {
				gateway.PutEntry("flags", fmt.Sprintf("k/%04d", i), `{}`)
			}
			for i := range test.deleted {
				gateway.DeleteEntry("flags", fmt.Sprintf("k/%04d", i))
			}
			server := newServer(t)
			configure(t, server, gateway)
			response, err := server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: "quiva_kv_entries", ID: test.id})
			if err != nil || len(response.ImportedResources) != 1 {
				t.Fatalf("imported %+v, %v", response.Diagnostics, err)
			}
			var warning string
			for _, diagnostic := range response.Diagnostics {
				warning += diagnostic.Severity.String() + diagnostic.Detail
			}
			if (warning == "") != (test.want == certain) || !strings.Contains(warning, test.want) {
				t.Errorf("got %q, want %q", warning, test.want)
			}
		})
	}
}
