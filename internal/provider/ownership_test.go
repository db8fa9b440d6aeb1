package provider_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// ownershipCase is a configuration that changes which resource has an entry, what
// goes wrong meanwhile, and what must come of it.
type ownershipCase struct {
	runs []ownershipRun
	// fix is the last configuration with the step that the error may name if three
	// applies do not converge. Empty: they must.
	fix string
	// final is what the gateway holds then.
	final world
}

// ownershipRun is one plan and its apply.
type ownershipRun struct {
	configuration    string
	replace, targets []string
	failures         []failure
	want             ownershipEnd
	// says is in the error, if the run fails.
	says string
	// holds are entries that the gateway has after it: "" for any value.
	holds         world
	writesNothing bool
}

type ownershipEnd int

const (
	either ownershipEnd = iota
	succeeds
	fails
)

// numberedKeys returns count keys and values of one n.
func numberedKeys(count, n int) world {
	numbered := world{}
	for i := range count {
		numbered[fmt.Sprintf("k%d", i+1)] = valueOf("", n)
	}
	return numbered
}

// merged returns the entries of all.
func merged(all ...world) world {
	merged := world{}
	for _, some := range all {
		maps.Copy(merged, some)
	}
	return merged
}

// existing are the entries with any value.
func existing(some world) world {
	existing := world{}
	for key := range some {
		existing[key] = ""
	}
	return existing
}

// single is a quiva_kv_entry with more arguments or blocks.
func single(name, key string, n int, more ...string) string {
	return fmt.Sprintf("resource \"quiva_kv_entry\" %q {\n  bucket = \"flags\"\n  key = %q\n  value = { n = %d }\n  %s\n}\n", name, key, n, strings.Join(more, "\n  "))
}

// instancesOf is a quiva_kv_entry with for_each, whose instances are named after the
// keys, with a prefix.
func instancesOf(prefix string, held world, more ...string) string {
	var each strings.Builder
	for _, key := range slices.Sorted(maps.Keys(held)) {
		fmt.Fprintf(&each, "    %q = { key = %q, value = %s }\n", prefix+key, key, held[key])
	}
	return fmt.Sprintf("resource \"quiva_kv_entry\" \"each\" {\n  for_each = {\n%s  }\n  bucket = \"flags\"\n  key = each.value.key\n  value = each.value.value\n  %s\n}\n", &each, strings.Join(more, "\n  "))
}

// batch is a quiva_kv_entries with more arguments or blocks.
func batch(name string, held world, more ...string) string {
	return fmt.Sprintf("resource \"quiva_kv_entries\" %q {\n  bucket = \"flags\"\n  entries = %s\n  %s\n}\n", name, objectJSON(held), strings.Join(more, "\n  "))
}

const (
	overwriting   = "overwrite = true"
	createsBefore = "lifecycle {\n    create_before_destroy = true\n  }"
	afterOne      = "depends_on = [quiva_kv_entry.one]"
	afterBatch    = "depends_on = [quiva_kv_entries.a]"
)

// trigger is replaced when its input changes.
func trigger(input int) string {
	return fmt.Sprintf("resource \"terraform_data\" \"trigger\" {\n  input = %d\n}\n", input)
}

func triggered(more string) string {
	return "lifecycle {\n    replace_triggered_by = [terraform_data.trigger]\n    " + more + "\n  }"
}

// movesOf are the moved blocks of the instances of some entries.
func movesOf(from, to string, held world) string {
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(held)) {
		fmt.Fprintf(&text, "moved {\n  from = quiva_kv_entry.each[%q]\n  to = quiva_kv_entry.each[%q]\n}\n", from+key, to+key)
	}
	return text.String()
}

var (
	x1, y1 = world{"x": valueOf("", 1)}, world{"y": valueOf("", 1)}
	x2, y2 = world{"x": valueOf("", 2)}, world{"y": valueOf("", 2)}
	kv1    = world{"k": valueOf("", 1)}
	kv2    = world{"k": valueOf("", 2)}
	next1  = world{"next": valueOf("", 1)}

	noDeletion = failure{method: "DELETE", kind: "503", all: true}
)

