//go:build unix

package endtoend_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// ownershipCase is a configuration that changes which resource has an entry,
// what goes wrong meanwhile, and what must come of it.
type ownershipCase struct {
	runs []ownershipRun
	// fix is the last configuration with the step that the error may name if
	// three applies do not converge. Empty: they must.
	fix string
	// final is what the gateway holds then.
	final entries
}

// ownershipRun is one apply.
type ownershipRun struct {
	configuration string
	flags         []string
	failures      []failure
	// want is how the run ends, and says what Terraform says if it ends so;
	// where both are possible, if it fails.
	want ownershipEnd
	says string
	// holds are entries that the gateway has after it: "" for any value.
	holds entries
	// writesNothing is for a run that is refused before anything is written.
	writesNothing bool
}

type ownershipEnd int

const (
	either ownershipEnd = iota
	succeeds
	fails
)

// The steps that an error may name.
var namedSteps = []string{"overwrite = true", "moved {", "create_before_destroy"}

// numbered returns count keys and values of one n.
func numbered(count, n int) entries {
	numbered := entries{}
	for i := range count {
		numbered[fmt.Sprintf("k%d", i+1)] = valueOf(n)
	}
	return numbered
}

// merged returns the entries of all.
func merged(all ...entries) entries {
	merged := entries{}
	for _, some := range all {
		maps.Copy(merged, some)
	}
	return merged
}

// existing are the entries with any value.
func existing(some entries) entries {
	existing := entries{}
	for key := range some {
		existing[key] = ""
	}
	return existing
}

// single is a quiva_kv_entry with more arguments or blocks.
func single(name, key string, n int, more ...string) string {
	return fmt.Sprintf("resource \"quiva_kv_entry\" %q {\n  bucket = \"flags\"\n  key = %q\n  value = { n = %d }\n  %s\n}\n", name, key, n, strings.Join(more, "\n  "))
}

// instances is a quiva_kv_entry with for_each, whose instances are named after
// the keys, with a prefix.
func instances(prefix string, held entries, more ...string) string {
	var each strings.Builder
	for _, key := range slices.Sorted(maps.Keys(held)) {
		fmt.Fprintf(&each, "    %q = { key = %q, value = jsondecode(%q) }\n", prefix+key, key, held[key])
	}
	return fmt.Sprintf("resource \"quiva_kv_entry\" \"each\" {\n  for_each = {\n%s  }\n  bucket = \"flags\"\n  key = each.value.key\n  value = each.value.value\n  %s\n}\n", &each, strings.Join(more, "\n  "))
}

// batch is a quiva_kv_entries with more arguments or blocks.
func batch(name string, held entries, more ...string) string {
	var all strings.Builder
	for _, key := range slices.Sorted(maps.Keys(held)) {
		fmt.Fprintf(&all, "    %q = jsondecode(%q)\n", key, held[key])
	}
	return fmt.Sprintf("resource \"quiva_kv_entries\" %q {\n  bucket = \"flags\"\n  entries = {\n%s  }\n  %s\n}\n", name, &all, strings.Join(more, "\n  "))
}

const (
	overwrite           = "overwrite = true"
	createBeforeDestroy = "lifecycle {\n    create_before_destroy = true\n  }"
)

// What decides which of two resources Terraform calls first: one waits for the
// write of first, or for the deletion of last, and these are slow.
var (
	firstAgain = entries{"first": valueOf(2)}
	slowFirst  = failure{method: "PUT", key: "first", kind: "slow"}
	slowLast   = failure{method: "DELETE", key: "last", kind: "slow"}
)

const afterFirst = "depends_on = [quiva_kv_entry.first]"

// last has to be deleted before a resource is.
func last(resource string) string {
	return single("last", "last", 1, "depends_on = ["+resource+"]")
}

// next is created once a resource is, and in the state.
func next(resource string) string {
	return single("next", "next", 1, "depends_on = ["+resource+"]")
}

var nextWritten = entries{"next": valueOf(1)}

// trigger is replaced when its input changes.
func trigger(input int) string {
	return fmt.Sprintf("resource \"terraform_data\" \"trigger\" {\n  input = %d\n}\n", input)
}

