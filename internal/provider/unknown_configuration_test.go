package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// withVault is a provider block whose arguments a resource computes again with
// each rotation.
func withVault(gateway *mockgateway.Server, rotation int) string {
	return fmt.Sprintf(`
resource "terraform_data" "vault" {
  input = { endpoint = %q, token = %q, rotation = %d }
}
provider "quiva" {
  endpoint = terraform_data.vault.output.endpoint
  token    = terraform_data.vault.output.token
}
`, gateway.URL, mockgateway.DefaultToken, rotation)
}

// TestProviderUnknown: an argument that another resource computes does not
// keep resources from being planned, in one go with that other resource. What
// cannot do without the gateway names the argument.
func TestProviderUnknown(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "held", `{"a":1}`)
	block := func(rotation int) string { return withVault(gateway, rotation) }
	entry := func(key string, n int) string {
		return fmt.Sprintf("resource \"quiva_kv_entry\" \"test\" {\n  bucket = \"flags\"\n  key = %q\n  value = { n = %d }\n}\n", key, n)
	}
	const unknown = `the provider's arguments "endpoint" and "token" will be known only after apply.`

	t.Run("plans", func(t *testing.T) {
		t.Parallel()
		run(t,
			resource.TestStep{Config: block(1) + entry("planned", 1), Check: holds(gateway, "flags", "planned", `{"n":1}`)},
			resource.TestStep{
				Config:           block(2) + entry("planned", 2),
				ConfigPlanChecks: plansAction(plancheck.ResourceActionUpdate),
				Check:            holds(gateway, "flags", "planned", `{"n":2}`),
			},
			// What was deleted outside Terraform meanwhile is deleted, and created
			// again by the next apply only: nothing was refreshed.
			resource.TestStep{
				PreConfig:          func() { gateway.DeleteEntry("flags", "planned") },
				Config:             block(3) + entry("planned", 2),
				ConfigPlanChecks:   plansAction(plancheck.ResourceActionNoop),
				ExpectNonEmptyPlan: true,
			},
			resource.TestStep{Config: block(3) + entry("planned", 2), Check: holds(gateway, "flags", "planned", `{"n":2}`)},
			resource.TestStep{
				Config:           block(4) + entry("renamed", 2),
				ConfigPlanChecks: plansAction(plancheck.ResourceActionDestroyBeforeCreate),
				Check:            holds(gateway, "flags", "renamed", `{"n":2}`),
			},
			resource.TestStep{Config: block(5), Check: absent(gateway, "renamed")},
		)
	})
	for name, configuration := range map[string]string{
		"data source": "data \"quiva_kv_entry\" \"held\" {\n bucket = \"flags\"\n key = \"held\"\n}\n",
		"ephemeral":   "ephemeral \"quiva_kv_entry\" \"held\" {\n bucket = \"flags\"\n key = \"held\"\n}\n",
		"import":      "import {\n to = quiva_kv_entry.test\n id = \"flags/held\"\n}\n" + entry("held", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, resource.TestStep{Config: block(1) + configuration, ExpectError: message("The gateway is needed now, but " + unknown)})
		})
	}
}

// TestProviderUnknownOfMany: what exists is planned from the state, with one warning
// however much there is, and the apply does it.
func TestProviderUnknownOfMany(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	w := newWorkspace(t)
	configuration := func(rotation, count, n int) string {
		return withVault(gateway, rotation) + fmt.Sprintf(`
resource "quiva_kv_bucket" "test" {
  bucket = "test"
}
resource "quiva_kv_entry" "test" {
  count  = %d
  bucket = quiva_kv_bucket.test.bucket
  key    = "k${count.index}"
  value  = { n = count.index == 0 ? %d : count.index }
}
resource "quiva_kv_entries" "test" {
  bucket  = "flags"
  entries = { a = { n = 1 }, b = { n = %[2]d } }
}
`, count, n)
	}
	w.must(configuration(1, 60, 1), planOptions{})

	gateway.ResetRequests()
	planned := w.plan(configuration(2, 59, 2), planOptions{})
	w.check(errorOf(planned.diagnostics))
	warnings := func(said []diagnostic) (details string, count int) {
		for _, d := range said {
			if d.summary == "State not refreshed" {
				details, count = details+d.detail, count+1
			}
		}
		return details, count
	}
	if details, count := warnings(planned.diagnostics); count != 1 || !strings.Contains(details, `the provider's arguments "endpoint" and "token" will be known only after apply.`) {
		t.Errorf("the plan warns %d times: %s", count, details)
	}
	actions := map[action]int{}
	for _, c := range planned.changes {
		actions[c.action]++
	}
	if want := map[action]int{noOp: 59, update: 3, deletion: 1}; !maps.Equal(actions, want) {
		t.Errorf("the plan has %v, want %v", actions, want)
	}
	if requests := gateway.Count("", ""); requests != 0 {
		t.Errorf("the plan sent %d requests", requests)
	}
	said := w.apply(planned)
	w.check(errorOf(said))
	again := w.plan(configuration(2, 59, 2), planOptions{})
	w.check(errorOf(again.diagnostics))
	if details, count := warnings(slices.Concat(said, again.diagnostics)); count > 0 {
		t.Errorf("the apply or a plan with a known credential warns: %s", details)
	}
	held := gateway.Entries("test")
	if len(held) != 59 || held["k0"] != `{"n":2}` || held["k58"] != `{"n":58}` || gateway.Entries("flags")["b"] != `{"n":2}` {
		t.Errorf("the gateway holds %v and %v", held, gateway.Entries("flags"))
	}

	// Destroying knows the credential: it is in the state.
	w.must(configuration(3, 59, 2), planOptions{destroy: true})
	if held := gateway.Entries("flags"); len(held) != 0 {
		t.Errorf("the gateway still holds %v", held)
	}
}

