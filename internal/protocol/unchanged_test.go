package protocol_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/quivaworks/terraform-provider-quiva/internal/protocol"
)

// TestUpgradeResourceState: a state of the present schema is not touched; all
// others are the framework's.
func TestUpgradeResourceState(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		version  int64
		json     string
		returned bool
	}{
		"the present":       {2, `{"name":"n","value":{"value":{},"type":["object",{}]},"force":null,"nested":null}`, true},
		"another version":   {1, `{"name":"n","value":null,"force":null,"nested":null}`, false},
		"attribute missing": {2, `{"name":"n","value":null,"force":null}`, false},
		"attribute unknown": {2, `{"name":"n","value":null,"force":null,"other":null}`, false},
		"not JSON":          {2, `{`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inner, server := newServer(t)
			resp, err := server.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{
				TypeName: "test", Version: test.version, RawState: &tfprotov6.RawState{JSON: []byte(test.json)},
			})
			if err != nil {
				t.Fatal(err)
			}
			if returned := string(resp.UpgradedState.JSON) == test.json; returned != test.returned || returned == (len(inner.seen) > 0) {
				t.Errorf("got %s, and the inner server saw %v", resp.UpgradedState.JSON, inner.seen)
			}
		})
	}
}

// TestUnchanged: only a plan that changes nothing is made without the framework,
// whatever the defaults are. A client that allows it is told by the framework whether
// even such a plan is deferred.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	yes, no, unset := tftypes.NewValue(tftypes.Bool, true), tftypes.NewValue(tftypes.Bool, false), tftypes.NewValue(tftypes.Bool, nil)
	none, null := tftypes.NewValue(tftypes.DynamicPseudoType, nil), &tfprotov6.DynamicValue{MsgPack: []byte{0xc0}}
	forced := map[string]tftypes.Value{"force": yes}
	computed := map[string]tftypes.Value{"force": no, "value": none}
	tests := map[string]struct {
		defaults                map[string]tftypes.Value // of force false, if nil
		prior, proposed, config *tfprotov6.DynamicValue
		asked                   bool
	}{
		"nothing":              {nil, packWith(text("a"), no), packWith(text("a"), no), packWith(text("a"), unset), false},
		"nothing, all set":     {nil, packWith(text("a"), yes), packWith(text("a"), yes), packWith(text("a"), yes), false},
		"value":                {nil, packWith(text("a"), no), packWith(text("b"), no), packWith(text("b"), unset), true},
		"back to the default":  {nil, packWith(text("a"), yes), packWith(text("a"), yes), packWith(text("a"), unset), true},
		"never had a default":  {nil, packWith(text("a"), unset), packWith(text("a"), unset), packWith(text("a"), unset), true},
		"creation":             {nil, null, packWith(text("a"), unset), packWith(text("a"), unset), true},
		"destruction":          {nil, packWith(text("a"), no), null, null, true},
		"neither before, then": {nil, null, null, null, true},
		"another default":      {forced, packWith(text("a"), yes), packWith(text("a"), yes), packWith(text("a"), unset), false},
		"not that default":     {forced, packWith(text("a"), no), packWith(text("a"), no), packWith(text("a"), unset), true},
		"computed":             {computed, packWith(none, no), packWith(none, no), packWith(none, no), false},
		"computed, but not so": {computed, packWith(text("a"), no), packWith(text("a"), no), packWith(none, no), true},
	}
	for name, test := range tests {
		for _, mayDefer := range []bool{false, true} {
			i := &inner{}
			if test.defaults == nil {
				test.defaults = map[string]tftypes.Value{"force": no}
			}
			server, err := protocol.NewServer(t.Context(), i, unchanged(map[string]map[string]tftypes.Value{"test": test.defaults}))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
				TypeName: "test", PriorState: test.prior, ProposedNewState: test.proposed, Config: test.config, PriorPrivate: []byte("private"),
				ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: mayDefer},
			})
			if err != nil {
				t.Fatal(err)
			}
			asked := len(i.seen) > 0
			if asked != (test.asked || mayDefer) {
				t.Errorf("%s: with deferral allowed: %t, the framework was asked: %t", name, mayDefer, asked)
			}
			if !asked && (string(resp.PlannedPrivate) != "private" || string(resp.PlannedState.MsgPack) != string(test.prior.MsgPack)) {
				t.Errorf("%s: planned %q", name, resp.PlannedState.MsgPack)
			}
		}
	}
}

// TestDefaults: without the defaults of all attributes that have one, nothing
// would be unchanged for sure.
func TestDefaults(t *testing.T) {
	t.Parallel()
	for want, defaults := range map[string]map[string]map[string]tftypes.Value{
		"test.force is optional and computed, but has no default": {"test": {}},
		"there are defaults of other, which is no resource":       {"other": {}},
	} {
		if _, err := protocol.NewServer(t.Context(), &inner{}, unchanged(defaults)); err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
}