func triggered(more string) string {
	return "lifecycle {\n    replace_triggered_by = [terraform_data.trigger]\n    " + more + "\n  }"
}

func aliased(name string) string { return "provider = quiva." + name }

const aliases = "provider \"quiva\" {\n  alias = \"east\"\n}\nprovider \"quiva\" {\n  alias = \"west\"\n}\n"

// pairs are resources a1, a2 … and b1, b2 … that have the keys k1, k2 ….
func pairs(name string, n int, more ...string) string {
	var text strings.Builder
	for i := range 5 {
		text.WriteString(single(fmt.Sprint(name, i+1), fmt.Sprint("k", i+1), n, more...))
	}
	return text.String()
}

// moves are the moved blocks of the instances of some entries.
func moves(from, to string, held entries) string {
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(held)) {
		fmt.Fprintf(&text, "moved {\n  from = quiva_kv_entry.each[%q]\n  to = quiva_kv_entry.each[%q]\n}\n", from+key, to+key)
	}
	return text.String()
}

var (
	x1, y1 = entries{"x": valueOf(1)}, entries{"y": valueOf(1)}
	x2, y2 = entries{"x": valueOf(2)}, entries{"y": valueOf(2)}
	k1     = entries{"k": valueOf(1)}
	k2     = entries{"k": valueOf(2)}
)