func onPut(key, kind string) failure { return failure{method: "PUT", key: key, kind: kind} }

var ownershipCases = map[string]ownershipCase{
	"from one batch to another, and its deletion fails": {
		runs: []ownershipRun{
			{configuration: batch("a", merged(kv1, x1)) + batch("b", y1), want: succeeds},
			{configuration: batch("a", x1) + batch("b", merged(kv1, y1)), failures: []failure{noDeletion}, holds: existing(merged(kv1, x1, y1))},
		},
		final: merged(kv1, x1, y1),
	},
	"from one batch to another, and another write of it fails": {
		runs: []ownershipRun{
			{configuration: batch("a", merged(kv1, x1)) + batch("b", y1), want: succeeds},
			{configuration: batch("a", x2) + batch("b", merged(kv1, y1)), failures: []failure{onPut("x", "503")}, want: fails, holds: existing(merged(kv1, x1, y1))},
		},
		final: merged(kv1, x2, y1),
	},
	"instances are renamed with another value": {
		runs: []ownershipRun{
			{configuration: instancesOf("old-", numberedKeys(4, 1)), want: succeeds},
			{configuration: instancesOf("new-", numberedKeys(4, 2)), says: "moved {", holds: existing(numberedKeys(4, 1))},
		},
		fix:   instancesOf("new-", numberedKeys(4, 2), overwriting),
		final: numberedKeys(4, 2),
	},
	"instances are renamed with another value and moved blocks": {
		runs: []ownershipRun{
			{configuration: instancesOf("old-", numberedKeys(20, 1)), want: succeeds},
			{configuration: instancesOf("new-", numberedKeys(20, 2)) + movesOf("old-", "new-", numberedKeys(20, 1)), want: succeeds},
		},
		final: numberedKeys(20, 2),
	},
	"from a batch to instances with another value": {
		runs: []ownershipRun{
			{configuration: batch("a", numberedKeys(4, 1)), want: succeeds},
			{configuration: instancesOf("", numberedKeys(4, 2)), says: overwriting, holds: existing(numberedKeys(4, 1))},
		},
		fix:   instancesOf("", numberedKeys(4, 2), overwriting),
		final: numberedKeys(4, 2),
	},
	// Terraform does not tell a creation that it replaces an object: it looks like
	// one that finds its entry there already.
	"-replace under create_before_destroy": {
		runs: []ownershipRun{
			{configuration: single("one", "k", 1, createsBefore), want: succeeds},
			{configuration: single("one", "k", 1, createsBefore), replace: []string{"quiva_kv_entry.one"}, want: succeeds, holds: kv1, writesNothing: true},
		},
		final: kv1,
	},
	"-replace under create_before_destroy, and a dependent fails": {
		runs: []ownershipRun{
			{configuration: single("one", "k", 1, createsBefore) + single("two", "x", 1, createsBefore, afterOne), want: succeeds},
			{
				configuration: single("one", "k", 1, createsBefore) + single("two", "y", 1, createsBefore, afterOne),
				replace:       []string{"quiva_kv_entry.one"}, failures: []failure{onPut("y", "503")}, want: fails, holds: merged(kv1, x1),
			},
		},
		final: merged(kv1, y1),
	},
	"replace_triggered_by under create_before_destroy with another value": {
		runs: []ownershipRun{
			{configuration: trigger(1) + single("one", "k", 1, triggered("create_before_destroy = true")), want: succeeds},
			{configuration: trigger(2) + single("one", "k", 2, triggered("create_before_destroy = true")), want: fails, says: "create_before_destroy", holds: kv1, writesNothing: true},
		},
		fix:   trigger(2) + single("one", "k", 2, triggered("")),
		final: kv2,
	},
	"instances become a batch, interrupted after its creation": {
		runs: []ownershipRun{
			{configuration: instancesOf("", numberedKeys(4, 1)), want: succeeds},
			{configuration: batch("a", numberedKeys(4, 1)) + single("next", "next", 1, afterBatch), failures: []failure{onPut("next", "interrupt")}, want: fails, holds: numberedKeys(4, 1)},
		},
		final: merged(numberedKeys(4, 1), next1),
	},
	"instances become a batch, and no deletion succeeds": {
		runs: []ownershipRun{
			{configuration: instancesOf("", numberedKeys(30, 1)), want: succeeds},
			{configuration: batch("a", numberedKeys(30, 1)), failures: []failure{noDeletion}, holds: numberedKeys(30, 1)},
		},
		final: numberedKeys(30, 1),
	},
	"instances become a batch, the batch first with a -target": {
		runs: []ownershipRun{
			{configuration: instancesOf("", numberedKeys(20, 1)), want: succeeds},
			{configuration: batch("a", numberedKeys(20, 1)), targets: []string{"quiva_kv_entries.a"}, want: succeeds, holds: numberedKeys(20, 1)},
			{configuration: batch("a", numberedKeys(20, 1)), want: succeeds, holds: numberedKeys(20, 1)},
		},
		final: numberedKeys(20, 1),
	},
	"renamed, and the old one's deletion fails once": {
		runs: []ownershipRun{
			{configuration: single("one", "k", 1), want: succeeds},
			{configuration: single("two", "k", 1), failures: []failure{{method: "DELETE", kind: "503"}}, holds: kv1},
		},
		final: kv1,
	},
	"a tainted batch, and what it depends on fails": {
		runs: []ownershipRun{
			{configuration: single("one", "x", 1) + batch("a", numberedKeys(3, 1), afterOne), failures: []failure{onPut("k3", "503")}, want: fails},
			{configuration: single("one", "x", 2) + batch("a", numberedKeys(3, 1), afterOne), failures: []failure{onPut("x", "503")}, want: fails, holds: x1},
		},
		final: merged(numberedKeys(3, 1), x2),
	},
	"two batches swap keys with new values": {
		runs: []ownershipRun{
			{configuration: batch("a", x1) + batch("b", y1), want: succeeds},
			{configuration: batch("a", y2) + batch("b", x2), says: overwriting, holds: existing(merged(x1, y1))},
		},
		fix:   batch("a", y2, overwriting) + batch("b", x2, overwriting),
		final: merged(x2, y2),
	},
	"a batch half created under create_before_destroy, then other values": {
		runs: []ownershipRun{
			{configuration: batch("a", numberedKeys(3, 1), createsBefore), failures: []failure{onPut("k3", "503")}, want: fails},
			{configuration: batch("a", numberedKeys(3, 2), createsBefore)},
		},
		fix:   batch("a", numberedKeys(3, 2)),
		final: numberedKeys(3, 2),
	},
	// One of the two gives way.
	"a deposed object shares its entry with one that a -target has hidden": {
		runs: []ownershipRun{
			{configuration: single("one", "k", 1, createsBefore), want: succeeds},
			{configuration: single("one", "x", 1, createsBefore), failures: []failure{noDeletion}, want: fails, holds: merged(kv1, x1)},
			{configuration: single("one", "x", 1, createsBefore) + single("two", "k", 1), targets: []string{"quiva_kv_entry.two"}, want: succeeds, writesNothing: true},
			{configuration: single("one", "x", 1, createsBefore) + single("two", "k", 1), want: succeeds},
		},
		final: merged(kv1, x1),
	},
	"interrupted between handing over and writing": {
		runs: []ownershipRun{
			{configuration: single("one", "k", 1), want: succeeds},
			{configuration: batch("a", kv2), failures: []failure{onPut("k", "interrupt")}},
		},
		fix:   batch("a", kv2, overwriting),
		final: kv2,
	},
	// Nobody has the entries between the deletion and the creation.
	"interrupted between the deletion and the creation of a replacement": {
		runs: []ownershipRun{
			{configuration: single("one", "x", 1) + batch("a", numberedKeys(3, 1), afterOne), want: succeeds},
			{configuration: single("one", "x", 2) + batch("a", numberedKeys(3, 1), afterOne), replace: []string{"quiva_kv_entries.a"}, failures: []failure{onPut("x", "interrupt")}, want: fails, holds: numberedKeys(3, 1)},
		},
		final: merged(x2, numberedKeys(3, 1)),
	},
}

