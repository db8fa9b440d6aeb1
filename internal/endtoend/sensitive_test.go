package endtoend_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestSensitivePart: a part of a value that is sensitive in the configuration is
// shown nowhere, whatever the types of the value that the state had: Terraform
// keeps its marks by paths, and those of a map are not those of an object.
func TestSensitivePart(t *testing.T) {
	const secret = "canary-s3cr3t"
	values := map[string]struct{ hcl, json, drifted string }{
		"object": {`{ user = "u", pw = var.pw }`, `{"user":"u","pw":%q}`, `{"user":"v","pw":%q}`},
		"map":    {`tomap({ user = "u", pw = var.pw })`, `{"user":"u","pw":%q}`, `{"user":"v","pw":%q}`},
		"list":   {`{ all = tolist(["u", var.pw]) }`, `{"all":["u",%q]}`, `{"all":["v",%q]}`},
		"set":    {`{ all = toset(["u", var.pw]) }`, `{"all":[%q,"u"]}`, `{"all":[%q,"v"]}`},
		"maps":   {`{ all = tolist([tomap({ pw = var.pw })]) }`, `{"all":[{"pw":%q}]}`, `{"all":[{"pw":%q}],"new":1}`},
		"tuple":  {`{ all = ["u", 1, var.pw] }`, `{"all":["u",1,%q]}`, `{"all":["v",1,%q]}`},
		"whole":  {`sensitive({ pw = var.pw })`, `{"pw":%q}`, `{"pw":%q,"new":1}`},
	}
	for _, imported := range []bool{false, true} {
		t.Run(fmt.Sprintf("imported %t", imported), func(t *testing.T) {
			needTerraform(t)
			gateway := newGateway(t)
			w := newWorkspace(t, gateway)
			configuration, outputs := fmt.Sprintf("variable \"pw\" {\n  sensitive = true\n  default = %q\n}\n", secret), ""
			for key, value := range values {
				configuration += fmt.Sprintf("resource \"quiva_kv_entry\" %q {\n  bucket = \"flags\"\n  key = %[1]q\n  value = %s\n}\n", key, value.hcl)
				outputs += fmt.Sprintf("output %q {\n  value = quiva_kv_entry.%[1]s.value\n}\n", key)
				if imported {
					gateway.PutEntry("flags", key, fmt.Sprintf(value.json, secret))
					configuration += fmt.Sprintf("import {\n  to = quiva_kv_entry.%s\n  id = \"flags/%[1]s\"\n}\n", key)
				}
			}
			w.configure("", configuration)
			shown := func(arguments ...string) {
				t.Helper()
				result := w.must(arguments...)
				if strings.Contains(result.output, secret) {
					t.Errorf("terraform %s shows the secret:\n%s", strings.Join(arguments, " "), result.output)
				}
			}
			shown("plan", "-out=plan")
			shown("show", "plan")
			shown("apply", "plan")
			shown("show")
			shown("plan", "-detailed-exitcode") // which is 2 if anything would change
			for key, value := range values {
				gateway.PutEntry("flags", key, fmt.Sprintf(value.drifted, secret))
			}
			shown("plan")
			shown("apply", "-auto-approve")
			shown("show")
			for key := range values {
				if writes := gateway.Revisions("flags", key); writes != 3 {
					t.Errorf("%s was written %d times, want once, by another and once again", key, writes)
				}
			}

			// Terraform refuses to show any of them in an output.
			w.configure("", configuration+outputs)
			if result := w.run("plan"); strings.Count(result.output, "Output refers to sensitive values") != len(values) {
				t.Errorf("outputs of the values ended with %d:\n%s", result.status, result.output)
			}
		})
	}
}