// TestUnknownConfigurationAfterMove: what was just moved from another provider
// was never read, so there is no state to keep.
func TestUnknownConfigurationAfterMove(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	configureUnknown(t, server, false)
	text := func(value string) tftypes.Value { return tftypes.NewValue(tftypes.String, value) }
	for typeName, names := range map[string]map[string]tftypes.Value{
		"quiva_kv_bucket": {"bucket": text("flags"), "id": text("flags")},
		"quiva_kv_entry":  {"bucket": text("flags"), "key": text("a"), "id": text("flags/a")},
	} {
		read, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
			TypeName: typeName, CurrentState: objectOf(t, resourceSchema(t, server, typeName), names),
		})
		if err != nil || len(read.Diagnostics) != 1 || read.Diagnostics[0].Severity != tfprotov6.DiagnosticSeverityError ||
			!strings.Contains(read.Diagnostics[0].Detail, `the provider's argument "token" will be known only after apply.`) {
			t.Errorf("%s: %s, %v", typeName, describe(read.Diagnostics), err)
		}
	}
}

// TestDeferral: a client that allows it hears that everything is deferred, also
// of what stays as it is, and gets plans as complete as others.
func TestDeferral(t *testing.T) {
	t.Parallel()
	text := func(value string) tftypes.Value { return tftypes.NewValue(tftypes.String, value) }
	object := tftypes.Object{AttributeTypes: map[string]tftypes.Type{}}
	value := tftypes.NewValue(object, map[string]tftypes.Value{})
	entries := tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"a": object}}, map[string]tftypes.Value{"a": value})
	isFalse := tftypes.NewValue(tftypes.Bool, false)
	tests := map[string]map[string]tftypes.Value{ // the state of each resource
		"quiva_kv_bucket": {
			"bucket": text("flags"), "id": text("flags"), "history": tftypes.NewValue(tftypes.Number, 1), "replicas": tftypes.NewValue(tftypes.Number, 1),
			"storage": text("file"), "compression": isFalse, "force_destroy": isFalse,
		},
		"quiva_kv_entry":            {"bucket": text("flags"), "key": text("a"), "value": value, "overwrite": isFalse, "id": text("flags/a")},
		"quiva_kv_entry_properties": {"bucket": text("flags"), "key": text("a"), "properties": value, "on_destroy": text("keep"), "overwrite": isFalse, "id": text("flags/a")},
		"quiva_kv_entries":          {"bucket": text("flags"), "entries": entries, "overwrite": isFalse, "id": text("flags")},
	}
	isDeferred := func(deferred *tfprotov6.Deferred) bool {
		return deferred != nil && deferred.Reason == tfprotov6.DeferredReasonProviderConfigUnknown
	}
	for typeName, state := range tests {
		t.Run(typeName, func(t *testing.T) {
			t.Parallel()
			server := newServer(t)
			configureUnknown(t, server, true)
			schema := resourceSchema(t, server, typeName)
			held := objectOf(t, schema, state)
			read, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
				TypeName: typeName, CurrentState: held, ClientCapabilities: &tfprotov6.ReadResourceClientCapabilities{DeferralAllowed: true},
			})
			noDiagnostics(t, read.Diagnostics, err)
			if !isDeferred(read.Deferred) {
				t.Error("the refresh is not deferred")
			}
			plan := func(prior, proposed *tfprotov6.DynamicValue) *tfprotov6.PlanResourceChangeResponse {
				t.Helper()
				planned, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
					TypeName: typeName, PriorState: prior, ProposedNewState: proposed, Config: proposed,
					ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: true},
				})
				noDiagnostics(t, slices.DeleteFunc(planned.Diagnostics, func(d *tfprotov6.Diagnostic) bool { return strings.HasPrefix(d.Summary, "This change deletes ") }), err)
				if !isDeferred(planned.Deferred) {
					t.Error("the plan is not deferred")
				}
				return planned
			}
			if planned := plan(held, held); !slices.Equal(planned.PlannedState.MsgPack, held.MsgPack) {
				t.Error("the plan of what stays as it is changes it")
			}
			none := noObject(t, server, typeName)
			configureUnknown(t, server, true) // another plan
			plan(held, none)
			configureUnknown(t, server, true) // another plan
			delete(state, "id")
			created := plan(none, objectOf(t, schema, state))
			if id := attributesOf(t, server, typeName, created.PlannedState)["id"]; !id.IsKnown() || id.IsNull() {
				t.Errorf("the plan of a creation has the ID %s", id)
			}
		})
	}
}

// configureUnknown configures a provider whose token is not known yet.
func configureUnknown(t *testing.T, server tfprotov6.ProviderServer, deferralAllowed bool) {
	t.Helper()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	configured, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		Config:             objectOf(t, schemas.Provider, map[string]tftypes.Value{"token": tftypes.NewValue(tftypes.String, tftypes.UnknownValue)}),
		ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: deferralAllowed},
	})
	noDiagnostics(t, configured.Diagnostics, err)
}

// noObject is the state of a resource that is not there.
func noObject(t *testing.T, server tfprotov6.ProviderServer, typeName string) *tfprotov6.DynamicValue {
	t.Helper()
	valueType := resourceSchema(t, server, typeName).ValueType()
	none, err := tfprotov6.NewDynamicValue(valueType, tftypes.NewValue(valueType, nil))
	if err != nil {
		t.Fatal(err)
	}
	return &none
}