// TestOwnership: whichever resource has an entry, and whatever goes wrong as it
// changes, in some orders of calls, the entry is not lost, the state is what the
// gateway holds, and the next applies converge.
func TestOwnership(t *testing.T) {
	t.Parallel()
	cases := maps.Clone(ownershipCases)
	for name, test := range ownershipCases {
		if killed, isInterrupted := test.killed(); isInterrupted {
			cases[name+", and killed"] = killed
		}
	}
	for name, test := range cases {
		for order := range uint64(4) {
			t.Run(fmt.Sprint(name, "/order=", order), func(t *testing.T) {
				t.Parallel()
				gateway := newGateway(t)
				p := &player{t: t, gateway: gateway, random: rand.New(rand.NewPCG(order, 3))}
				p.directory = &inProcess{workspace: newWorkspace(t), configured: func(text string) string { return withProvider(gateway, text) }}
				t.Cleanup(func() {
					if t.Failed() {
						t.Log(&p.story)
					}
				})
				test.play(p, order > 0)
			})
		}
	}
}

// killed returns the case with the provider killed where it would be interrupted.
func (test ownershipCase) killed() (killed ownershipCase, isInterrupted bool) {
	killed, killed.runs = test, slices.Clone(test.runs)
	for i, run := range killed.runs {
		failures := slices.Clone(run.failures)
		for j := range failures {
			if failures[j].kind == "interrupt" {
				failures[j].kind, isInterrupted = "kill", true
			}
		}
		killed.runs[i].failures = failures
	}
	return killed, isInterrupted
}