var ownershipCases = map[string]ownershipCase{
	"from one batch to another, and its deletion fails": {
		runs: []ownershipRun{
			{configuration: single("first", "first", 1) + batch("a", merged(k1, x1)) + batch("b", y1), want: succeeds},
			{configuration: single("first", "first", 2) + batch("a", x1) + batch("b", merged(k1, y1), afterFirst), failures: []failure{slowFirst, {method: "DELETE", all: true, kind: "503"}}, holds: existing(merged(k1, x1, y1))},
		},
		final: merged(firstAgain, k1, x1, y1),
	},
	"from one batch to another, and another write of it fails": {
		runs: []ownershipRun{
			{configuration: batch("a", merged(k1, x1)) + batch("b", y1), want: succeeds},
			{configuration: batch("a", x2) + batch("b", merged(k1, y1)), failures: []failure{{method: "PUT", key: "x", kind: "503"}}, want: fails, holds: existing(merged(k1, x1, y1))},
		},
		final: merged(k1, x2, y1),
	},
	"one of two resources with one key is removed, the other changes": {
		runs: []ownershipRun{
			{configuration: pairs("a", 1), want: succeeds},
			{configuration: pairs("a", 1) + pairs("b", 1), holds: numbered(5, 1)},
			{configuration: pairs("b", 2), failures: []failure{{method: "DELETE", all: true, kind: "slow"}}, holds: existing(numbered(5, 1))},
		},
		fix:   pairs("b", 2, overwrite),
		final: numbered(5, 2),
	},
	"instances are renamed with another value": {
		runs: []ownershipRun{
			{configuration: instances("old-", numbered(20, 1)) + last("quiva_kv_entry.each"), want: succeeds},
			{configuration: instances("new-", numbered(20, 2)), failures: []failure{slowLast}, says: "moved {", holds: existing(numbered(20, 1))},
		},
		fix:   instances("new-", numbered(20, 2), overwrite),
		final: numbered(20, 2),
	},
	"instances are renamed with another value and moved blocks": {
		runs: []ownershipRun{
			{configuration: instances("old-", numbered(20, 1)), want: succeeds},
			{configuration: instances("new-", numbered(20, 2)) + moves("old-", "new-", numbered(20, 1)), want: succeeds, says: "0 added, 20 changed, 0 destroyed"},
		},
		final: numbered(20, 2),
	},
	"from a batch to instances with another value": {
		runs: []ownershipRun{
			{configuration: batch("a", numbered(6, 1)) + last("quiva_kv_entries.a"), want: succeeds},
			{configuration: instances("", numbered(6, 2)), failures: []failure{slowLast}, says: "overwrite = true", holds: existing(numbered(6, 1))},
		},
		fix:   instances("", numbered(6, 2), overwrite),
		final: numbered(6, 2),
	},
	"from instances to a batch with another value": {
		runs: []ownershipRun{
			{configuration: instances("", numbered(6, 1)) + last("quiva_kv_entry.each"), want: succeeds},
			{configuration: batch("a", numbered(6, 2)), failures: []failure{slowLast}, says: "overwrite = true", holds: existing(numbered(6, 1))},
		},
		fix:   batch("a", numbered(6, 2), overwrite),
		final: numbered(6, 2),
	},
	// Terraform does not tell a creation that it replaces an object: it looks like
	// one that finds its entry there already.
	"-replace under create_before_destroy": {
		runs: []ownershipRun{
			{configuration: single("one", "k", 1, createBeforeDestroy), want: succeeds},
			{configuration: single("one", "k", 1, createBeforeDestroy), flags: []string{"-replace=quiva_kv_entry.one"}, want: succeeds, holds: k1, writesNothing: true},
		},
		final: k1,
	},
	"-replace under create_before_destroy, and a dependent fails": {
		runs: []ownershipRun{
			{configuration: single("one", "k", 1, createBeforeDestroy) + single("two", "x", 1, createBeforeDestroy, "depends_on = [quiva_kv_entry.one]"), want: succeeds},
			{
				configuration: single("one", "k", 1, createBeforeDestroy) + single("two", "y", 1, createBeforeDestroy, "depends_on = [quiva_kv_entry.one]"),
				flags:         []string{"-replace=quiva_kv_entry.one"}, failures: []failure{{method: "PUT", key: "y", kind: "503"}},
				want: fails, holds: merged(k1, x1),
			},
		},
		final: merged(k1, y1),
	},
	"-replace of a batch under create_before_destroy, and a dependent fails": {
		runs: []ownershipRun{
			{configuration: batch("a", numbered(3, 1), createBeforeDestroy) + single("two", "x", 1, createBeforeDestroy, "depends_on = [quiva_kv_entries.a]"), want: succeeds},
			{
				configuration: batch("a", numbered(3, 1), createBeforeDestroy) + single("two", "y", 1, createBeforeDestroy, "depends_on = [quiva_kv_entries.a]"),
				flags:         []string{"-replace=quiva_kv_entries.a"}, failures: []failure{{method: "PUT", key: "y", kind: "503"}},
				want: fails, holds: merged(numbered(3, 1), x1),
			},
		},
		final: merged(numbered(3, 1), y1),
	},
	"replace_triggered_by under create_before_destroy with another value": {
		runs: []ownershipRun{
			{configuration: trigger(1) + single("one", "k", 1, triggered("create_before_destroy = true")), want: succeeds},
			{configuration: trigger(2) + single("one", "k", 2, triggered("create_before_destroy = true")), want: fails, says: "create_before_destroy", holds: k1, writesNothing: true},
		},
		fix:   trigger(2) + single("one", "k", 2, triggered("")),
		final: k2,
	},
	"two resources with one key": {
		runs: []ownershipRun{
			{configuration: single("one", "k", 1) + single("two", "k", 2, "depends_on = [quiva_kv_entry.one]"), want: fails, says: "another address", holds: k1},
			{configuration: single("one", "k", 1), want: succeeds, holds: k1},
		},
		final: k1,
	},
	// Without the moved block, two processes create and delete one entry, and
	// neither knows of the other.
	"from one provider alias to another with a moved block": {
		runs: []ownershipRun{
			{configuration: aliases + single("one", "k", 1, aliased("east")), want: succeeds},
			{configuration: aliases + single("two", "k", 1, aliased("west")) + "moved {\n  from = quiva_kv_entry.one\n  to = quiva_kv_entry.two\n}\n", want: succeeds, holds: k1, writesNothing: true},
		},
		final: k1,
	},
	"instances become a batch, interrupted after its creation": {
		runs: []ownershipRun{
			{configuration: instances("", numbered(20, 1)) + last("quiva_kv_entry.each"), want: succeeds},
			{configuration: batch("a", numbered(20, 1)) + next("quiva_kv_entries.a"), failures: []failure{slowLast, {method: "PUT", key: "next", kind: "interrupt"}}, want: fails, holds: numbered(20, 1)},
		},
		final: merged(numbered(20, 1), nextWritten),
	},
	"instances become a batch, killed after its creation": {
		runs: []ownershipRun{
			{configuration: instances("", numbered(20, 1)) + last("quiva_kv_entry.each"), want: succeeds},
			{configuration: batch("a", numbered(20, 1)) + next("quiva_kv_entries.a"), failures: []failure{slowLast, {method: "PUT", key: "next", kind: "kill"}}, want: fails, holds: numbered(20, 1)},
		},
		final: merged(numbered(20, 1), nextWritten),
	},
	"instances become a batch, and no deletion succeeds": {
		runs: []ownershipRun{
			{configuration: single("first", "first", 1) + instances("", numbered(30, 1)), want: succeeds},
			{configuration: single("first", "first", 2) + batch("a", numbered(30, 1), afterFirst), failures: []failure{slowFirst, {method: "DELETE", all: true, kind: "503"}}, holds: numbered(30, 1)},
		},
		final: merged(firstAgain, numbered(30, 1)),
	},
	"instances become a batch, the batch first with a -target": {
		runs: []ownershipRun{
			{configuration: instances("", numbered(20, 1)), want: succeeds},
			{configuration: batch("a", numbered(20, 1)), flags: []string{"-target=quiva_kv_entries.a"}, want: succeeds, holds: numbered(20, 1)},
			{configuration: batch("a", numbered(20, 1)), want: succeeds, holds: numbered(20, 1)},
		},
		final: numbered(20, 1),
	},
	"renamed, and the old one's deletion fails once": {
		runs: []ownershipRun{
			{configuration: single("first", "first", 1) + single("one", "k", 1), want: succeeds},
			{configuration: single("first", "first", 2) + single("two", "k", 1, afterFirst), failures: []failure{slowFirst, {method: "DELETE", kind: "503"}}, holds: k1},
		},
		final: merged(firstAgain, k1),
	},
	"a tainted batch, and what it depends on fails": {
		runs: []ownershipRun{
			{configuration: single("one", "x", 1) + batch("a", numbered(3, 1), "depends_on = [quiva_kv_entry.one]"), failures: []failure{{method: "PUT", key: "k3", kind: "503"}}, want: fails},
			{configuration: single("one", "x", 2) + batch("a", numbered(3, 1), "depends_on = [quiva_kv_entry.one]"), failures: []failure{{method: "PUT", key: "x", kind: "503"}}, want: fails, holds: x1},
		},
		final: merged(numbered(3, 1), x2),
	},
	"two batches swap keys with new values": {
		runs: []ownershipRun{
			{configuration: batch("a", x1) + batch("b", y1), want: succeeds},
			{configuration: batch("a", y2) + batch("b", x2), says: "overwrite = true", holds: existing(merged(x1, y1))},
		},
		fix:   batch("a", y2, overwrite) + batch("b", x2, overwrite),
		final: merged(x2, y2),
	},
	"a batch half created under create_before_destroy, then other values": {
		runs: []ownershipRun{
			{configuration: batch("a", numbered(3, 1), createBeforeDestroy), failures: []failure{{method: "PUT", key: "k3", kind: "503"}}, want: fails},
			{configuration: batch("a", numbered(3, 2), createBeforeDestroy)},
		},
		fix:   batch("a", numbered(3, 2)),
		final: numbered(3, 2),
	},
	"interrupted between handing over and writing": {
		runs: []ownershipRun{
			{configuration: single("one", "k", 1), want: succeeds},
			{configuration: batch("a", k2), failures: []failure{{method: "PUT", key: "k", kind: "interrupt"}}, want: fails},
		},
		fix:   batch("a", k2, overwrite),
		final: k2,
	},
	"killed between handing over and writing": {
		runs: []ownershipRun{
			{configuration: single("one", "k", 1), want: succeeds},
			{configuration: batch("a", k2), failures: []failure{{method: "PUT", key: "k", kind: "kill"}}, want: fails},
		},
		fix:   batch("a", k2, overwrite),
		final: k2,
	},
}

