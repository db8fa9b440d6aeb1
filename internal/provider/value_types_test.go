package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// otherTypes are expressions whose Terraform types or numbers are others than
// those that their JSON is read as.
var otherTypes = map[string]struct{ hcl, json string }{
	"list":        {`{ a = tolist(["x", "y"]) }`, `{"a":["x","y"]}`},
	"set":         {`{ a = toset(["y", "x"]) }`, `{"a":["x","y"]}`},
	"map":         {`tomap({ a = ["x"], b = tolist([]) })`, `{"a":["x"],"b":[]}`},
	"typed null":  {`{ a = tostring(null), b = tolist([null, "x"]) }`, `{"a":null,"b":[null,"x"]}`},
	"sensitive":   {`{ a = tolist(["x", sensitive("y")]), b = tomap({ c = sensitive("z") }) }`, `{"a":["x","y"],"b":{"c":"z"}}`},
	"float":       {`{ a = pow(10, -1), b = log(1000, 10), c = 25.5, d = 0.1 }`, `{"a":0.1,"b":2.9999999999999996,"c":25.5,"d":0.1}`},
	"JSON's own":  {`{ a = ["x", { b = null }], c = 1.50 }`, `{"a":["x",{"b":null}],"c":1.5}`},
	"nothing yet": {`{ a = tolist([]), b = tomap({}), c = toset([]) }`, `{"a":[],"b":{},"c":[]}`},
}

// writtenBefore checks that an entry was only written by the test itself.
func writtenBefore(t *testing.T, gateway *mockgateway.Server, times int) {
	t.Helper()
	if writes := gateway.Revisions("flags", "a"); writes != times {
		t.Errorf("the entry was written %d times, want %d", writes, times)
	}
}

// TestImportIntoOtherTypes: an import into a configuration of other types
// plans one change in place at most, which sends nothing. That the plan after it
// is empty, the test framework checks.
func TestImportIntoOtherTypes(t *testing.T) {
	t.Parallel()
	for name, tt := range otherTypes {
		for address, imported := range map[string]struct{ id, configuration string }{
			entryAddress:   {"flags/a", "resource \"quiva_kv_entry\" \"test\" {\n  bucket = \"flags\"\n  key = \"a\"\n  value = " + tt.hcl + "\n}\n"},
			entriesAddress: {"flags", "resource \"quiva_kv_entries\" \"test\" {\n  bucket = \"flags\"\n  entries = { a = " + tt.hcl + " }\n}\n"},
		} {
			t.Run(name+" of "+address, func(t *testing.T) {
				t.Parallel()
				gateway := newGateway(t)
				gateway.PutEntry("flags", "a", tt.json)
				configuration := withProvider(gateway, imported.configuration)
				run(t,
					resource.TestStep{Config: configuration, ResourceName: address, ImportState: true, ImportStateId: imported.id, ImportStatePersist: true},
					resource.TestStep{Config: configuration, ConfigPlanChecks: plans(atMostInPlace(address))},
				)
				writtenBefore(t, gateway, 1)
			})
		}
	}
}

// TestPlanTurnsOut: what is planned while a part is not known is what is
// planned in the apply, also where it turns out that nothing changes.
func TestPlanTurnsOut(t *testing.T) {
	t.Parallel()
	for name, tt := range otherTypes {
		for address, form := range map[string]struct{ id, resource string }{
			entryAddress:   {"flags/a", "resource \"quiva_kv_entry\" \"test\" {\n  bucket = \"flags\"\n  key = \"a\"\n  value = %s\n}\n"},
			entriesAddress: {"flags/a*", "resource \"quiva_kv_entries\" \"test\" {\n  bucket = \"flags\"\n  key_prefix = \"a\"\n  entries = { a = %s }\n}\n"},
		} {
			t.Run(name+" of "+address, func(t *testing.T) {
				t.Parallel()
				gateway := newGateway(t)
				gateway.PutEntry("flags", "src", `{"hosts":["h"]}`)
				gateway.PutEntry("flags", "a", `{"hosts":["h"],"other":`+tt.json+`}`)
				deferred := func(run int) string {
					return withProvider(gateway, fmt.Sprintf(form.resource, "{ hosts = data.quiva_kv_entry.src.value.hosts, other = "+tt.hcl+" }")) +
						"data \"quiva_kv_entry\" \"src\" {\n  bucket = \"flags\"\n  key = \"src\"\n  depends_on = [terraform_data.first]\n}\n" +
						fmt.Sprintf("resource \"terraform_data\" \"first\" {\n  input = %d\n}\n", run)
				}
				run(t,
					resource.TestStep{Config: deferred(1), ResourceName: address, ImportState: true, ImportStateId: form.id, ImportStatePersist: true},
					resource.TestStep{Config: deferred(1), ConfigPlanChecks: plans(atMostInPlace(address))},
					resource.TestStep{Config: deferred(2), ConfigPlanChecks: plans(atMostInPlace(address))},
				)
				writtenBefore(t, gateway, 1)
			})
		}
	}
}

// TestDriftKeepsTypes: a refresh keeps the types that the configuration gave,
// so following what others have written plans nothing at all.
func TestDriftKeepsTypes(t *testing.T) {
	t.Parallel()
	for address, resourceOf := range map[string]string{
		entryAddress:   "resource \"quiva_kv_entry\" \"test\" {\n  bucket = \"flags\"\n  key = \"a\"\n  value = %s\n}\n",
		entriesAddress: "resource \"quiva_kv_entries\" \"test\" {\n  bucket = \"flags\"\n  entries = { a = %s }\n}\n",
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			step := func(zones string) resource.TestStep {
				return resource.TestStep{Config: withProvider(gateway, fmt.Sprintf(resourceOf, `{ zones = tolist(`+zones+`), tags = tomap({ k = toset(["v"]) }), note = tostring(null) }`))}
			}
			followed := step(`["z", "w"]`)
			followed.PreConfig = func() {
				gateway.PutEntry("flags", "a", `{"note":null,"tags":{"k":["v"]},"zones":["z","w"]}`)
			}
			followed.ConfigPlanChecks = plans(plancheck.ExpectEmptyPlan())
			run(t, step(`["z"]`), followed)
			writtenBefore(t, gateway, 2)
		})
	}
}

// TestTypedVariable: the variable's type changes, the JSON does not, so nothing is sent.
func TestTypedVariable(t *testing.T) {
	t.Parallel()
	hosts := config.Variables{"hosts": config.ListVariable(config.StringVariable("x"), config.StringVariable("y"))}
	for address, of := range map[string]func(*mockgateway.Server) string{
		entryAddress:      func(gateway *mockgateway.Server) string { return entry(gateway, "a", "{ hosts = var.hosts }") },
		propertiesAddress: func(gateway *mockgateway.Server) string { return propertiesOf(gateway, "{ hosts = var.hosts }") },
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			typed := func(variable string, checks ...plancheck.PlanCheck) resource.TestStep {
				configuration := of(gateway) + fmt.Sprintf("variable \"hosts\" {\n  type = %s\n}\n", variable)
				return resource.TestStep{Config: configuration, ConfigVariables: hosts, ConfigPlanChecks: plans(checks...)}
			}
			run(t,
				typed("any"),
				typed("list(string)", atMostInPlace(address)),
				typed("set(string)", atMostInPlace(address)),
				typed("tuple([string, string])", atMostInPlace(address)),
			)
			writtenBefore(t, gateway, 1)
		})
	}
}
