package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// entriesData reads the bucket "flags" with any arguments.
func entriesData(arguments ...string) string {
	return "data \"quiva_kv_entries\" \"test\" {\n  bucket = \"flags\"\n" + lines(arguments) + "}\n"
}

func entriesState(at string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("data.quiva_kv_entries.test", tfjsonpath.New(at), want)
}

func texts(values ...string) knownvalue.Check {
	checks := []knownvalue.Check{}
	for _, value := range values {
		checks = append(checks, knownvalue.StringExact(value))
	}
	return knownvalue.ListExact(checks)
}

// TestKVEntriesDataSource: which entries are read, by which request, and
// whether that may not be all.
func TestKVEntriesDataSource(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arguments []string
		query     string
		keys      []string
		entries   string
		truncated bool
	}{
		"all":               {nil, "limit=1000", []string{"a", "team/b", "team/c", "z"}, `{"a":{"n":3},"team/b":{"n":1},"team/c":{"n":2},"z":{"n":0}}`, false},
		"pattern":           {[]string{`key_pattern = "team/*"`}, "limit=1000&search=team%2F%2A", []string{"team/b", "team/c"}, `{"team/b":{"n":1},"team/c":{"n":2}}`, false},
		"keys only":         {[]string{`values = false`}, "limit=1000", []string{"a", "team/b", "team/c", "z"}, `null`, false},
		"one key":           {[]string{`key_pattern = "a"`}, "limit=1000&search=a", []string{"a"}, `{"a":{"n":3}}`, false},
		"limit reached":     {[]string{`limit = 4`}, "limit=4", []string{"a", "team/b", "team/c", "z"}, `{"a":{"n":3},"team/b":{"n":1},"team/c":{"n":2},"z":{"n":0}}`, true},
		"limit below":       {[]string{`limit = 2`}, "limit=2", []string{"a", "team/c"}, `{"a":{"n":3},"team/c":{"n":2}}`, true},
		"pattern and limit": {[]string{`key_pattern = "team/*"`, `limit = 1`}, "limit=1&search=team%2F%2A", []string{"team/c"}, `{"team/c":{"n":2}}`, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			for i, key := range []string{"z", "team/b", "team/c", "a"} {
				gateway.PutEntry("flags", key, fmt.Sprintf(`{"n":%d}`, i))
			}
			run(t, resource.TestStep{
				Config: withProvider(gateway, entriesData(tt.arguments...)) + "output \"entries\" {\n  value = jsonencode(data.quiva_kv_entries.test.entries)\n}\n",
				Check: func(*terraform.State) error {
					for _, request := range gateway.Requests() {
						if got := request.Query.Encode(); got != tt.query {
							return fmt.Errorf("asked %s for %s, want %s", request.Path, got, tt.query)
						}
					}
					return nil
				},
				ConfigStateChecks: []statecheck.StateCheck{
					entriesState("keys", texts(tt.keys...)),
					entriesState("truncated", knownvalue.Bool(tt.truncated)),
					statecheck.ExpectKnownOutputValue("entries", knownvalue.StringExact(tt.entries)),
				},
			})
		})
	}
}

// TestKVEntriesDataSourceEmpty: a bucket without entries is an empty object.
func TestKVEntriesDataSourceEmpty(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	configuration := withProvider(gateway, entriesData()) + "resource \"terraform_data\" \"test\" {\n  input = data.quiva_kv_entries.test.entries\n}\n"
	run(t,
		resource.TestStep{
			Config: configuration,
			ConfigStateChecks: []statecheck.StateCheck{
				entriesState("keys", texts()),
				entriesState("entries", knownvalue.ObjectExact(map[string]knownvalue.Check{})),
				entriesState("truncated", knownvalue.Bool(false)),
			},
		},
	)
}

// TestKVEntriesDataSourceMany: without a limit, more entries are read than a list
// shows.
func TestKVEntriesDataSourceMany(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	for i := range 1100 {
		gateway.PutEntry("flags", fmt.Sprintf("k/%04d", i), `{}`)
	}
	for name, test := range map[string]struct {
		arguments []string
		keys      int
		truncated bool
	}{
		"all":                {nil, 1100, false},
		"limit":              {[]string{"limit = 1000"}, 1000, true},
		"a prefix":           {[]string{`key_pattern = "k/*"`}, 1100, true}, // nothing is counted by prefix
		"a prefix and limit": {[]string{`key_pattern = "k/*"`, "limit = 10"}, 10, true},
		"no prefix":          {[]string{`key_pattern = "k*0"`}, 110, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read := newWorkspace(t).plan(withProvider(gateway, entriesData(test.arguments...)), planOptions{})
			if len(read.diagnostics) > 0 {
				t.Fatal(read.diagnostics)
			}
			state := read.prior[objectKey{"data.quiva_kv_entries.test", 0}].value
			if keys := state.GetAttr("keys").LengthInt(); keys != test.keys || state.GetAttr("truncated").True() != test.truncated {
				t.Errorf("got %d keys, truncated: %#v", keys, state.GetAttr("truncated"))
			}
		})
	}
}