// TestOwnership: whichever resource has an entry, and whatever goes wrong as it
// changes, the entry is not lost, the state is what the gateway holds, and the
// next applies converge.
func TestOwnership(t *testing.T) {
	for name, test := range ownershipCases {
		t.Run(name, func(t *testing.T) {
			needTerraform(t)
			gateway := newGateway(t)
			gateway.SetLatency(latency)
			w := newWorkspace(t, gateway)
			var last string
			for i, run := range test.runs {
				last = run.configuration
				w.configure("  max_retries = 0", last)
				result := runStruck(t, gateway, w, run.failures, append([]string{"apply", "-auto-approve"}, run.flags...)...)
				now := world{gateway.Entries("flags"), stateObjects(t, w)}
				if problem := run.problem(result, now); problem != "" {
					t.Fatalf("apply %d: %s\n%s", i+1, problem, result)
				}
			}
			w.converge(last, test.fix)
			if held := gateway.Entries("flags"); !maps.Equal(held, test.final) {
				t.Errorf("once converged, the gateway %s", difference(held, test.final))
			}
			if plan := w.run("plan", "-detailed-exitcode"); plan.status != 0 {
				t.Errorf("the plan after it ended with %d:\n%s", plan.status, plan.output)
			}
		})
	}
}

// problem says what did not come of a run that must.
func (run ownershipRun) problem(result struckRun, now world) string {
	if run.want == succeeds && !result.succeeded() || run.want == fails && result.succeeded() {
		return "it ended otherwise:\n" + result.output
	}
	if said := run.want == either && result.succeeded() || result.says(run.says); !said {
		return fmt.Sprintf("it does not say %q:\n%s", run.says, result.output)
	}
	for key, value := range run.holds {
		if held, ok := now.gateway[key]; !ok || value != "" && held != value {
			return fmt.Sprintf("the gateway has %s = %q", key, held)
		}
	}
	if run.writesNothing && slices.ContainsFunc(result.requests, isWrite) {
		return "it wrote"
	}
	if result.ended != goesOn {
		return "" // the state can be behind
	}
	for key, object := range now.stale() {
		return fmt.Sprintf("the state has %s, and the gateway %s = %q", object, key, now.gateway[key])
	}
	inState := now.keysInState()
	for key := range now.gateway {
		if !inState[key] {
			return fmt.Sprintf("the gateway has %s, and no state", key)
		}
	}
	return ""
}

