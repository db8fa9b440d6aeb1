package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// broken is a promise that a run has broken, by the numbers of the documentation; 0
// is that the provider has no defects.
type broken struct {
	promise, step int
	what          string
}

func breaks(promise int, format string, arguments ...any) *broken {
	return &broken{promise: promise, what: fmt.Sprintf(format, arguments...)}
}

func (b *broken) String() string {
	return fmt.Sprintf("promise %d at step %d: %s", b.promise, b.step, b.what)
}

// checkPlan: a plan writes nothing, loses nothing that exists, and says which
// entries it deletes.
func (r *ran) checkPlan(requests []mockgateway.Request) *broken {
	for _, request := range requests {
		if request.Method != "GET" {
			return breaks(4, "a plan sends %s %s", request.Method, request.Path)
		}
	}
	if broken := r.checkDefects(); broken != nil || len(failed(r.said)) > 0 {
		return broken
	}
	known := holders(r.planned.prior)
	for _, o := range r.before {
		for key := range o.held() {
			if _, exists := r.gatewayPlanned[key]; exists && known[key] == nil && !slices.Contains(r.step.forgotten, blockOf(o.address)) {
				return breaks(6, "the refresh has dropped %s of %v, which exists", key, o.objectKey)
			}
		}
	}
	var after []heldObject
	for _, c := range r.planned.changes {
		after = append(after, c.after)
	}
	stay := holders(after)
	for _, c := range r.planned.changes {
		// Of a tainted object, Terraform plans only the creation of the next, and says
		// itself that it destroys this one.
		isTainted := func(o heldObject) bool { return o.objectKey == c.objectKey && o.tainted }
		if !isBatch(c.address) || c.action == noOp || slices.ContainsFunc(r.planned.prior, isTainted) {
			continue
		}
		var removed []string
		for _, key := range keysIn(c.before) {
			if _, exists := r.gatewayPlanned[key]; exists && c.after.held()[key] == "" && stay[key] == nil {
				removed = append(removed, key)
			}
		}
		if len(removed) > 1 && c.action == update && slices.Contains(r.step.limited, c.address) {
			return breaks(5, "%s deletes %v, and its max_deletions is 1", c.address, removed)
		}
		for _, key := range append(removed, r.pruned(c)...) {
			isSaid := slices.ContainsFunc(r.said, func(d diagnostic) bool {
				return d.address == c.address && d.severity == "Warning" && strings.Contains(d.detail, fmt.Sprintf("%q", key))
			})
			if !isSaid {
				return breaks(5, "%v deletes %s, and no warning says so", c.objectKey, key)
			}
		}
	}
	return nil
}

// pruned are the keys that a change deletes as undeclared.
func (r *ran) pruned(c plannedChange) []string {
	if c.action != update || c.before.attributes["exclusive"] == nil || c.after.attributes["exclusive"] == nil {
		return nil
	}
	return slices.DeleteFunc(c.before.undeclared(), func(key string) bool {
		return slices.Contains(c.after.undeclared(), key) || c.after.held()[key] != "" || slices.Contains(r.step.except, key)
	})
}

func (r *ran) checkDefects() *broken {
	for _, d := range r.said {
		if d.summary == "Plugin error" || strings.Contains(d.summary, "Provider produced") || strings.Contains(d.detail, "bugs in the provider") {
			return breaks(0, "the provider misbehaved: %s", d)
		}
	}
	return nil
}

// check returns which promise a run has broken, or nil.
func (r *ran) check() *broken {
	for _, check := range []func() *broken{r.checkDefects, r.checkWrites, r.checkState, r.checkLost, r.checkComplete} {
		if broken := check(); broken != nil {
			return broken
		}
	}
	return nil
}

// writtenBy tells what a request of an apply writes: the values by key, "" for what it
// removes.
func writtenBy(request *mockgateway.Request, now world) world {
	key, isEntry := strings.CutPrefix(request.Path, "/storage/kv/flags/entries/")
	if request.Method == "GET" || !isEntry {
		return nil
	}
	written := world{}
	for other := range now {
		if entryOf(other) == key {
			written[other] = ""
		}
	}
	if request.Method == "PUT" {
		maps.Copy(written, worldOf(map[string]string{key: string(request.Body)}))
	}
	return written
}

