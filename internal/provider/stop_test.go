package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// TestStop: Terraform may ask the provider to stop while its next call is on the
// way. That call sends nothing either.
func TestStop(t *testing.T) {
	t.Parallel()
	const names = "  bucket = \"flags\"\n  key = \"a\"\n"
	configuration := single("read", "a", 1) + single("create", "a", 1) + "data \"quiva_kv_entry\" \"test\" {\n" + names + "}\nephemeral \"quiva_kv_entry\" \"test\" {\n" + names + "}\n"
	reads := func(address string) func(*phase) bool {
		return func(p *phase) bool { return p.read(p.configuration.blocks[address], address, nil, true) }
	}
	for name, call := range map[string]func(*phase) bool{
		"read": func(p *phase) bool {
			key := objectKey{"quiva_kv_entry.read", 0}
			_, ok := p.refresh(key, p.object(key))
			return ok
		},
		"apply": func(p *phase) bool {
			return p.applyInstance(&change{key: objectKey{"quiva_kv_entry.create", 0}, block: p.configuration.blocks["quiva_kv_entry.create"], action: create, after: cty.DynamicVal}, nil)
		},
		"import":             func(p *phase) bool { return p.importObject("quiva_kv_entries.imported", "flags", nil) },
		"data source":        reads("data.quiva_kv_entry.test"),
		"ephemeral resource": reads("ephemeral.quiva_kv_entry.test"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			w := newWorkspace(t)
			w.must(withProvider(gateway, single("read", "a", 1)), planOptions{})
			parsed, diagnostics := parse(withProvider(gateway, configuration), nil)
			p := w.begin(parsed)
			p.start(w.state)
			if !p.reportHCL("", diagnostics) || !p.configure() {
				t.Fatal(p.diagnostics)
			}
			if _, err := p.server.StopProvider(t.Context(), &tfprotov6.StopProviderRequest{}); err != nil {
				t.Fatal(err)
			}
			gateway.ResetRequests()
			if ok := call(p); ok || len(p.diagnostics) != 1 || p.diagnostics[0].summary != "Cancelled" {
				t.Errorf("a call after the stop ended with %t, %v", ok, p.diagnostics)
			}
			if sent := gateway.Count("", ""); sent != 0 {
				t.Errorf("a call after the stop sent %d requests", sent)
			}

			// A provider under a debugger outlives the run that was stopped.
			p.diagnostics = nil
			if !p.configure() || !call(p) {
				t.Errorf("a call of the next run ended with %v", p.diagnostics)
			}
			if sent := gateway.Count("", ""); sent == 0 {
				t.Error("a call of the next run sent nothing")
			}
		})
	}
}
