package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

var entriesIdentityType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"bucket": tftypes.String, "key_prefix": tftypes.String}}

func entriesIdentity(bucket, keyPrefix any) tftypes.Value {
	return tftypes.NewValue(entriesIdentityType, map[string]tftypes.Value{
		"bucket": tftypes.NewValue(tftypes.String, bucket), "key_prefix": tftypes.NewValue(tftypes.String, keyPrefix),
	})
}

func hasEntriesIdentity(t *testing.T, got *tfprotov6.ResourceIdentityData, want tftypes.Value) {
	t.Helper()
	if got == nil || got.IdentityData == nil {
		t.Fatal("there is no identity")
	}
	if identity, err := got.IdentityData.Unmarshal(entriesIdentityType); err != nil || !identity.Equal(want) {
		t.Errorf("the identity is %s (%v), want %s", identity, err, want)
	}
}

// attributesOf returns the attributes of a resource's state.
func attributesOf(t *testing.T, server tfprotov6.ProviderServer, typeName string, state *tfprotov6.DynamicValue) (attributes map[string]tftypes.Value) {
	t.Helper()
	value, err := state.Unmarshal(resourceSchema(t, server, typeName).ValueType())
	if err != nil {
		t.Fatal(err)
	}
	if err := value.As(&attributes); err != nil {
		t.Fatal(err)
	}
	return attributes
}

