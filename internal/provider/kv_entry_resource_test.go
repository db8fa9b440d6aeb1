package provider_test

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

const entryAddress = "quiva_kv_entry.test"

// entry is a configuration of one entry.
func entry(gateway *mockgateway.Server, key, value string, more ...string) string {
	return withProvider(gateway, fmt.Sprintf("resource \"quiva_kv_entry\" \"test\" {\n  bucket = \"flags\"\n  key = %q\n  value = %s\n%s}\n", key, value, lines(more)))
}

func lines(arguments []string) (text string) {
	for _, argument := range arguments {
		text += "  " + argument + "\n"
	}
	return text
}

func plans(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

func plansAction(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return plans(plancheck.ExpectResourceAction(entryAddress, action))
}

func stateValue(at tfjsonpath.Path, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(entryAddress, at, want)
}

// TestAccKVEntryLifecycle also counts the requests: nothing is asked that need
// not be.
func TestAccKVEntryLifecycle(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	const path = "/storage/kv/flags/entries/checkout"
	reset := func() { gateway.ResetRequests() }
	// sent checks the requests since the last step and forgets them. Terraform
	// plans again after each step: one more GET each time. The write of a step is its
	// run's first, so it is read back; two more requests prove that the key is free.
	sent := func(gets, puts int) resource.TestCheckFunc {
		return func(*terraform.State) error {
			gets := gets + puts
			if got := gateway.Count(http.MethodGet, path); got != gets {
				return fmt.Errorf("%d GETs, want %d", got, gets)
			}
			if got := gateway.Count(http.MethodPut, path); got != puts {
				return fmt.Errorf("%d PUTs, want %d", got, puts)
			}
			if got := gateway.Count("", ""); got < gets+puts || got > gets+puts+2 {
				return fmt.Errorf("%d requests in all, want %d", got, gets+puts)
			}
			return nil
		}
	}
	value := tfjsonpath.New("value")
	runCLI(t,
		resource.TestStep{
			PreConfig:        reset,
			Config:           entry(gateway, "checkout", `{ enabled = true, rollout = 25 }`),
			ConfigPlanChecks: plansAction(plancheck.ResourceActionCreate),
			Check: resource.ComposeTestCheckFunc(
				sent(1, 1),
				holds(gateway, "flags", "checkout", `{"enabled":true,"rollout":25}`)),
			ConfigStateChecks: []statecheck.StateCheck{
				stateValue(tfjsonpath.New("id"), knownvalue.StringExact("flags/checkout")),
				stateValue(tfjsonpath.New("overwrite"), knownvalue.Bool(false)),
				stateValue(value, knownvalue.ObjectExact(map[string]knownvalue.Check{"enabled": knownvalue.Bool(true), "rollout": knownvalue.Int64Exact(25)})),
			},
		},
		resource.TestStep{
			PreConfig:        reset,
			Config:           entry(gateway, "checkout", `{ rollout = 25.0, enabled = true }`),
			ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()),
			// One for the plan, none for the apply.
			Check: sent(1, 0),
		},
		resource.TestStep{
			PreConfig:        reset,
			Config:           entry(gateway, "checkout", `{ enabled = true, rollout = 50 }`),
			ConfigPlanChecks: plansAction(plancheck.ResourceActionUpdate),
			Check: resource.ComposeTestCheckFunc(
				sent(2, 1), // one for the plan, and one for what changed since
				holds(gateway, "flags", "checkout", `{"enabled":true,"rollout":50}`)),
			ConfigStateChecks: []statecheck.StateCheck{stateValue(value.AtMapKey("rollout"), knownvalue.Int64Exact(50))},
		},
		resource.TestStep{
			PreConfig:        reset,
			Config:           entry(gateway, "checkout", `{ enabled = true, rollout = 50 }`, "overwrite = true"),
			ConfigPlanChecks: plansAction(plancheck.ResourceActionUpdate),
			Check:            sent(1, 0),
		},
		resource.TestStep{
			PreConfig:        reset,
			Config:           entry(gateway, "payment/checkout", `{ enabled = true, rollout = 50 }`),
			ConfigPlanChecks: plansAction(plancheck.ResourceActionReplace),
			Check: resource.ComposeTestCheckFunc(
				holds(gateway, "flags", "payment/checkout", `{"enabled":true,"rollout":50}`),
				func(*terraform.State) error {
					if _, ok := gateway.Entry("flags", "checkout"); ok {
						return fmt.Errorf("the entry under the old key is still there")
					}
					if got := gateway.Count(http.MethodPut, "/storage/kv/flags/entries/payment%2Fcheckout"); got != 1 {
						return fmt.Errorf("%d PUTs of the escaped key, want 1", got)
					}
					return nil
				}),
		},
		resource.TestStep{
			PreConfig: reset,
			Config:    withProvider(gateway, ""),
			Check: resource.ComposeTestCheckFunc(holdsNothing(gateway, "flags"), func(*terraform.State) error {
				if got := gateway.Count(http.MethodDelete, ""); got != 1 {
					return fmt.Errorf("%d DELETEs, want 1", got)
				}
				return nil
			}),
		},
	)
}