// checkWrites: nothing is written or deleted that the plan has not named, nor what
// it has not seen, but for what this run has written or deleted itself. Nothing is
// deleted that was not read in this run.
func (r *ran) checkWrites() *broken {
	seen, isNamed, mayOverwrite := map[string][]string{}, map[string]bool{}, map[string]bool{}
	maps.Copy(seen, holders(r.planned.prior))
	for _, c := range r.planned.changes {
		if c.action == noOp {
			continue
		}
		for _, key := range keysIn(c.before, c.after) {
			isNamed[key] = true
			mayOverwrite[key] = mayOverwrite[key] || c.before.attributes["overwrite"] == true || c.after.attributes["overwrite"] == true
		}
		for _, key := range r.pruned(c) {
			isNamed[key] = true
			seen[key] = append(seen[key], r.gatewayPlanned[key])
		}
	}
	now, isOurs, isRead := maps.Clone(r.gatewayBefore), map[string]bool{}, map[string]bool{}
	for _, e := range r.events {
		switch {
		case e.request == nil:
			if e.after != nil {
				now = maps.Clone(e.after)
			}
			continue
		case e.request.Method == "GET":
			isRead[strings.TrimPrefix(e.request.Path, "/storage/kv/flags/entries/")] = true
			continue
		}
		isListed := isRead["/storage/kv/flags/entries"] || isRead["/storage/kv/flags/search-by-key"]
		for key, value := range writtenBy(e.request, now) {
			old, exists := now[key]
			switch {
			case exists && old == value:
				continue
			case !isNamed[key]:
				return breaks(4, "%s %s changes %s from %q to %q, which the plan has not named", e.request.Method, e.request.Path, key, old, value)
			case exists && !isOurs[key] && !mayOverwrite[key] && !slices.Contains(seen[key], old):
				return breaks(4, "%s %s changes %s from %q to %q; the plan has seen %q", e.request.Method, e.request.Path, key, old, value, seen[key])
			case exists && !isOurs[key] && value == "" && !isListed && !isRead[entryOf(key)]:
				return breaks(6, "%s %s deletes %s, which was not read in this run", e.request.Method, e.request.Path, key)
			}
			if e.request.Status == 200 || e.request.Status == 0 {
				if isOurs[key], now[key] = true, value; value == "" {
					delete(now, key)
				}
			}
		}
	}
	return nil
}

// isTouched reports whether a key was written in the run by others, or by the
// provider without its being able to know: without a response, or without the read
// that proves a first write.
func (r *ran) isTouched(key string) bool {
	wasWritten := false
	return slices.ContainsFunc(r.events, func(e event) bool {
		switch {
		case e.request == nil:
			return e.write == key
		case !strings.HasSuffix(e.request.Path, "/"+entryOf(key)):
			return false
		case e.request.Method == "GET":
			return wasWritten && e.request.Status == 503
		}
		wasWritten = true
		return e.request.Status == 0 || r.ended
	})
}

// checkState: the state is what the gateway holds, but for what was otherwise before
// and what nobody can know.
func (r *ran) checkState() *broken {
	known, before := holders(r.after), holders(append(slices.Clone(r.before), r.planned.prior...))
	for key, values := range known {
		value := r.gatewayAfter[key]
		isOld := value == r.gatewayBefore[key] && slices.ContainsFunc(values, func(other string) bool { return slices.Contains(before[key], other) })
		if !slices.Contains(values, value) && !isOld && !r.isTouched(key) {
			return breaks(2, "the state has %s = %q, and the gateway %q", key, values, value)
		}
	}
	for _, e := range r.events {
		if e.request == nil || e.request.Method != "PUT" || e.request.Status != 200 {
			continue
		}
		for key, value := range writtenBy(e.request, nil) {
			if r.gatewayAfter[key] == value && r.gatewayBefore[key] != value && known[key] == nil && !r.isTouched(key) && !r.isLeft(key) {
				return breaks(2, "this run wrote %s = %s, and no state has it", key, value)
			}
		}
	}
	return nil
}

// isLeft reports whether a warning names an entry.
func (r *ran) isLeft(key string) bool {
	return slices.ContainsFunc(r.said, func(d diagnostic) bool {
		return d.severity == "Warning" && strings.Contains(d.detail, fmt.Sprintf("%q", entryOf(key)))
	})
}

