package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/provider"
)

// arguments is a configuration of one entry with any arguments.
func arguments(gateway *mockgateway.Server, more ...string) string {
	return withProvider(gateway, "resource \"quiva_kv_entry\" \"test\" {\n  bucket = \"flags\"\n  key = \"a\"\n"+lines(more)+"}\n")
}

// TestAccKVEntryWriteOnly: a secret is written on create and with each version,
// and nothing else brings it back.
func TestAccKVEntryWriteOnly(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	null := stateValue(tfjsonpath.New("value"), knownvalue.Null())
	nullWO := stateValue(tfjsonpath.New("value_wo"), knownvalue.Null())
	writes := func(want int) resource.TestCheckFunc {
		return func(*terraform.State) error {
			if got := gateway.Revisions("flags", "a"); got != want {
				return fmt.Errorf("the entry was written %d times, want %d", got, want)
			}
			return nil
		}
	}
	secret := func(value, version string) string {
		return arguments(gateway, `value_wo = { password = "`+value+`" }`, "value_wo_version = "+version)
	}
	const md5 = "317703211214498471213873563421037543239" // any number will do, also of 128 bits
	runCLI(t,
		resource.TestStep{
			Config:            secret("one", "20261130.1"),
			ConfigPlanChecks:  plansAction(plancheck.ResourceActionCreate),
			Check:             resource.ComposeTestCheckFunc(holds(gateway, "flags", "a", `{"password":"one"}`), writes(1)),
			ConfigStateChecks: []statecheck.StateCheck{null, nullWO, stateValue(tfjsonpath.New("value_wo_version"), knownvalue.Float64Exact(20261130.1))},
		},
		// Another value alone goes unnoticed, as documented.
		resource.TestStep{
			Config:           secret("two", "20261130.10"),
			ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()),
			Check:            writes(1),
		},
		resource.TestStep{
			Config:            secret("two", md5),
			ConfigPlanChecks:  plansAction(plancheck.ResourceActionUpdate),
			Check:             resource.ComposeTestCheckFunc(holds(gateway, "flags", "a", `{"password":"two"}`), writes(2)),
			ConfigStateChecks: []statecheck.StateCheck{null, nullWO},
		},
		// A refresh checks whether the entry exists, not what it holds.
		resource.TestStep{
			PreConfig:         func() { gateway.PutEntry("flags", "a", `{"password":"elsewhere"}`) },
			Config:            secret("two", md5),
			ConfigPlanChecks:  plans(plancheck.ExpectEmptyPlan()),
			ConfigStateChecks: []statecheck.StateCheck{null, nullWO},
		},
		resource.TestStep{
			PreConfig:        func() { gateway.DeleteEntry("flags", "a") },
			Config:           secret("two", md5),
			ConfigPlanChecks: plansAction(plancheck.ResourceActionCreate),
			Check:            holds(gateway, "flags", "a", `{"password":"two"}`),
		},
		// To a stored value and back, without a replace.
		resource.TestStep{
			Config:            arguments(gateway, `value = { password = "known" }`),
			ConfigPlanChecks:  plansAction(plancheck.ResourceActionUpdate),
			Check:             holds(gateway, "flags", "a", `{"password":"known"}`),
			ConfigStateChecks: []statecheck.StateCheck{stateValue(tfjsonpath.New("value").AtMapKey("password"), knownvalue.StringExact("known"))},
		},
		resource.TestStep{
			PreConfig:        func() { gateway.PutEntry("flags", "a", `{"password":"drift"}`) },
			Config:           arguments(gateway, `value = { password = "known" }`),
			ConfigPlanChecks: plansAction(plancheck.ResourceActionUpdate),
		},
		resource.TestStep{
			Config:            arguments(gateway, `value_wo = { password = "hidden" }`),
			ConfigPlanChecks:  plansAction(plancheck.ResourceActionUpdate),
			Check:             holds(gateway, "flags", "a", `{"password":"hidden"}`),
			ConfigStateChecks: []statecheck.StateCheck{null, nullWO},
		},
	)
}