func TestBucketChangeReplaces(t *testing.T) {
	t.Parallel()
	for address, arguments := range map[string]string{entryAddress: "key = \"a\"\n value = {}", entriesAddress: "entries = { a = {} }"} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.CreateBucket("limits")
			in := func(bucket string) string {
				return withProvider(gateway, fmt.Sprintf("resource %q \"test\" {\n bucket = %q\n %s\n}", typeNameOf(address), bucket, arguments))
			}
			run(t,
				resource.TestStep{Config: in("flags")},
				resource.TestStep{
					Config:           in("limits"),
					ConfigPlanChecks: plans(plancheck.ExpectResourceAction(address, plancheck.ResourceActionReplace)),
					Check:            resource.ComposeTestCheckFunc(holdsNothing(gateway, "flags"), holds(gateway, "limits", "a", `{}`)),
				},
			)
		})
	}
}

// TestKVEntryValues: what a configuration can say, what the gateway then
// holds, and that the plan after it is empty, which the test framework checks.
func TestKVEntryValues(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ hcl, want string }{
		"empty":           {`{}`, `{}`},
		"empty inside":    {`{ list = [], object = {}, text = "" }`, `{"list":[],"object":{},"text":""}`},
		"map of objects":  {`{ for name in ["x", "y"] : name => { on = true } }`, `{"x":{"on":true},"y":{"on":true}}`},
		"typed null":      {`{ a = tostring(null), b = tolist([null, "x"]) }`, `{"a":null,"b":[null,"x"]}`},
		"known at apply":  {`{ a = terraform_data.other.output, b = 1 }`, `{"a":{"x":[1]},"b":1}`},
		"whole at apply":  {`terraform_data.other.output`, `{"x":[1]}`},
		"floats":          {`{ a = pow(10, -1), b = log(1000, 10), c = pow(2, -1) + pow(2, -17) }`, `{"a":0.1,"b":2.9999999999999996,"c":0.5000076293945312}`},
		"deep":            {`jsondecode(join("", concat([for i in range(200) : "{\"a\":["], [for i in range(200) : "]}"])))`, strings.Repeat(`{"a":[`, 200) + strings.Repeat(`]}`, 200)},
		"many properties": {`{ for i in range(300) : format("p%03d", i) => i % 2 == 0 }`, manyProperties(300)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			run(t, resource.TestStep{
				Config: entry(gateway, "a", tt.hcl) + "resource \"terraform_data\" \"other\" {\n  input = { x = [1] }\n}\n",
				Check:  holds(gateway, "flags", "a", tt.want),
			})
			if writes := gateway.Revisions("flags", "a"); writes != 1 {
				t.Errorf("the entry was written %d times", writes)
			}
		})
	}
}

func manyProperties(count int) string {
	var properties []string
	for i := range count {
		properties = append(properties, fmt.Sprintf(`"p%03d":%t`, i, i%2 == 0))
	}
	return "{" + strings.Join(properties, ",") + "}"
}

