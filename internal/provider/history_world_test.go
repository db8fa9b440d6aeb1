package provider_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// world is what a gateway or objects hold, by key. Shared entries are in it property
// by property.
type world map[string]string

func mustJSON(of any) string {
	text, err := json.Marshal(of)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// objectJSON is the JSON of values by their keys, which is HCL too.
func objectJSON(held map[string]string) string {
	values := map[string]json.RawMessage{}
	for key, value := range held {
		values[key] = json.RawMessage(value)
	}
	return mustJSON(values)
}

// wholeOf returns the JSON of an entry with these properties.
func wholeOf(held map[string]string) string {
	whole := map[string]any{}
	for key, value := range held {
		_, path, _ := strings.Cut(key, "#")
		at := whole
		outer, inner, isNested := strings.Cut(path, ".")
		if isNested {
			if at[outer] == nil {
				at[outer] = map[string]any{}
			}
			at, outer = at[outer].(map[string]any), inner
		}
		at[outer] = json.RawMessage(value)
	}
	return mustJSON(whole)
}

// worldOf returns entries with the properties of shared ones in their place.
func worldOf(entries map[string]string) world {
	held := world{}
	for key, text := range entries {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			panic(err)
		}
		held.add(key, value)
	}
	return held
}

func (w world) add(key string, value any) {
	members, isObject := value.(map[string]any)
	if !strings.HasPrefix(key, "shared-") || !isObject {
		w[key] = mustJSON(value)
		return
	}
	separator := "#"
	if isProperty(key) {
		separator = "."
	}
	for name, member := range members {
		w.add(key+separator+name, member)
	}
}

// heldObject is one of a state, or what a plan has of one before or after.
type heldObject struct {
	objectKey
	tainted    bool
	attributes map[string]any // nil for none
}

// held are the entries or properties of an object.
func (o heldObject) held() world {
	w := world{}
	key, _ := o.attributes["key"].(string)
	switch typeNameOf(o.address) {
	case "quiva_kv_entry":
		w.add(key, o.attributes["value"])
	case "quiva_kv_entry_properties":
		w.add(key, o.attributes["properties"])
	case "quiva_kv_entries":
		entries, _ := o.attributes["entries"].(map[string]any)
		for key, value := range entries {
			w.add(key, value)
		}
	}
	delete(w, "")
	return w
}

// undeclared are the keys of the attribute.
func (o heldObject) undeclared() (keys []string) {
	list, _ := o.attributes["undeclared"].([]any)
	for _, key := range list {
		text, _ := key.(string)
		keys = append(keys, text)
	}
	return keys
}

func heldObjectOf(key objectKey, value cty.Value, tainted bool) heldObject {
	attributes, _ := shownJSON(value).(map[string]any)
	return heldObject{key, tainted, attributes}
}

// plannedChange is a change of a plan as everybody can see it.
type plannedChange struct {
	objectKey
	action        action
	before, after heldObject
}

// plannedRun is what came of planning.
type plannedRun struct {
	changes []plannedChange
	prior   []heldObject // the state after the refresh
	said    []diagnostic
}

// directory plans and applies the steps of a history.
type directory interface {
	planStep(step, planOptions) plannedRun
	applyPlan(step) []diagnostic
	objects() []heldObject
}

// inProcess does so in the test's process.
type inProcess struct {
	*workspace
	configured func(string) string
	planned    *plan
}

func objectsOf(of state) (objects []heldObject) {
	for key, o := range of {
		objects = append(objects, heldObjectOf(key, o.value, o.tainted))
	}
	return objects
}

func (i *inProcess) objects() []heldObject { return objectsOf(i.state) }

func (i *inProcess) planStep(s step, options planOptions) plannedRun {
	i.planned = i.plan(i.configured(s.configuration()), options)
	run := plannedRun{said: i.planned.diagnostics, prior: objectsOf(i.planned.prior)}
	for key, c := range i.planned.changes {
		run.changes = append(run.changes, plannedChange{key, c.action, heldObjectOf(key, c.before, false), heldObjectOf(key, c.after, false)})
	}
	return run
}

func (i *inProcess) applyPlan(step) []diagnostic { return i.apply(i.planned) }

// holders returns what objects hold, with all values of each key.
func holders(objects []heldObject) map[string][]string {
	values := map[string][]string{}
	for _, o := range objects {
		for key, value := range o.held() {
			values[key] = append(values[key], value)
		}
	}
	return values
}

// keysIn returns what any of the objects holds, sorted.
func keysIn(objects ...heldObject) []string { return slices.Sorted(maps.Keys(holders(objects))) }