// checkLost: of what is declared before and after, only a key may be missing that
// was let go of before its new owner came.
func (r *ran) checkLost() *broken {
	prior := holders(r.planned.prior)
	for key, declared := range r.step.declared {
		_, was := r.gatewayBefore[key]
		_, is := r.gatewayAfter[key]
		if !was || is || prior[key] == nil || len(r.step.options.targets) > 0 || r.isTouched(key) {
			continue
		}
		for _, c := range r.planned.changes {
			orphan := slices.Index(r.plannedCalls, fmt.Sprint("orphan ", c.objectKey))
			if c.action == deletion && c.deposed == 0 && !isProperty(key) && c.before.held()[key] != "" && slices.Index(r.plannedCalls[:max(orphan, 0)], declared.address) >= 0 {
				return breaks(2, "%s was deleted with %s, whose plan had seen %s have it", key, c.address, declared.address)
			}
		}
		hasCome := false
		for _, e := range r.events {
			if e.call == declared.address {
				hasCome = true
			} else if e.request != nil && e.request.Status == 200 && hasCome {
				if value, ok := writtenBy(e.request, r.gatewayBefore)[key]; ok && value == "" {
					return breaks(2, "%s, which is declared before and after, was deleted after %s had come", key, declared.address)
				}
			}
		}
		if !r.failed() {
			return breaks(1, "%s, which is declared before and after, is lost in an apply that succeeded", key)
		}
	}
	return nil
}

// checkComplete: after a successful apply, the gateway holds what is declared and
// what is foreign, and the state what is declared.
func (r *ran) checkComplete() *broken {
	if r.failed() || len(r.step.options.targets) > 0 || r.step.options.refreshOnly || r.step.text != "" {
		return nil
	}
	held, isPruned := holders(r.planned.prior), map[string]bool{}
	unchanged := world{} // what no change is planned for
	for _, c := range r.planned.changes {
		before := c.before.held()
		for key, value := range c.after.held() {
			if before[key] == value && (c.action == noOp || c.action == update) {
				unchanged[key] = value
			}
		}
		for _, key := range r.pruned(c) {
			isPruned[key] = r.gatewayBefore[key] == r.gatewayPlanned[key]
		}
	}
	keys := maps.Clone(r.gatewayAfter)
	maps.Copy(keys, r.gatewayBefore)
	for key, declared := range r.step.declared {
		keys[key] = valueOf(key, declared.n)
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		before, after := r.gatewayBefore[key], r.gatewayAfter[key]
		declared, isDeclared := r.step.declared[key]
		want := []string{before}
		switch {
		case r.isTouched(key):
			continue
		case isDeclared:
			if want = []string{valueOf(key, declared.n)}; unchanged[key] != "" {
				want = append(want, before)
			}
		case held[key] != nil || isPruned[key]:
			if want = []string{""}; r.isLeft(key) || r.isKept(key) {
				want = append(want, before)
			}
		}
		if !slices.Contains(want, after) {
			return breaks(1, "after a successful apply, the gateway has %s = %q, want one of %q", key, after, want)
		}
	}
	objects := r.step.objects()
	for _, o := range r.after {
		if o.address == gateAddress {
			continue
		}
		if o.deposed > 0 || o.tainted || !maps.Equal(o.held(), world(objects[o.address])) {
			return breaks(1, "after a successful apply, the state has %v (tainted: %t) with %v, want %v", o.objectKey, o.tainted, o.held(), objects[o.address])
		}
		delete(objects, o.address)
	}
	if len(objects) > 0 {
		return breaks(1, "after a successful apply, the state lacks %v", objects)
	}
	return nil
}

// isKept reports whether a property may be kept by on_destroy, as it was or becomes.
func (r *ran) isKept(key string) bool {
	return slices.ContainsFunc(r.planned.prior, func(o heldObject) bool {
		becomes := func(c plannedChange) bool {
			return c.objectKey == o.objectKey && c.after.attributes["on_destroy"] == "keep"
		}
		return o.held()[key] != "" && (o.attributes["on_destroy"] == "keep" || slices.ContainsFunc(r.planned.changes, becomes))
	})
}
