package provider_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestJSONTextValidated: a text that is not the JSON of an object is refused before
// anything is asked, in every resource, and the error says where it is wrong.
func TestJSONTextValidated(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	str := func(value any) tftypes.Value { return tftypes.NewValue(tftypes.String, value) }
	arguments := map[string]string{"value": "quiva_kv_entry", "value_wo": "quiva_kv_entry", "entries": "quiva_kv_entries"}
	for given, want := range map[any]string{
		`{"on": true}`: "", `{}`: "", tftypes.UnknownValue: "",
		"{\n  \"on\": true,\n}":       "this text is not a JSON object: line 3, column 1: expected a property name in double quotes",
		"{\"on\": 1,\n \"on\": 2}":    `line 2, column 2: duplicate property "on"`,
		"\ufeff{}":                    "save it as UTF-8 without one…Correct the text.",
		"\n{\"a\" 1}":                 "Correct the text.",
		`[1]`:                         "line 1, column 1: an object must begin with {",
		`null`:                        "line 1, column 1: an object must begin with {",
		``:                            "wrap it in an object: NAME = { text = … }",
		`{"a": "\ud800"}`:             "half of a character",
		strings.Repeat(`{"a":`, 1001): "deeper than 1000 levels",
		`files/flag.json`:             "this is the name of a file…\n\n  NAME = file(\"files/flag.json\")",
	} {
		for argument, typeName := range arguments {
			value, name := str(given), argument
			if argument == "entries" {
				value = tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, map[string]tftypes.Value{"k": value, "other": str("{}")})
				name = `"k"`
			}
			config := map[string]tftypes.Value{"bucket": str("flags"), argument: value}
			if argument != "entries" {
				config["key"] = str("k")
			}
			if argument == "value_wo" {
				config["value_wo_version"] = tftypes.NewValue(tftypes.Number, 1)
			}
			response, err := server.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{
				TypeName: typeName, Config: objectOf(t, resourceSchema(t, server, typeName), config),
				ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
			})
			if err != nil {
				t.Fatal(err)
			}
			got := describe(response.Diagnostics)
			if (want == "") != (len(response.Diagnostics) == 0) || !matchesText(got, "…"+strings.ReplaceAll(want, "NAME", name)+"…") {
				t.Errorf("%s = %.60q: got %s, want %s", argument, fmt.Sprint(given), got, want)
			}
		}
	}
}

// textForms are the resources whose entry "a" may be a text.
var textForms = map[string]struct {
	importID, configuration string
	at                      tfjsonpath.Path
}{
	entryAddress:   {"flags/a", "resource \"quiva_kv_entry\" \"test\" {\n  bucket = \"flags\"\n  key = \"a\"\n  value = %s\n}\n", tfjsonpath.New("value")},
	entriesAddress: {"flags", "resource \"quiva_kv_entries\" \"test\" {\n  bucket = \"flags\"\n  entries = { a = %s, b = jsonencode({}) }\n}\n", tfjsonpath.New("entries").AtMapKey("a")},
}

// textStep has a resource declare an expression of a text.
func textStep(gateway *mockgateway.Server, address, expression, text string, checks ...plancheck.PlanCheck) resource.TestStep {
	return resource.TestStep{
		Config:           withProvider(gateway, fmt.Sprintf(textForms[address].configuration, expression)) + "variable \"text\" {\n  type = string\n}\n",
		ConfigVariables:  config.Variables{"text": config.StringVariable(text)},
		ConfigPlanChecks: plans(checks...),
	}
}