// TestKVEntryTakenKey: a key that holds an equal value is adopted, and one that holds
// another is written over only with overwrite.
func TestKVEntryTakenKey(t *testing.T) {
	t.Parallel()
	const exists = "KV entry already exists"
	for name, tt := range map[string]struct {
		held      string
		arguments []string
		left      string   // what was held if empty
		want      []string // of the error
	}{
		"equal value is adopted":            {held: `{"b": [1.0]}`, arguments: []string{"value = { b = [1] }"}},
		"overwrite takes it over":           {held: `{"b":2}`, arguments: []string{"value = { b = 1 }", "overwrite = true"}, left: `{"b":1}`},
		"half a character is another value": {held: `{"b":"\ud800"}`, arguments: []string{`value = { b = "\uFFFD" }`}, want: []string{exists}},
		"not an object is another value":    {held: `[]`, arguments: []string{"value = {}"}, want: []string{exists}},
		"equal secret is adopted":           {held: `{ "b" : "new" }`, arguments: []string{`value_wo = { b = "new" }`}},
		"overwrite takes it over, a secret": {held: `{"b":"old"}`, arguments: []string{`value_wo = jsonencode({ b = "new" })`, "overwrite = true"}, left: `{"b":"new"}`},
		"another secret is kept": {held: `{"b":"old"}`, arguments: []string{`value_wo = { b = "new" }`}, want: []string{
			"Do not import it: an import would store the value in the state. If another address"}},
		"another value is kept": {held: `{"b":"held-by-somebody"}`, arguments: []string{"value = { b = 1 }"}, want: []string{
			exists, `terraform import 'ADDRESS' 'flags/it/s'`, `moved { from = OLD_ADDRESS to = ADDRESS }`, `id = "flags/it/s"`, `set this for one apply: overwrite = true`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "it/s", tt.held)
			configuration := strings.Replace(arguments(gateway, tt.arguments...), `"a"`, `"it/s"`, 1)
			check := holds(gateway, "flags", "it/s", cmp.Or(tt.left, tt.held))
			var steps []resource.TestStep
			for _, want := range tt.want {
				steps = append(steps, resource.TestStep{Config: configuration, ExpectError: message(want)})
			}
			if tt.want == nil {
				steps = append(steps, resource.TestStep{Config: configuration, Check: check})
			}
			run(t, steps...)
			if err := check(nil); err != nil && tt.want != nil {
				t.Error(err)
			}
			if writes := gateway.Revisions("flags", "it/s"); writes != 1 && tt.left == "" || writes > 2 {
				t.Errorf("the entry was written %d times", writes)
			}
		})
	}
}

// TestKVEntryDrift: what others do to an entry is seen and repaired.
func TestKVEntryDrift(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	configuration := entry(gateway, "a", `{ on = true, hosts = ["x"] }`)
	drift := func(write func(), action plancheck.ResourceActionType) resource.TestStep {
		return resource.TestStep{
			PreConfig:        write,
			Config:           configuration,
			ConfigPlanChecks: plansAction(action),
			Check:            holds(gateway, "flags", "a", `{"hosts":["x"],"on":true}`),
		}
	}
	put := func(value string) func() { return func() { gateway.PutEntry("flags", "a", value) } }
	run(t,
		resource.TestStep{Config: configuration},
		drift(put(`{"hosts":["x"],"on":true}`), plancheck.ResourceActionNoop),
		drift(put(`{"on":false,"hosts":["x"]}`), plancheck.ResourceActionUpdate),
		drift(put(`{"on":true,"hosts":["x","y"],"new":{"a":null}}`), plancheck.ResourceActionUpdate),
		drift(put(`{}`), plancheck.ResourceActionUpdate),
		drift(put(`"a string"`), plancheck.ResourceActionUpdate),
		drift(put(`null`), plancheck.ResourceActionCreate),
		drift(put(`[1]`), plancheck.ResourceActionUpdate),
		drift(func() { gateway.DeleteEntry("flags", "a") }, plancheck.ResourceActionCreate),
		resource.TestStep{
			PreConfig:          put(`{"on":false,"hosts":["x"]}`),
			Config:             configuration,
			PlanOnly:           true,
			ExpectNonEmptyPlan: true,
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(entryAddress, plancheck.ResourceActionUpdate),
			}},
		},
		resource.TestStep{Config: configuration},
	)
}