// converge applies a configuration until it succeeds, three times at most, and
// then the one with the step that the error names.
func (w *workspace) converge(configuration, fix string) {
	w.t.Helper()
	var result outcome
	for range 3 {
		w.configure("  max_retries = 0", configuration)
		if result = w.run("apply", "-auto-approve"); result.status == 0 {
			return
		}
	}
	if fix == "" || !slices.ContainsFunc(namedSteps, result.says) {
		w.t.Fatalf("no apply succeeds, and no error names a step:\n%s", result.output)
	}
	w.configure("  max_retries = 0", fix)
	w.must("apply", "-auto-approve")
}

// TestInterruptedReplacement: an interrupt between the deletion and the creation
// of a replacement deletes nothing after all, although nobody has the entries.
func TestInterruptedReplacement(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	w := newWorkspace(t, gateway)
	configuration := func(n int) string {
		return single("one", "x", n) + batch("a", numbered(3, 1), "depends_on = [quiva_kv_entry.one]")
	}
	w.configure("  max_retries = 0", configuration(1))
	w.must("apply", "-auto-approve")
	w.configure("  max_retries = 0", configuration(2))
	runStruck(t, gateway, w, []failure{{method: "PUT", key: "x", kind: "interrupt"}}, "apply", "-auto-approve", "-replace=quiva_kv_entries.a")
	held := gateway.Entries("flags")
	for key := range numbered(3, 1) {
		if held[key] == "" {
			t.Errorf("%s is gone", key)
		}
	}
	w.must("apply", "-auto-approve")
}