// TestJSONText: a text is written, compared and refreshed as the object that it
// is, and stays a text in the state.
func TestJSONText(t *testing.T) {
	t.Parallel()
	for address, form := range textForms {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			const text, canonical = `{ "on": true, "n": 1.0 }`, `{"n":1,"on":true}`
			inState := func(want knownvalue.Check, step resource.TestStep) resource.TestStep {
				step.ConfigStateChecks = []statecheck.StateCheck{statecheck.ExpectKnownValue(address, form.at, want)}
				return step
			}
			isText := func(text string) knownvalue.Check { return knownvalue.StringExact(text) }
			// others has somebody else write the entry before a step.
			others := func(value string, step resource.TestStep) resource.TestStep {
				step.PreConfig = func() { gateway.PutEntry("flags", "a", value) }
				return step
			}
			// What is there already and says the same is adopted.
			adopted := others(`{"on":true,"n":10e-1}`, inState(isText(text), textStep(gateway, address, "var.text", text)))
			again := inState(isText(text), textStep(gateway, address, "sensitive(var.text)", text, plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)))
			again.Check = func(*terraform.State) error { writtenBefore(t, gateway, 1); return nil }
			repaired := others(`{"on": false}`, inState(isText(text), textStep(gateway, address, "var.text", text, plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate))))
			repaired.Check = holds(gateway, "flags", "a", canonical)
			turnedOut := inState(isText(`{"n":1,"on":true}`), textStep(gateway, address, "jsonencode({ n = 1, on = terraform_data.other.output })", "", plancheck.ExpectUnknownValue(address, form.at)))
			turnedOut.Config = withOther(turnedOut.Config, "true")
			run(t,
				adopted,
				inState(isText(text), textStep(gateway, address, "var.text", ` {"n": 10e-1,"on":true}`, plancheck.ExpectEmptyPlan())),
				inState(knownvalue.ObjectExact(map[string]knownvalue.Check{"n": knownvalue.Int64Exact(1), "on": knownvalue.Bool(true)}),
					textStep(gateway, address, "{ n = 1, on = true }", "", plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate))),
				again,
				repaired,
				// Whoever declares what others have written has nothing to send, and
				// the state has it as the refresh wrote it.
				others(`{"n":2, "a":[]}`, inState(isText(`{"a":[],"n":2}`), textStep(gateway, address, "var.text", `{ "n": 2, "a": [] }`, plancheck.ExpectEmptyPlan()))),
				inState(isText(`{"n":1.`+strings.Repeat("7", 400)+`}`), textStep(gateway, address, "var.text", `{"n":1.`+strings.Repeat("7", 400)+`}`)),
				others(`{"n":1}`, turnedOut),
			)
			writtenBefore(t, gateway, 7)
		})
	}
}

// TestJSONTextTurnsOut: a text that is not known while planning is checked when
// it is, before anything is written.
func TestJSONTextTurnsOut(t *testing.T) {
	t.Parallel()
	for address := range textForms {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			step := textStep(gateway, address, `"{\"a\": ${terraform_data.other.output}, \"a\": 1}"`, "")
			step.Config, step.ExpectError = withOther(step.Config, "7"), message(`line 1, column 10: duplicate property "a"`)
			run(t, step)
			writtenBefore(t, gateway, 0)
		})
	}
}

// TestJSONTextImported: an import gives a native value, so a configuration in
// text plans one change in place, which sends nothing.
func TestJSONTextImported(t *testing.T) {
	t.Parallel()
	for address, form := range textForms {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(4) {
				random := rand.New(rand.NewPCG(seed, 2))
				given, changed := randomObject(random, 3), randomObject(random, 3)
				canonical, _ := dynamicvalue.Canonical([]byte(given))
				gateway := newGateway(t)
				gateway.PutEntry("flags", "a", given)
				gateway.PutEntry("flags", "b", "{}")
				imported := textStep(gateway, address, "var.text", given)
				imported.ResourceName, imported.ImportState, imported.ImportStateId, imported.ImportStatePersist = address, true, form.importID, true
				asText, asNative := textStep(gateway, address, "var.text", given, atMostInPlace(address)), textStep(gateway, address, "jsondecode(var.text)", given, atMostInPlace(address))
				unsent := func(step resource.TestStep) resource.TestStep {
					step.Check = func(*terraform.State) error { writtenBefore(t, gateway, 1); return nil }
					return step
				}
				repaired := func(step resource.TestStep) resource.TestStep {
					step.PreConfig = func() { gateway.PutEntry("flags", "a", changed) }
					step.Check = holds(gateway, "flags", "a", string(canonical))
					return step
				}
				run(t, imported, unsent(asText), unsent(asNative), unsent(asText), repaired(asText), asNative, repaired(asNative))
			}
		})
	}
}

