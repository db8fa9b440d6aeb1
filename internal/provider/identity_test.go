package provider_test

import (
	"maps"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

// TestIdentity imports by identity as Terraform 1.12 does, also where there is only
// an older one. What is imported has that identity, and a state from before there
// were identities gets it by the next refresh, also if the object is deleted then.
func TestIdentity(t *testing.T) {
	t.Parallel()
	type values = map[string]cty.Value
	flags, part, none := cty.StringVal("flags"), cty.StringVal("team/"), cty.NullVal(cty.String)
	for name, test := range map[string]struct {
		typeName string
		identity values
		id, want string // the ID, or else the error
	}{
		"bucket":             {"quiva_kv_bucket", values{"bucket": flags}, "flags", ""},
		"bucket, no name":    {"quiva_kv_bucket", values{"bucket": cty.StringVal("")}, "", "Invalid import ID"},
		"entry":              {"quiva_kv_entry", values{"bucket": flags, "key": cty.StringVal("team/a")}, "flags/team/a", ""},
		"entry, no key":      {"quiva_kv_entry", values{"bucket": flags, "key": cty.StringVal("")}, "", "Invalid import ID"},
		"properties":         {"quiva_kv_entry_properties", values{"bucket": flags, "key": cty.StringVal("team/a")}, "flags/team/a", ""},
		"entries":            {"quiva_kv_entries", values{"bucket": flags, "key_prefix": none}, "flags", ""},
		"entries of a part":  {"quiva_kv_entries", values{"bucket": flags, "key_prefix": part}, "flags/team/*", ""},
		"entries, no prefix": {"quiva_kv_entries", values{"bucket": flags, "key_prefix": cty.StringVal("")}, "", `Got bucket = "flags", key_prefix = "".`},
		"entries, a pattern": {"quiva_kv_entries", values{"bucket": flags, "key_prefix": cty.StringVal("team/*")}, "", `Got bucket = "flags", key_prefix = "team/*".`},
		"entries of nothing": {"quiva_kv_entries", values{"bucket": cty.StringVal("absent"), "key_prefix": none}, "", `has no bucket "absent"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.PutEntry("flags", "team/a", `{"n":1}`)
			w, key := newWorkspace(t), objectKey{test.typeName + ".test", 0}
			err := errorOf(w.importState(withProvider(gateway, ""), key.address, "", test.identity))
			if test.want != "" {
				if err == nil || !message(test.want).MatchString(err.Error()) {
					t.Errorf("got %v, want %s", err, test.want)
				}
				return
			}
			w.check(err)
			byID := newWorkspace(t)
			w.check(errorOf(byID.importState(withProvider(gateway, ""), key.address, test.id, nil)))
			if got, want := byID.state[key].value, w.state[key].value; !got.RawEquals(want) {
				t.Errorf("by its ID it is imported as %#v, by its identity as %#v", got, want)
			}
			check := func(when string, o *object) {
				t.Helper()
				if o == nil || o.identity == nil {
					t.Fatalf("%s, there is no identity: %+v", when, o)
				}
				got, err := unpack(o.identity.IdentityData, w.begin(&configuration{}).identityType(test.typeName))
				w.check(err)
				if want := cty.ObjectVal(test.identity); !got.RawEquals(want) {
					t.Errorf("%s, the identity is %#v, want %#v", when, got, want)
				}
				if id := o.value.GetAttr("id").AsString(); id != test.id {
					t.Errorf("%s, the ID is %s, want %s", when, id, test.id)
				}
			}
			for _, attribute := range w.begin(&configuration{}).identities[test.typeName].IdentityAttributes {
				if attribute.RequiredForImport == (attribute.Name == "key_prefix") {
					t.Errorf("%s is required: %t", attribute.Name, attribute.RequiredForImport)
				}
			}
			check("imported", w.state[key])
			before := maps.Clone(w.state)
			before[key].identity = nil
			w.state = before
			orphan := w.plan(withProvider(gateway, ""), planOptions{})
			w.check(errorOf(orphan.diagnostics))
			check("refreshed", orphan.prior[key])
		})
	}
}