// TestKVEntryWriteOnlyValidated: a value that is not known yet may turn out null, also
// if its type is known. A secret without a version is warned of in the validation of the
// block, and not again for each instance, which Terraform validates once the provider is
// configured. A Terraform before 1.11 gets an error, not a secret in its state.
func TestKVEntryWriteOnlyValidated(t *testing.T) {
	t.Parallel()
	const unversioned = "Changes to value_wo will not be detected"
	object := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"a": tftypes.Bool}}
	known := tftypes.NewValue(object, map[string]tftypes.Value{"a": tftypes.NewValue(tftypes.Bool, tftypes.UnknownValue)})
	unknown := tftypes.NewValue(tftypes.DynamicPseudoType, tftypes.UnknownValue)
	unknownObject := tftypes.NewValue(object, tftypes.UnknownValue)
	unknownMap := tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, tftypes.UnknownValue)
	null := tftypes.NewValue(object, nil)
	version := func(value any) tftypes.Value { return tftypes.NewValue(tftypes.Number, value) }
	type values = map[string]tftypes.Value
	tests := map[string]struct {
		arguments              values
		isConfigured, isTooOld bool
		want                   string // summary of the error or warning
	}{
		"a map, or a secret":            {arguments: values{"value": unknownMap, "value_wo": known}},
		"one way or the other":          {arguments: values{"value": unknownObject, "value_wo": unknownObject}},
		"a value, or an unknown secret": {arguments: values{"value": known, "value_wo": unknownMap}},
		"no type":                       {arguments: values{"value": unknown, "value_wo": known}},
		"no type of either":             {arguments: values{"value": unknown, "value_wo": unknown}},
		"a version, or none":            {arguments: values{"value": known, "value_wo_version": version(tftypes.UnknownValue)}},
		"a part that is not known":      {arguments: values{"value": known, "value_wo": known}, want: "Both value and value_wo are set"},
		"null of a type":                {arguments: values{"value": null, "value_wo": null}, want: "Value is missing"},
		"never an object":               {arguments: values{"value": tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, tftypes.UnknownValue)}, want: "Value is not an object"},

		"secret":          {arguments: values{"value_wo": known}, want: unversioned},
		"unknown secret":  {arguments: values{"value_wo": unknown}, want: unversioned},
		"instance":        {arguments: values{"value_wo": known}, isConfigured: true},
		"version":         {arguments: values{"value_wo": known, "value_wo_version": version(0)}},
		"unknown version": {arguments: values{"value_wo": known, "value_wo_version": version(tftypes.UnknownValue)}},
		"no secret":       {arguments: values{"value": known}},
		"old Terraform":   {arguments: values{"value_wo": known, "value_wo_version": version(1)}, isTooOld: true, want: "WriteOnly Attribute Not Allowed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t)
			if test.isConfigured {
				configure(t, server, newGateway(t))
			}
			maps.Copy(test.arguments, values{"bucket": tftypes.NewValue(tftypes.String, "flags"), "key": tftypes.NewValue(tftypes.String, "a")})
			response, err := server.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{
				TypeName: "quiva_kv_entry", Config: objectOf(t, resourceSchema(t, server, "quiva_kv_entry"), test.arguments),
				ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: !test.isTooOld},
			})
			if err != nil {
				t.Fatal(err)
			}
			var got string
			for _, diagnostic := range response.Diagnostics {
				got += diagnostic.Summary
				if test.isTooOld && !strings.Contains(diagnostic.Detail, "Terraform 1.11") {
					t.Errorf("an old Terraform is told %s", diagnostic.Detail)
				}
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestKVEntryTurnsOutNull: which of the values is set can depend on what is
// known in the apply only.
func TestKVEntryTurnsOutNull(t *testing.T) {
	t.Parallel()
	for secret, want := range map[bool]string{true: `{"password":"s"}`, false: `{"on":true}`} {
		t.Run(fmt.Sprint(secret), func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			run(t, resource.TestStep{
				Config: arguments(gateway, "value = terraform_data.secret.output ? null : { on = true }", "value_wo = terraform_data.secret.output ? { password = \"s\" } : null") +
					fmt.Sprintf("resource \"terraform_data\" \"secret\" {\n  input = %t\n}\n", secret),
				Check: holds(gateway, "flags", "a", want),
			})
		})
	}
}

