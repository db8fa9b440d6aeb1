package provider_test

import (
	"fmt"
	"net/http"
	"reflect"
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

// TestKVEntriesIdentityOfOldState: an object from before there were identities gets
// one from whatever is done with it first.
func TestKVEntriesIdentityOfOldState(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	w := newWorkspace(t)
	w.must(manyEntries(gateway, `{ a = {} }`), planOptions{})
	apply := func(configuration string, options planOptions) []diagnostic {
		o := w.state[objectKey{entriesAddress, 0}]
		want := o.identity
		o.identity = nil
		options.noRefresh = true
		diagnostics := w.planAndApply(configuration, options)
		if got := w.state[objectKey{entriesAddress, 0}].identity; got == nil || !reflect.DeepEqual(got, want) {
			t.Errorf("the identity is %+v, want %+v", got, want)
		}
		return diagnostics
	}
	w.check(errorOf(apply(manyEntries(gateway, `{ a = {} }`, "overwrite = true"), planOptions{})))
	gateway.Inject(mockgateway.Fault{Method: http.MethodDelete, Effect: mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`)})
	if errorOf(apply(manyEntries(gateway, `{ a = {} }`), planOptions{destroy: true})) == nil {
		t.Error("deleting what is forbidden succeeds")
	}
}

func TestAccKVEntriesIdentity(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	has := func(keyPrefix knownvalue.Check) []statecheck.StateCheck {
		return []statecheck.StateCheck{statecheck.ExpectIdentity(entriesAddress, map[string]knownvalue.Check{"bucket": knownvalue.StringExact("flags"), "key_prefix": keyPrefix})}
	}
	runCLICase(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
		ProtoV6ProviderFactories: providerFactories,
		Steps: []resource.TestStep{
			{Config: manyEntries(gateway, numbered(3)), ConfigStateChecks: has(knownvalue.Null())},
			{ResourceName: entriesAddress, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
			{Config: manyEntries(gateway, numbered(3), `key_prefix = "k"`), ConfigStateChecks: has(knownvalue.StringExact("k"))},
			{ResourceName: entriesAddress, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
			{Config: manyEntries(gateway, numbered(3)), ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate)), ConfigStateChecks: has(knownvalue.Null())},
		},
	})
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

// TestKVEntriesScope: an exclusive resource deletes nothing outside its prefix. One
// whose scope becomes wider deletes nothing before a plan has named it, not even from
// its old scope.
func TestKVEntriesScope(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	for _, key := range []string{"team.old", "teams", "other"} {
		gateway.PutEntry("flags", key, `{}`)
	}
	const declared = `{ "team.a" = {} }`
	narrow, wide := manyEntries(gateway, declared, `key_prefix = "team."`, "exclusive = {}"), manyEntries(gateway, declared, "exclusive = {}")
	run(t,
		resource.TestStep{Config: narrow, ExpectNonEmptyPlan: true},
		resource.TestStep{Config: narrow, ConfigPlanChecks: plans(prunes{entriesAddress: {"team.old"}}), Check: keysOf(gateway, "other", "team.a", "teams")},
		resource.TestStep{
			PreConfig: func() { gateway.PutEntry("flags", "team.stray", `{}`) },
			Config:    wide, ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate)),
			Check: keysOf(gateway, "other", "team.a", "team.stray", "teams"), ExpectNonEmptyPlan: true,
		},
		resource.TestStep{Config: wide, Check: keysOf(gateway, "team.a")},
	)
}
