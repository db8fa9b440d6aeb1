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
	part := manyEntries(gateway, numbered(3))
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
	t.Run("whole bucket", func(t *testing.T) {
		t.Parallel()
		run(t,
			fails("/", form),
			fails("/k*", form),
			fails("flags/", form),
			fails("flags/..", form),
			fails("..", form),
			fails("absent", `has no bucket "absent"`),
			fails("absent/k*", `has no bucket "absent"`),
			fails("fl ags", "Gateway rejected the request"),
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
		run(t,
			persists(part, "flags/k*"),
			resource.TestStep{Config: part, ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan(), exactStateKeys("k000", "k001", "k002"))},
			resource.TestStep{Config: withProvider(gateway, "removed {\n  from = "+entriesAddress+"\n  lifecycle {\n    destroy = false\n  }\n}\n")},
		)
	})
	t.Run("nothing", func(t *testing.T) {
		t.Parallel()
		empty := strings.Replace(manyEntries(gateway, "{}"), `"flags"`, `"empty"`, 1)
		run(t,
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

// TestKVEntriesImportFull: a list as long as lists get draws a warning.
func TestKVEntriesImportFull(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	for i := range 999 {
		gateway.PutEntry("flags", fmt.Sprintf("k/%d", i), `{}`)
	}
	server := newServer(t)
	configure(t, server, gateway)
	importing := func(id string) []*tfprotov6.Diagnostic {
		response, err := server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: "quiva_kv_entries", ID: id})
		if err != nil || len(response.ImportedResources) != 1 {
			t.Fatalf("importing %s gave %+v, %v", id, response.Diagnostics, err)
		}
		return response.Diagnostics
	}
	for _, id := range []string{"flags", "flags/k*"} {
		noDiagnostics(t, importing(id), nil)
	}
	gateway.PutEntry("flags", "k/more", `{}`)
	for _, id := range []string{"flags", "flags/k*"} {
		diagnostics := importing(id)
		if len(diagnostics) != 1 || diagnostics[0].Severity != tfprotov6.DiagnosticSeverityWarning || diagnostics[0].Summary != "Some entries may be missing" ||
			!strings.Contains(diagnostics[0].Detail, "'flags/PREFIX*'") {
			t.Errorf("importing %s of 1000 entries says %+v", id, diagnostics)
		}
	}
}