// newServer returns the provider as Terraform speaks to it.
func newServer(t *testing.T) tfprotov6.ProviderServer {
	t.Helper()
	server, err := provider.NewServer(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func resourceSchema(t *testing.T, server tfprotov6.ProviderServer, name string) *tfprotov6.Schema {
	t.Helper()
	response, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return response.ResourceSchemas[name]
}

// objectOf packs a value of a schema's type, with null for what is left out.
func objectOf(t *testing.T, schema *tfprotov6.Schema, values map[string]tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	valueType, ok := schema.ValueType().(tftypes.Object)
	if !ok {
		t.Fatalf("the schema is of type %s", schema.ValueType())
	}
	for name, attributeType := range valueType.AttributeTypes {
		if _, ok := values[name]; !ok {
			values[name] = tftypes.NewValue(attributeType, nil)
		}
	}
	packed, err := tfprotov6.NewDynamicValue(valueType, tftypes.NewValue(valueType, values))
	if err != nil {
		t.Fatal(err)
	}
	return &packed
}

// TestAccKVEntryEphemeral: what the entry holds reaches where it is needed and
// no file.
func TestAccKVEntryEphemeral(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "secret", `{"password":"geheim","ports":[1,2]}`)
	configuration := withProvider(gateway, `
ephemeral "quiva_kv_entry" "secret" {
  bucket = "flags"
  key    = "secret"
}
provider "echo" {
  data = ephemeral.quiva_kv_entry.secret.value
}
resource "echo" "seen" {}
resource "quiva_kv_entry" "copy" {
  bucket           = "flags"
  key              = "copy"
  value_wo         = { copied = ephemeral.quiva_kv_entry.secret.value.password }
  value_wo_version = 1
}
# Some OpenTofu releases count the opening of an ephemeral resource as a change, which the
# step has to expect or not: so there always is one.
resource "terraform_data" "always" {
  triggers_replace = timestamp()
}
`)
	factories := map[string]func() (tfprotov6.ProviderServer, error){"echo": echoprovider.NewProviderServer()}
	for name, factory := range providerFactories {
		factories[name] = factory
	}
	runCLICase(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{{
			Config:             configuration,
			ExpectNonEmptyPlan: true,
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction("quiva_kv_entry.copy", plancheck.ResourceActionNoop),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("echo.seen", tfjsonpath.New("data"), knownvalue.ObjectExact(map[string]knownvalue.Check{
					"password": knownvalue.StringExact("geheim"),
					"ports":    knownvalue.TupleExact([]knownvalue.Check{knownvalue.Int64Exact(1), knownvalue.Int64Exact(2)}),
				})),
				statecheck.ExpectKnownValue("quiva_kv_entry.copy", tfjsonpath.New("value"), knownvalue.Null()),
			},
			Check: holds(gateway, "flags", "copy", `{"copied":"geheim"}`),
		}},
	})
}

// nowhere checks that neither what a plan changes nor the state after its refresh
// holds a text.
type nowhere string

func (text nowhere) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	plan, err := json.Marshal([]any{req.Plan.ResourceChanges, req.Plan.ResourceDrift, req.Plan.PriorState})
	if err != nil {
		resp.Error = err
	} else if strings.Contains(string(plan), string(text)) {
		resp.Error = fmt.Errorf("the plan holds %s", text)
	}
}

// TestKVEntryWriteOnlyUnseen: a secret that was written although the write
// failed for Terraform is not read, whatever the state had before.
func TestKVEntryWriteOnlyUnseen(t *testing.T) {
	t.Parallel()
	const canary = "s3cr3t-canary"
	const known, secret = `value = { password = "known" }`, `value_wo = { password = "` + canary + `" }`
	replaced := func(n int) []string {
		return []string{"lifecycle {\n replace_triggered_by = [terraform_data.other]\n }\n}\n" + fmt.Sprintf("resource \"terraform_data\" \"other\" {\n input = %d", n)}
	}
	updates := []plancheck.PlanCheck{plancheck.ExpectResourceAction(entryAddress, plancheck.ResourceActionUpdate)}
	for name, tt := range map[string]struct {
		before, lost, after []string // arguments
		checks              []plancheck.PlanCheck
		holds               string
	}{
		"in place": {[]string{known}, []string{secret}, []string{secret}, updates, canary},
		"rotated, and rolled back": {
			[]string{`value_wo = { password = "old" }`, "value_wo_version = 1"}, []string{secret, "value_wo_version = 2"},
			[]string{`value_wo = { password = "old" }`, "value_wo_version = 1"}, updates, "old",
		},
		"taken over": {append([]string{known}, replaced(1)...), append([]string{secret}, replaced(2)...), append([]string{secret}, replaced(2)...), nil, canary},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			lose := func() {
				gateway.Inject(mockgateway.Fault{Method: http.MethodPut, Effect: mockgateway.LoseResponse()})
			}
			written := func() {
				gateway.ClearFaults()
				if held, _ := gateway.Entry("flags", "a"); !strings.Contains(held, canary) {
					t.Errorf("the gateway holds %s: the write was not carried out", held)
				}
			}
			run(t,
				resource.TestStep{Config: arguments(gateway, tt.before...)},
				resource.TestStep{PreConfig: lose, Config: arguments(gateway, tt.lost...), ExpectError: message("Could not write entry")},
				resource.TestStep{
					PreConfig:         written,
					Config:            arguments(gateway, tt.after...),
					ConfigPlanChecks:  plans(append(tt.checks, nowhere(canary))...),
					ConfigStateChecks: []statecheck.StateCheck{stateValue(tfjsonpath.New("value"), knownvalue.Null())},
					Check:             holds(gateway, "flags", "a", fmt.Sprintf(`{"password":%q}`, tt.holds)),
				},
			)
		})
	}
}