func TestAccKVEntryImport(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "team/a/b", `{"on":true,"limits":[1,2.50,{"x":null}]}`)
	configuration := entry(gateway, "team/a/b", `{ on = true, limits = [1, 2.5, { x = null }] }`)
	imports := func(id, want string) resource.TestStep {
		return resource.TestStep{
			Config: configuration, ResourceName: entryAddress, ImportState: true, ImportStateId: id, ExpectError: message(want),
		}
	}
	const form = "An entry is imported by its bucket and key, as BUCKET/KEY"
	run(t,
		imports("flags", form+`, such as feature-flags/checkout. Got "flags".`),
		imports("flags/", form+`, such as feature-flags/checkout. Got "flags/".`),
		imports("/a", form),
		imports("flags/..", form+`, such as feature-flags/checkout. Got "flags/..". The key begins with a dot.`),
		imports("flags/a b", `Got "flags/a b". The key contains " ".`),
		imports(`"flags/a"`, `The key contains quotation marks`),
		imports("flags/absent", `has no entry "absent" in bucket "flags", or no such bucket.`),
		imports("absent/a", `has no entry "a" in bucket "absent", or no such bucket.`),
	)
	runCLI(t,
		resource.TestStep{
			Config:             configuration,
			ResourceName:       entryAddress,
			ImportState:        true,
			ImportStateId:      "flags/team/a/b",
			ImportStatePersist: true,
		},
		resource.TestStep{
			Config:           configuration,
			ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()),
			ConfigStateChecks: []statecheck.StateCheck{
				stateValue(tfjsonpath.New("id"), knownvalue.StringExact("flags/team/a/b")),
				stateValue(tfjsonpath.New("bucket"), knownvalue.StringExact("flags")),
				stateValue(tfjsonpath.New("key"), knownvalue.StringExact("team/a/b")),
			},
		},
		resource.TestStep{ResourceName: entryAddress, ImportState: true, ImportStateVerify: true},
		resource.TestStep{
			Config:          configuration,
			ResourceName:    entryAddress,
			ImportState:     true,
			ImportStateKind: resource.ImportBlockWithID,
			ImportStateId:   "flags/team/a/b",
		},
	)
	if puts := gateway.Count(http.MethodPut, ""); puts != 0 {
		t.Errorf("importing wrote %d times", puts)
	}
}

