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

// TestUnchanged: only a plan that changes nothing is made without the framework.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	yes, no, unset := tftypes.NewValue(tftypes.Bool, true), tftypes.NewValue(tftypes.Bool, false), tftypes.NewValue(tftypes.Bool, nil)
	none := &tfprotov6.DynamicValue{MsgPack: []byte{0xc0}}
	tests := map[string]struct {
		prior, proposed, config *tfprotov6.DynamicValue
		asked                   bool
	}{
		"nothing":              {packWith(text("a"), no), packWith(text("a"), no), packWith(text("a"), unset), false},
		"nothing, all set":     {packWith(text("a"), yes), packWith(text("a"), yes), packWith(text("a"), yes), false},
		"value":                {packWith(text("a"), no), packWith(text("b"), no), packWith(text("b"), unset), true},
		"back to the default":  {packWith(text("a"), yes), packWith(text("a"), yes), packWith(text("a"), unset), true},
		"never had a default":  {packWith(text("a"), unset), packWith(text("a"), unset), packWith(text("a"), unset), true},
		"creation":             {none, packWith(text("a"), unset), packWith(text("a"), unset), true},
		"destruction":          {packWith(text("a"), no), none, none, true},
		"neither before, then": {none, none, none, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inner, server := newServer(t)
			resp, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
				TypeName: "test", PriorState: test.prior, ProposedNewState: test.proposed, Config: test.config, PriorPrivate: []byte("private"),
			})
			if err != nil {
				t.Fatal(err)
			}
			if asked := len(inner.seen) > 0; asked != test.asked {
				t.Errorf("the framework was asked: %t", asked)
			}
			if !test.asked && (string(resp.PlannedPrivate) != "private" || string(resp.PlannedState.MsgPack) != string(test.prior.MsgPack)) {
				t.Errorf("planned %q", resp.PlannedState.MsgPack)
			}
		})
	}
}

// TestUnchangedMayBeDeferred: a client that allows it is told by the framework
// whether even a plan that changes nothing is deferred.
func TestUnchangedMayBeDeferred(t *testing.T) {
	t.Parallel()
	state := packWith(text("a"), tftypes.NewValue(tftypes.Bool, false))
	for _, allowed := range []bool{false, true} {
		inner, server := newServer(t)
		if _, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
			TypeName: "test", PriorState: state, ProposedNewState: state, Config: state,
			ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: allowed},
		}); err != nil {
			t.Fatal(err)
		}
		if asked := len(inner.seen) > 0; asked != allowed {
			t.Errorf("with deferral allowed: %t, the framework was asked: %t", allowed, asked)
		}
	}
}

// TestDefaults: without the defaults of all attributes that have one, nothing
// would be unchanged for sure.
func TestDefaults(t *testing.T) {
	t.Parallel()
	tests := map[string]map[string]map[string]tftypes.Value{
		"test.force is optional and computed, but has no default": {"test": {}},
		"there are defaults of other, which is no resource":       {"other": {}},
	}
	for want, defaults := range tests {
		if _, err := protocol.NewServer(t.Context(), &inner{}, unchanged(defaults)); err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
	if _, err := protocol.NewServer(t.Context(), &inner{}, protocol.Unchanged{}); err != nil {
		t.Errorf("without a resource to plan: %v", err)
	}
}

// TestOtherDefault: a default is what it is, and not always false.
func TestOtherDefault(t *testing.T) {
	t.Parallel()
	i := &inner{}
	server, err := protocol.NewServer(t.Context(), i, unchanged(map[string]map[string]tftypes.Value{"test": {"force": tftypes.NewValue(tftypes.Bool, true)}}))
	if err != nil {
		t.Fatal(err)
	}
	unset := tftypes.NewValue(tftypes.Bool, nil)
	for force, asked := range map[bool]bool{true: false, false: true} {
		i.seen = nil
		state := packWith(text("a"), tftypes.NewValue(tftypes.Bool, force))
		if _, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
			TypeName: "test", PriorState: state, ProposedNewState: state, Config: packWith(text("a"), unset),
		}); err != nil {
			t.Fatal(err)
		}
		if got := len(i.seen) > 0; got != asked {
			t.Errorf("with %t in the state, the framework was asked: %t", force, got)
		}
	}
}

// TestComputedDefault: what is computed only is left to the framework where it is
// another value than its default.
func TestComputedDefault(t *testing.T) {
	t.Parallel()
	i := &inner{}
	none := tftypes.NewValue(tftypes.DynamicPseudoType, nil)
	server, err := protocol.NewServer(t.Context(), i, unchanged(map[string]map[string]tftypes.Value{"test": {
		"force": tftypes.NewValue(tftypes.Bool, false),
		"value": none,
	}}))
	if err != nil {
		t.Fatal(err)
	}
	no := tftypes.NewValue(tftypes.Bool, false)
	for _, test := range []struct {
		value tftypes.Value
		asked bool
	}{{none, false}, {text("other"), true}} {
		i.seen = nil
		state := packWith(test.value, no)
		if _, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
			TypeName: "test", PriorState: state, ProposedNewState: state, Config: packWith(none, no),
		}); err != nil {
			t.Fatal(err)
		}
		if asked := len(i.seen) > 0; asked != test.asked {
			t.Errorf("with %s in the state, the framework was asked: %t", test.value, asked)
		}
	}
}
