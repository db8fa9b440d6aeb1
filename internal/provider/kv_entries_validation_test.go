package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// TestKVEntriesBadInput: what is refused while planning, before the gateway
// is asked.
func TestKVEntriesBadInput(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	entries := func(hcl string) string { return manyEntries(gateway, hcl) }
	in := func(bucket string) string {
		return strings.Replace(manyEntries(gateway, "{}"), `"flags"`, bucket, 1)
	}
	tests := map[string]struct{ configuration, want string }{
		"string":             {entries(`"{}"`), `entries = yamldecode(file("flags.yaml"))`},
		"number":             {entries(`5`), `Entries are not an object`},
		"list":               {entries(`[{ key = "a" }]`), `For a list, name the key of each: entries = { for flag in var.flags : flag.key => flag.value }`},
		"null":               {entries(`null`), `Missing Configuration for Required Attribute`},
		"typed null":         {entries(`var.none`) + "variable \"none\" {\n  type = map(map(string))\n  default = null\n}\n", `Missing Configuration for Required Attribute`},
		"entry null":         {entries(`{ a = {}, b = null }`), `These entries are null: "b". To delete an entry, omit it: entries = { for key, value in var.entries : key => value if value != null }`},
		"entry typed null":   {entries(`{ a = var.none }`) + "variable \"none\" {\n  type = map(string)\n  default = null\n}\n", `These entries are null: "a".`},
		"entry string":       {entries(`{ a = "on" }`), `The gateway stores JSON objects; these entries are not: - "a": this text is not a JSON object: line 1, column 1: an object must begin with { To store the text itself, wrap it in an object: "a" = { text = … }.`},
		"entry list":         {entries(`{ a = [{}] }`), `- "a": this is a list`},
		"entries of a map":   {entries(`tomap({ a = true, b = false })`), `- "a": this is a bool - "b": this is a bool`},
		"key dots":           {entries(`{ ".." = {} }`), `The key ".." begins with a dot.`},
		"key space":          {entries(`{ a = {}, "my key!" = {} }`), `The key "my key!" contains " ", "!". The store behind the gateway accepts only keys of letters`},
		"huge number":        {entries(`{ a = { n = 1e5000 } }`), `These entries cannot be written as JSON: - "a": a number is beyond 1e±4096`},
		"many digits":        {entries(`{ a = { n = [for i in range(7) : 1e-4000] }, b = { n = [for i in range(7) : 1e-4000] } }`), `take more than 50000 digits together`},
		"huge, rest later":   {entries(`{ a = { n = 1e5000 }, b = terraform_data.other.output }`) + "resource \"terraform_data\" \"other\" {\n  input = {}\n}\n", `- "a": a number is beyond`},
		"30 strings":         {entries(`{ for i in range(30) : format("k%02d", i) => "on" }`), `- "k09": this text is not a JSON object: line 1, column 1: an object must begin with { - and 20 more`},
		"30 nulls":           {entries(`{ for i in range(30) : format("k%02d", i) => null }`), `These entries are null: "k00", "k01", "k02", "k03", "k04", "k05", "k06", "k07", "k08", "k09" and 20 more.`},
		"30 bad keys":        {entries(`{ for i in range(30) : format("k %02d", i) => {} }`), `- The key "k 09" contains " ".`},
		"empty bucket":       {in(`""`), `The bucket must not be empty.`},
		"empty prefix":       {manyEntries(gateway, `{}`, `key_prefix = ""`), `The key prefix must not be empty.`},
		"pattern":            {manyEntries(gateway, `{}`, `key_prefix = "k*"`), `The key prefix must not contain "*": it is a prefix, not a pattern.`},
		"prefix space":       {manyEntries(gateway, `{ a = {} }`, `key_prefix = "my key/"`), `The key prefix contains " ".`},
		"prefix dot":         {manyEntries(gateway, `{}`, `key_prefix = ".a"`), `The key prefix begins with a dot.`},
		"exception":          {manyEntries(gateway, `{}`, `exclusive = { except = ["run time/*"] }`), `The key pattern "run time/*" contains " ".`},
		"null exception":     {manyEntries(gateway, `{}`, `exclusive = { except = ["runtime/*", null] }`), `This attribute contains a null value`},
		"another prefix":     {manyEntries(gateway, `{ ka = {}, b = {}, k = {}, ak = {} }`, `key_prefix = "k"`), `Every key of entries must begin with the key_prefix, which is "k". These do not: "ak", "b".`},
		"prefix, rest later": {withOther(manyEntries(gateway, `{ a = terraform_data.other.output }`, `key_prefix = "k"`), "{}"), `These do not: "a".`},
		"entries left out":   {withProvider(gateway, "resource \"quiva_kv_entries\" \"test\" {\n  bucket = \"flags\"\n}\n"), `The argument "entries" is required`},
		"key, rest later":    {entries(`{ ".." = terraform_data.other.output }`) + "resource \"terraform_data\" \"other\" {\n  input = {}\n}\n", `The key ".." begins with a dot.`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			planned := newWorkspace(t).plan(tt.configuration, planOptions{})
			errors := failed(planned.diagnostics)
			if len(errors) != 1 || !message(tt.want).MatchString(errors[0]) {
				t.Errorf("want one error with %q, got:\n%s", tt.want, strings.Join(errors, "\n"))
			}
		})
	}
	t.Cleanup(func() {
		if asked := gateway.Count("", ""); asked != 0 {
			t.Errorf("the gateway was asked %d times", asked)
		}
	})
}