// TestKVEntriesIdentityOfOldState: a state from before there were identities and
// prefixes gets an identity from whatever is done with it first.
func TestKVEntriesIdentityOfOldState(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "a", `{}`)
	server := newServer(t)
	configure(t, server, gateway)
	upgraded, err := server.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{
		TypeName: "quiva_kv_entries",
		RawState: &tfprotov6.RawState{JSON: []byte(`{"bucket":"flags","entries":{"value":{"a":{}},"type":["object",{"a":["object",{}]}]},"overwrite":false,"id":"flags"}`)},
	})
	noDiagnostics(t, upgraded.Diagnostics, err)
	state := upgraded.UpgradedState
	whole := entriesIdentity("flags", nil)

	read, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: "quiva_kv_entries", CurrentState: state})
	noDiagnostics(t, read.Diagnostics, err)
	hasEntriesIdentity(t, read.NewIdentity, whole)

	schema := resourceSchema(t, server, "quiva_kv_entries")
	attributes := attributesOf(t, server, "quiva_kv_entries", state)
	attributes["overwrite"] = tftypes.NewValue(tftypes.Bool, true)
	planned := objectOf(t, schema, attributes)
	updated, err := server.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{TypeName: "quiva_kv_entries", PriorState: state, PlannedState: planned, Config: planned})
	noDiagnostics(t, updated.Diagnostics, err)
	hasEntriesIdentity(t, updated.NewIdentity, whole)

	configure(t, server, gateway) // another run
	gateway.Inject(mockgateway.Fault{Method: http.MethodDelete, Effect: mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`)})
	none, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), nil))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := server.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{TypeName: "quiva_kv_entries", PriorState: state, PlannedState: &none, Config: &none})
	if err != nil || len(kept.Diagnostics) == 0 {
		t.Fatalf("deleting what is forbidden gave %v, %v", kept.Diagnostics, err)
	}
	hasEntriesIdentity(t, kept.NewIdentity, whole)
}

func TestAccKVEntriesIdentity(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	has := func(keyPrefix knownvalue.Check) []statecheck.StateCheck {
		return []statecheck.StateCheck{statecheck.ExpectIdentity(entriesAddress, map[string]knownvalue.Check{"bucket": knownvalue.StringExact("flags"), "key_prefix": keyPrefix})}
	}
	runCLIFrom(t, tfversion.SkipBelow(tfversion.Version1_12_0),
		resource.TestStep{Config: manyEntries(gateway, numbered(3)), ConfigStateChecks: has(knownvalue.Null())},
		resource.TestStep{ResourceName: entriesAddress, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		resource.TestStep{Config: manyEntries(gateway, numbered(3), `key_prefix = "k"`), ConfigStateChecks: has(knownvalue.StringExact("k"))},
		resource.TestStep{ResourceName: entriesAddress, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		resource.TestStep{Config: manyEntries(gateway, numbered(3)), ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate)), ConfigStateChecks: has(knownvalue.Null())},
	)
}

// TestKVEntriesKeyPrefix: the prefix is part of the ID and of the identity. A wider
// one sends nothing, any other makes another resource.
func TestKVEntriesKeyPrefix(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "other", `{}`)
	id := func(want string) []statecheck.StateCheck {
		prefix := knownvalue.Check(knownvalue.Null())
		if _, pattern, ok := strings.Cut(want, "/"); ok {
			prefix = knownvalue.StringExact(strings.TrimSuffix(pattern, "*"))
		}
		return []statecheck.StateCheck{
			statecheck.ExpectKnownValue(entriesAddress, tfjsonpath.New("id"), knownvalue.StringExact(want)),
			statecheck.ExpectIdentity(entriesAddress, map[string]knownvalue.Check{"bucket": knownvalue.StringExact("flags"), "key_prefix": prefix}),
		}
	}
	nothingWritten := func(*terraform.State) error {
		if got := requestsTo(gateway); got.puts+got.deletes > 0 {
			return fmt.Errorf("requests: %+v", got)
		}
		return nil
	}
	later := func(prefix string) string {
		return withOther(manyEntries(gateway, numbered(3), `key_prefix = terraform_data.other.output`), fmt.Sprintf("%q", prefix))
	}
	stranger := map[string]string{"other": `{}`}
	run(t,
		resource.TestStep{Config: manyEntries(gateway, numbered(3), `key_prefix = "k0"`), ConfigStateChecks: id("flags/k0*"), Check: holdsNumbered(gateway, 3, stranger)},
		resource.TestStep{Config: manyEntries(gateway, numbered(3), `key_prefix = "k0"`), ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan())},
		resource.TestStep{
			PreConfig: gateway.ResetRequests, Config: manyEntries(gateway, numbered(3), `key_prefix = "k"`),
			ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate)), ConfigStateChecks: id("flags/k*"), Check: nothingWritten,
		},
		resource.TestStep{Config: later("x"), ExpectError: message(`Every key of entries must begin with the key_prefix, which is "x". These do not: "k000", "k001", "k002".`)},
		resource.TestStep{Config: later("k"), ConfigStateChecks: id("flags/k*")},
		resource.TestStep{
			PreConfig: gateway.ResetRequests, Config: manyEntries(gateway, numbered(3)),
			ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate)), ConfigStateChecks: id("flags"), Check: nothingWritten,
		},
		resource.TestStep{Config: manyEntries(gateway, numbered(3), `key_prefix = "k"`), ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionReplace)), ConfigStateChecks: id("flags/k*")},
		resource.TestStep{Config: manyEntries(gateway, numbered(4), `key_prefix = ""`), ExpectError: message("must not be empty")},
		resource.TestStep{Config: manyEntries(gateway, numbered(4)), ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate)), Check: holdsNumbered(gateway, 4, stranger)},
	)
}

// TestKVEntriesWiderScope: an exclusive resource whose scope becomes wider deletes
// nothing before a plan has named it, not even from its old scope.
func TestKVEntriesWiderScope(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	const declared = `{ "team.a" = {} }`
	run(t,
		resource.TestStep{Config: manyEntries(gateway, declared, `key_prefix = "team."`, "exclusive = {}")},
		resource.TestStep{
			PreConfig: func() {
				gateway.PutEntry("flags", "team.stray", `{}`)
				gateway.PutEntry("flags", "other", `{}`)
			},
			Config: manyEntries(gateway, declared, "exclusive = {}"), ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate)),
			Check: keysOf(gateway, "other", "team.a", "team.stray"), ExpectNonEmptyPlan: true,
		},
		resource.TestStep{Config: manyEntries(gateway, declared, "exclusive = {}"), Check: keysOf(gateway, "team.a")},
	)
}