// TestKVEntryBadInput: what is refused of an entry, or of its properties, while
// planning, before the gateway is asked.
func TestKVEntryBadInput(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	bucket := func(name string) string {
		return withProvider(gateway, "resource \"quiva_kv_entry\" \"test\" {\n bucket = "+name+"\n key = \"a\"\n value = {}\n}")
	}
	value := func(hcl string) string { return entry(gateway, "a", hcl) }
	key := func(name string) string { return entry(gateway, name, "{}") }
	some := func(properties string, more ...string) string { return propertiesOf(gateway, properties, more...) }
	tests := map[string]struct{ configuration, want string }{
		"value string":   {value(`"on"`), `The gateway stores JSON objects; this text is not a JSON object: line 1, column 1: an object must begin with {. To store the text itself, wrap it in an object: value = { text =`},
		"value number":   {value(`5`), `this is a number. Put it into an object: value = { limit =`},
		"value list":     {value(`["a"]`), `this is a list. Put it into an object: value = { items =`},
		"huge number":    {value(`{ a = 1e5000 }`), `The value cannot be written as JSON: a number is beyond 1e±4096`},
		"many digits":    {value(`{ a = [for i in range(13) : 1e-4000] }`), `take more than 50000 digits together`},
		"too deep":       {value(`jsondecode(join("", concat([for i in range(1001) : "{\"a\":"], ["1"], [for i in range(1001) : "}"])))`), `deeper than 1000 levels`},
		"value null":     {value(`null`), `Neither value nor value_wo is set, or it is null`},
		"empty bucket":   {bucket(`""`), `The bucket must not be empty.`},
		"bucket slash":   {bucket(`"a/b"`), `The bucket must not contain "/". Put the path in the key`},
		"bucket control": {bucket(`"a\n"`), `The bucket contains a control character`},
		"empty key":      {key(""), `The key must not be empty.`},
		"key dots":       {key(".."), `The key begins with a dot. The store behind the gateway accepts only keys of letters`},
		"key dot first":  {key(".a"), `The key begins with a dot.`},
		"key dot last":   {key("a."), `The key ends with a dot.`},
		"key space":      {key("my key!"), `The key contains " ", "!". The store behind the gateway accepts only keys of letters`},
		"key colon":      {key("a:b"), `The key contains ":".`},
		"key in quotes":  {strings.Replace(key("a"), `"a"`, `jsonencode("a")`, 1), `The key contains quotation marks, which would become part of it.`},
		"key control":    {key("a\tb"), `The key contains a control character`},
		"no value":       {arguments(gateway), `Value is missing`},

		"value and secret":       {arguments(gateway, "value = {}", "value_wo = {}"), "Both value and value_wo are set"},
		"version of no secret":   {arguments(gateway, "value = {}", "value_wo_version = 1"), "value_wo_version has no effect without value_wo; changes to value are detected automatically."},
		"secret string":          {arguments(gateway, `value_wo = "secret"`), "wrap it in an object: value_wo = { text ="},
		"secret null":            {arguments(gateway, `value_wo = null`), "Value is missing"},
		"secret no form in JSON": {arguments(gateway, `value_wo = { a = 1e5000 }`), "The value cannot be written as JSON"},

		"properties list":        {some("[1]"), `Put it into an object: properties = { items = … }.`},
		"properties JSON text":   {some("jsonencode({})"), `If it is JSON text, decode it: properties = jsondecode(…)`},
		"properties null":        {some("null"), `Missing Configuration for Required Attribute`},
		"properties infinite":    {some("{ a = 1/0 }"), `an infinite number cannot be represented as JSON`},
		"properties no key":      {strings.Replace(some("{}"), `key = "a"`, `key = ""`, 1), `The key must not be empty.`},
		"properties on_destroy":  {some("{}", `on_destroy = "delete"`), `"remove" "keep"`},
		"properties bucket path": {strings.Replace(some("{}"), "flags", "flags/x", 1), `The bucket must not contain "/"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, resource.TestStep{Config: tt.configuration, PlanOnly: true, ExpectError: message(tt.want)})
		})
	}
	t.Cleanup(func() {
		if asked := gateway.Count("", ""); asked != 0 {
			t.Errorf("the gateway was asked %d times", asked)
		}
	})
}

// TestKVEntryRefused: what only the gateway can refuse.
func TestKVEntryRefused(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.CreateBucketWith(mockgateway.BucketConfig{Name: "small", MaxValueSize: 10})
	gateway.Inject(mockgateway.Fault{Path: "*/entries/a..b", Effect: mockgateway.Respond(http.StatusBadRequest, nil, `{"error":"invalid key"}`)})
	for configuration, wants := range map[string][]string{
		entry(gateway, "a..b", "{}"): {`Gateway rejected the request`, `key = "a..b"`, `GET /storage/kv/flags/entries/a..b returned 400`},
		strings.Replace(entry(gateway, "a", `{ text = "0123456789" }`), "flags", "small", 1): {
			`Value too large`, `The value has 21 bytes as JSON, and the bucket's max_value_size is 10`},
	} {
		err := errorOf(newWorkspace(t).planAndApply(configuration, planOptions{}))
		for _, want := range wants {
			if err == nil || !message(want).MatchString(err.Error()) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	}
}

// TestKVEntryValueTurnsOut: a value that is unknown while planning is held
// to the same rules when it is known.
func TestKVEntryValueTurnsOut(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ input, want string }{
		"string": {`"text"`, "this text is not a JSON object"},
		"null":   {`null`, "Value is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			run(t, resource.TestStep{
				Config:      withOther(entry(gateway, "a", "terraform_data.other.output"), tt.input),
				ExpectError: message(tt.want),
			})
			if puts := gateway.Count(http.MethodPut, ""); puts > 0 {
				t.Errorf("%d PUTs", puts)
			}
		})
	}
}

// TestKVEntryUnknownKey: neither is the ID known while the key is not.
func TestKVEntryUnknownKey(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	run(t, resource.TestStep{
		Config: withOther(strings.Replace(entry(gateway, "KEY", "{}"), `"KEY"`, "terraform_data.other.output", 1), `"a"`),
		ConfigPlanChecks: plans(plancheck.ExpectUnknownValue(entryAddress, tfjsonpath.New("key")),
			plancheck.ExpectUnknownValue(entryAddress, tfjsonpath.New("id"))),
		Check:             holds(gateway, "flags", "a", `{}`),
		ConfigStateChecks: []statecheck.StateCheck{stateValue(tfjsonpath.New("id"), knownvalue.StringExact("flags/a"))},
	})
}