func (test ownershipCase) play(p *player, inOrder bool) {
	apply := func(run ownershipRun) *ran {
		r, broken := p.run(step{text: run.configuration, options: planOptions{replace: run.replace, targets: run.targets}, failures: run.failures, inOrder: inOrder})
		if broken != nil {
			p.t.Fatalf("breaks %s", broken)
		}
		return r
	}
	var last ownershipRun
	for i, run := range test.runs {
		r := apply(run)
		texts := strings.Join(failed(r.said), "\n")
		isWrite := func(e event) bool { return e.request != nil && e.request.Method != "GET" }
		switch {
		case run.want == succeeds && r.failed(), run.want == fails && !r.failed():
			p.t.Fatalf("apply %d failed: %t\n%s", i+1, r.failed(), texts)
		case r.failed() && !strings.Contains(texts, run.says):
			p.t.Fatalf("apply %d does not say %q:\n%s", i+1, run.says, texts)
		case run.writesNothing && slices.ContainsFunc(r.events, isWrite):
			p.t.Fatalf("apply %d wrote", i+1)
		}
		for key, value := range run.holds {
			if held, ok := r.gatewayAfter[key]; !ok || value != "" && held != value {
				p.t.Fatalf("after apply %d, the gateway has %s = %q", i+1, key, held)
			}
		}
		last = ownershipRun{configuration: run.configuration}
	}
	for tries := 0; ; tries++ {
		r := apply(last)
		if !r.failed() {
			break
		}
		texts := strings.Join(failed(r.said), "\n")
		switch isNamed := strings.Contains(texts, overwriting) || strings.Contains(texts, "create_before_destroy"); {
		case tries < 2:
		case test.fix == "" || !isNamed || tries > 2:
			p.t.Fatalf("no apply succeeds, and no error names a step:\n%s", texts)
		default:
			last.configuration = test.fix
		}
	}
	if held := p.world(); !maps.Equal(held, test.final) {
		p.t.Errorf("once converged, the gateway has %v, want %v", held, test.final)
	}
	for _, c := range p.planStep(step{text: last.configuration}, planOptions{}).changes {
		if c.action != noOp {
			p.t.Errorf("the plan after it has %s: %s", c.address, c.action)
		}
	}
}