// randomObject returns the text of a random object, written in a random way.
func randomObject(random *rand.Rand, depth int) string {
	space := func() string { return strings.Repeat(" \n\t\r"[random.IntN(4):][:1], random.IntN(2)) }
	var members []string
	for i := range random.IntN(5) {
		name, _ := json.Marshal(fmt.Sprintf("%c%d", []rune("aä\"\\<😹")[random.IntN(6)], i))
		members = append(members, space()+string(name)+space()+":"+randomValue(random, depth-1)+space())
	}
	return "{" + strings.Join(members, ",") + space() + "}"
}

func randomValue(random *rand.Rand, depth int) string {
	switch random.IntN(5 + min(depth, 1)*4) {
	case 0:
		return [...]string{"null", "true", "false"}[random.IntN(3)]
	case 1:
		return fmt.Sprintf("%d", random.Int64()-random.Int64())
	case 2:
		return fmt.Sprintf("%de%d", random.Int64(), random.IntN(80)-40)
	case 3:
		return fmt.Sprintf("%d.%d%s", random.Int64(), random.Int64(), strings.Repeat("7", random.IntN(60)))
	case 4:
		return [...]string{`""`, `"e\u0301"`, `"\ud83d\ude39\n"`, `"{\"a\":1}"`, `"<&>\u2028"`}[random.IntN(5)]
	case 5, 6:
		return randomObject(random, depth)
	default:
		var elements []string
		for range random.IntN(4) {
			elements = append(elements, randomValue(random, depth-1))
		}
		return "[" + strings.Join(elements, " , ") + "]"
	}
}

// TestTextIsNative: a random object is the same as text and as a native value, is
// written as the same bytes, and comes back as what it was.
func TestTextIsNative(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 1))
		given, changed := randomObject(random, 4), randomObject(random, 4)
		packed, err := tfprotov6.NewDynamicValue(tftypes.DynamicPseudoType, tftypes.NewValue(tftypes.String, given))
		if err != nil {
			t.Fatal(err)
		}
		asText := dynamicvalue.Value(packed.MsgPack)
		native, err := dynamicvalue.Decode([]byte(given))
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, given, err)
		}
		wire, err := dynamicvalue.EncodeEntry(asText)
		nativeWire, nativeErr := dynamicvalue.EncodeEntry(native)
		if err != nil || nativeErr != nil || !bytes.Equal(wire, nativeWire) {
			t.Fatalf("seed %d: %s is written as %s, %v as text, and as %s, %v", seed, given, wire, err, nativeWire, nativeErr)
		}
		digest, _ := dynamicvalue.Digest([]byte(given))
		if !dynamicvalue.Same(asText, native) || !dynamicvalue.HoldsDigest(asText, digest) || !dynamicvalue.HoldsDigest(native, digest) {
			t.Fatalf("seed %d: %s differs as text and as a native value", seed, given)
		}
		for state := range map[dynamicvalue.Value]bool{asText: true, native: true} {
			if same, err := dynamicvalue.Refresh(state, wire); err != nil || same != state {
				t.Fatalf("seed %d: %s is refreshed to %q, %v", seed, given, same, err)
			}
			drift, err := dynamicvalue.Refresh(state, []byte(changed))
			if _, isText := drift.Text(); err != nil || !dynamicvalue.Holds(drift, []byte(changed)) || isText != (state == asText) {
				t.Fatalf("seed %d: %s is refreshed with %s to %q, %v", seed, given, changed, drift, err)
			}
		}
	}
}
