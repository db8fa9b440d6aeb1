//go:build unix

package endtoend_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Entries that are shared: a history names their properties as it does entries,
// by entry#path, and so do its promises.
const (
	// sharedWithOthers holds foreignProperties from the beginning.
	sharedWithOthers = "shared-1"
	// shared is created and deleted with its properties. Others may write to it.
	shared = "shared-2"
	// handedOver goes from properties to the whole entry and back.
	handedOver = "shared-3"
	// inScope is in the scope of exclusive batches.
	inScope = "shared-4"
)

// foreignProperties are others' in sharedWithOthers, spelled as Terraform would
// not. Nobody removes the first, so there always is an entry to import.
const foreignProperties = `{"kept":10e-1,"others":1.50,"limits":{"others":1e2}}`

func propertyOf(entry, path string) string { return entry + "#" + path }

func isProperty(key string) bool { return strings.Contains(key, "#") }

// entryOf is the key of an entry, or of that of a property.
func entryOf(key string) string {
	entry, _, _ := strings.Cut(key, "#")
	return entry
}

// isOfProperties reports whether there are resources, all of properties.
func isOfProperties(resources []string) bool {
	isOther := func(resource string) bool { return !strings.HasPrefix(resource, "quiva_kv_entry_properties.") }
	return len(resources) > 0 && !slices.ContainsFunc(resources, isOther)
}

// valueAt is the n-th value of an entry, {"n": n}, or of a property, which is of
// several types.
func valueAt(key string, n int) string {
	switch {
	case !isProperty(key):
		return valueOf(n)
	case n%4 == 0:
		return fmt.Sprintf("[%d]", n)
	case n%4 == 1:
		return strconv.Quote(strconv.Itoa(n))
	default:
		return strconv.Itoa(n)
	}
}

// byProperty returns entries with the properties of shared ones in their place.
// What has none is one, as a whole.
func byProperty(whole entries) entries {
	values := entries{}
	for key, value := range whole {
		if strings.HasPrefix(key, "shared-") {
			addProperties(values, key, "#", value)
		} else {
			values[key] = value
		}
	}
	return values
}

func addProperties(to entries, at, separator, value string) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(value), &members); err != nil || len(members) == 0 {
		to[at] = value
		return
	}
	for name, member := range members {
		addProperties(to, at+separator+name, ".", string(member))
	}
}

// owned returns the entries of an object of the state with the properties of
// shared ones in their place. An object without members is nobody's.
func owned(whole entries) entries {
	values := byProperty(whole)
	maps.DeleteFunc(values, func(_, value string) bool { return value == "{}" })
	return values
}

// wholeOf returns the JSON of an entry with these properties, which is HCL too.
func wholeOf(held entries) string {
	type object = map[string]any
	whole := object{}
	for _, key := range slices.Sorted(maps.Keys(held)) {
		_, path, _ := strings.Cut(key, "#")
		names := strings.Split(path, ".")
		at := whole
		for _, name := range names[:len(names)-1] {
			if at[name] == nil {
				at[name] = object{}
			}
			at = at[name].(object)
		}
		at[names[len(names)-1]] = json.RawMessage(held[key])
	}
	text, err := json.Marshal(whole)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// wholeEntry is a resource that declares all of an entry.
type wholeEntry struct{ address, key string }

func (w wholeEntry) configuration() string {
	kind, name, _ := strings.Cut(w.address, ".")
	if holdsMany(w.address) {
		return fmt.Sprintf("resource %q %q {\n  bucket = \"flags\"\n  entries = { %q = { n = 1 } }\n}\n", kind, name, w.key)
	}
	return fmt.Sprintf("resource %q %q {\n  bucket = \"flags\"\n  key = %q\n  value = { n = 1 }\n}\n", kind, name, w.key)
}

// sharingConfiguration returns the resources of shared entries in HCL, with their
// removed and import blocks.
func (s step) sharingConfiguration() string {
	instances := map[string][]string{} // by resource
	objects := s.objects()
	for _, address := range slices.Sorted(maps.Keys(objects)) {
		for key := range objects[address] {
			if isProperty(key) {
				instances[resourceOf(address)] = append(instances[resourceOf(address)], address)
				break
			}
		}
	}
	var text strings.Builder
	for _, resource := range slices.Sorted(maps.Keys(instances)) {
		kind, name, _ := strings.Cut(resource, ".")
		fmt.Fprintf(&text, "resource %q %q {\n  bucket = \"flags\"\n", kind, name)
		attribute := "properties"
		if kind == "quiva_kv_entry" {
			attribute = "value"
		}
		if addresses := instances[resource]; addresses[0] == resource {
			fmt.Fprintf(&text, "  key = %q\n  %s = %s\n", anEntryOf(objects[resource]), attribute, wholeOf(objects[resource]))
		} else {
			text.WriteString("  for_each = {\n")
			for _, address := range addresses {
				_, instance, _ := strings.Cut(strings.TrimSuffix(address, "]"), "[")
				fmt.Fprintf(&text, "    %s = { key = %q, %s = %s }\n", instance, anEntryOf(objects[address]), attribute, wholeOf(objects[address]))
			}
			fmt.Fprintf(&text, "  }\n  key = each.value.key\n  %s = each.value.%s\n", attribute, attribute)
		}
		if slices.Contains(s.keep, resource) {
			text.WriteString("  on_destroy = \"keep\"\n")
		}
		text.WriteString(s.settings(resource) + "}\n")
	}
	for _, resource := range s.forgotten {
		if len(instances[resource]) == 0 {
			fmt.Fprintf(&text, "removed {\n  from = %s\n  lifecycle {\n    destroy = false\n  }\n}\n", resource)
		}
	}
	for _, address := range s.imported {
		if entry := anEntryOf(objects[address]); entry == sharedWithOthers {
			fmt.Fprintf(&text, "import {\n  to = %s\n  id = %q\n}\n", address, "flags/"+entry)
		}
	}
	return text.String()
}

// anEntryOf is the entry of an object's properties, empty for none.
func anEntryOf(held entries) string {
	for key := range held {
		return entryOf(key)
	}
	return ""
}
