package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// TestAccKVEntriesValues: what a configuration can say, what the gateway then
// holds, and that the plan after it is empty, which the test framework checks.
func TestAccKVEntriesValues(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	values := map[string]struct{ hcl, want string }{
		"empty":        {`{}`, `{}`},
		"null-inside":  {`{ a = null, b = [null, 1], c = { d = tostring(null) } }`, `{"a":null,"b":[null,1],"c":{"d":null}}`},
		"mixed-list":   {`{ a = [1, "x", true, [2], { b = 3 }] }`, `{"a":[1,"x",true,[2],{"b":3}]}`},
		"list-and-set": {`{ list = tolist(["b", "a"]), set = toset(["b", "a"]) }`, `{"list":["b","a"],"set":["a","b"]}`},
		// Some of which Terraform sends as a float64.
		"exact-floats":  {`{ a = 1180591620717411303424, b = 0.0009765625 }`, `{"a":1180591620717411303424,"b":0.0009765625}`},
		"exact-numbers": {`{ a = 9007199254740993, b = 0.1, c = 123456789012345678901234567890.5, d = -1e-30 }`, `{"a":9007199254740993,"b":0.1,"c":123456789012345678901234567890.5,"d":-0.000000000000000000000000000001}`},
		"unicode":       {`{ "größe/µ" = "日本 🚀 \"quoted\" \\ \n <&>", "" = "empty name" }`, `{"":"empty name","größe/µ":"日本 🚀 \"quoted\" \\ \n <&>"}`},
		"map":           {`tomap({ a = "1", b = "2" })`, `{"a":"1","b":"2"}`},
		"a/b//=_.-Z9":   {`jsondecode("{\"a\":[1,{\"b\":null}],\"c\":1.50}")`, `{"a":[1,{"b":null}],"c":1.5}`},
		"sensitive":     {`{ a = sensitive("s") }`, `{"a":"s"}`},
	}
	hcl, checks := "{\n", []resource.TestCheckFunc{}
	for key, value := range values {
		hcl += fmt.Sprintf("%q = %s\n", key, value.hcl)
		checks = append(checks, holds(gateway, "flags", key, value.want))
	}
	runCLI(t,
		resource.TestStep{Config: manyEntries(gateway, hcl+"}"), Check: resource.ComposeTestCheckFunc(checks...)},
		resource.TestStep{
			Config:           manyEntries(gateway, `yamldecode("a: {up: true}\nb: {list: [1, ~]}")`),
			ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate)),
			Check:            resource.ComposeTestCheckFunc(holds(gateway, "flags", "a", `{"up":true}`), holds(gateway, "flags", "b", `{"list":[1,null]}`)),
		},
		resource.TestStep{
			Config: manyEntries(gateway, `{ for name in ["b", "a"] : name => { name = name } }`),
			Check:  resource.ComposeTestCheckFunc(holds(gateway, "flags", "a", `{"name":"a"}`), holds(gateway, "flags", "b", `{"name":"b"}`)),
		},
	)
	for key := range values {
		if writes := gateway.Revisions("flags", key); writes != 1 {
			t.Errorf("%s was written %d times", key, writes)
		}
	}
}

// TestKVEntriesTypedVariable: the variable's type changes, the JSON does not,
// so nothing is sent.
func TestKVEntriesTypedVariable(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	typed := func(variable string) string {
		return manyEntries(gateway, "var.entries") + fmt.Sprintf("variable \"entries\" {\n  type = %s\n}\n", variable)
	}
	hosts := config.ObjectVariable(map[string]config.Variable{"hosts": config.ListVariable(config.StringVariable("x"), config.StringVariable("y"))})
	variables := config.Variables{"entries": config.ObjectVariable(map[string]config.Variable{"a": hosts, "b": hosts})}
	steps := []resource.TestStep{{Config: typed("any"), ConfigVariables: variables, Check: holds(gateway, "flags", "a", `{"hosts":["x","y"]}`)}}
	for _, variable := range []string{
		"map(object({ hosts = list(string) }))", "map(map(set(string)))", "object({ a = map(list(string)), b = object({ hosts = tuple([string, string]) }) })", "map(any)",
	} {
		steps = append(steps, resource.TestStep{Config: typed(variable), ConfigVariables: variables, ConfigPlanChecks: plans(atMostInPlace(entriesAddress))})
	}
	run(t, steps...)
	for _, key := range []string{"a", "b"} {
		if writes := gateway.Revisions("flags", key); writes != 1 {
			t.Errorf("%s was written %d times", key, writes)
		}
	}
}

// TestKVEntriesUnknown: entries that are not known while planning, wholly or
// partly.
func TestKVEntriesUnknown(t *testing.T) {
	t.Parallel()
	t.Run("wholly", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		configuration := manyEntries(gateway, "terraform_data.other.output")
		unknown := plancheck.ExpectUnknownValue(entriesAddress, tfjsonpath.New("entries"))
		run(t,
			resource.TestStep{
				Config:           withOther(configuration, `{ a = { n = 1 }, b = {} }`),
				ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionCreate), unknown),
				Check:            resource.ComposeTestCheckFunc(holds(gateway, "flags", "a", `{"n":1}`), holds(gateway, "flags", "b", `{}`)),
			},
			resource.TestStep{
				PreConfig:        func() { gateway.ResetRequests() },
				Config:           withOther(configuration, `{ a = { n = 1 }, c = {} }`),
				ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionUpdate), unknown),
				Check: resource.ComposeTestCheckFunc(
					asked(gateway, requests{gets: 2 + 2, puts: 1, deletes: 1}),
					holds(gateway, "flags", "c", `{}`), absent(gateway, "b")),
			},
		)
	})
	t.Run("partly", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		configuration := manyEntries(gateway, `{ a = { n = 1 }, b = terraform_data.other.output, c = { copied = terraform_data.other.output } }`)
		run(t,
			resource.TestStep{
				Config: withOther(configuration, `{ x = [1] }`),
				ConfigPlanChecks: plans(entriesAction(plancheck.ResourceActionCreate),
					plancheck.ExpectUnknownValue(entriesAddress, tfjsonpath.New("entries").AtMapKey("b"))),
				Check: resource.ComposeTestCheckFunc(holds(gateway, "flags", "a", `{"n":1}`), holds(gateway, "flags", "b", `{"x":[1]}`), holds(gateway, "flags", "c", `{"copied":{"x":[1]}}`)),
			},
			resource.TestStep{
				PreConfig: func() { gateway.ResetRequests() },
				Config:    withOther(configuration, `{ x = [2] }`),
				Check: resource.ComposeTestCheckFunc(
					asked(gateway, requests{gets: 3 + 2, puts: 2}),
					holds(gateway, "flags", "b", `{"x":[2]}`)),
			},
		)
	})
	t.Run("bucket", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		run(t, resource.TestStep{
			Config: withOther(strings.Replace(manyEntries(gateway, `{ a = {} }`), `"flags"`, "terraform_data.other.output", 1), `"flags"`),
			ConfigPlanChecks: plans(plancheck.ExpectUnknownValue(entriesAddress, tfjsonpath.New("bucket")),
				plancheck.ExpectUnknownValue(entriesAddress, tfjsonpath.New("id"))),
			Check: holds(gateway, "flags", "a", `{}`),
		})
	})
}