// TestKVEntriesTurnOut: entries that are unknown while planning are held to
// the same rules when they are known. Nothing is written, and nothing deleted.
func TestKVEntriesTurnOut(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ entries, input, want string }{
		"string":       {"terraform_data.other.output", `"text"`, "Entries are not an object"},
		"list":         {"terraform_data.other.output", `[{}]`, "Entries are not an object"},
		"null":         {"terraform_data.other.output", `null`, "Missing Configuration for Required Attribute"},
		"entry null":   {"{ a = { n = 1 }, b = terraform_data.other.output }", `null`, `These entries are null: "b"`},
		"entry string": {"{ a = { n = 1 }, b = terraform_data.other.output }", `"text"`, `- "b": this text is not a JSON object`},
		"key":          {"terraform_data.other.output", `{ ".." = {} }`, `The key ".." begins with a dot.`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			configuration := manyEntries(gateway, tt.entries)
			nothingWritten := func() {
				if got := requestsTo(gateway); got.puts+got.deletes != 0 {
					t.Errorf("requests: %+v", got)
				}
			}
			bad := resource.TestStep{Config: withOther(configuration, tt.input), ExpectError: message(tt.want)}
			good := resource.TestStep{PreConfig: nothingWritten, Config: withOther(configuration, `{ a = { n = 1 } }`)}
			later := bad
			later.PreConfig = gateway.ResetRequests
			run(t, bad, good, later, good)
		})
	}
}

// TestKVEntriesApplyNoObject: whatever comes as the entries to apply, what is no
// object deletes nothing.
func TestKVEntriesApplyNoObject(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.PutEntry("flags", "a", `{}`)
	server := newServer(t)
	configure(t, server, gateway)
	schema := resourceSchema(t, server, "quiva_kv_entries")
	holding := func(entries tftypes.Value) *tfprotov6.DynamicValue {
		return objectOf(t, schema, map[string]tftypes.Value{
			"bucket": tftypes.NewValue(tftypes.String, "flags"), "id": tftypes.NewValue(tftypes.String, "flags"), "entries": entries,
		})
	}
	object := tftypes.Object{AttributeTypes: map[string]tftypes.Type{}}
	held := tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"a": object}}, map[string]tftypes.Value{"a": tftypes.NewValue(object, map[string]tftypes.Value{})})
	for name, entries := range map[string]tftypes.Value{
		"string": tftypes.NewValue(tftypes.String, "text"),
		"list":   tftypes.NewValue(tftypes.List{ElementType: object}, []tftypes.Value{}),
		"null":   tftypes.NewValue(tftypes.DynamicPseudoType, nil),
	} {
		response, err := server.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
			TypeName: "quiva_kv_entries", PriorState: holding(held), PlannedState: holding(entries), Config: holding(entries),
		})
		if err != nil || len(response.Diagnostics) != 1 || response.Diagnostics[0].Summary != "Entries are not an object" {
			t.Errorf("%s: diagnostics %+v, %v", name, response.Diagnostics, err)
		}
		if _, ok := gateway.Entry("flags", "a"); !ok {
			t.Fatalf("%s: the entry was deleted", name)
		}
	}
}
