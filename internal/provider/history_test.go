package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// history is one configuration through time: what it declares changes from step to
// step, and each step is planned and applied. It is data, so that it can be
// generated, printed and made shorter.
type history struct {
	seed  uint64
	steps []step
}

// step is a configuration and how it is applied. Lists of names are of resources.
type step struct {
	// declared are the entries of the configuration, by key, and the properties of
	// shared ones, by entry and path.
	declared                                                 map[string]declaration
	createBeforeDestroy, overwrite, keep, limited, forgotten []string
	// gated are the resources that depend on the gate, which is replaced when its
	// number changes, and whose creation can fail.
	gated     []string
	gate      int
	gateFails bool
	// exclusive is the batch that owns the bucket but for the keys of except.
	exclusive string
	except    []string
	moved     [][2]string

	// outside is what others write before the plan: n by key, 0 to delete; between
	// after it, and during before that call of the apply.
	outside, between map[string]int
	during           []foreignWrite
	failures         []failure

	options     planOptions
	refreshOnly bool // an apply -refresh-only comes first
	// inOrder has one call at a time, in an order that the seed has drawn.
	inOrder bool
	settle  bool // until it converges, before the next step changes it
	// text is the configuration in place of what is declared.
	text string
}

// declaration is where an entry or a property is declared, and the number of its
// value.
type declaration struct {
	address string // a resource's, or with ["…"] an instance's
	n       int
}

type foreignWrite struct {
	call, n int
	key     string
}

// failure is what happens to a request.
type failure struct {
	method, key string // any, if empty
	after       int    // how many such requests pass first
	kind        string // "503", "lost" after it was carried out, "interrupt" or "kill" while it is under way
	inPlan      bool   // not in the apply
	all         bool   // all such requests, not one
}

const gateAddress = "terraform_data.gate"

var (
	batches = []string{"quiva_kv_entries.a", "quiva_kv_entries.b"}
	lone    = []string{"quiva_kv_entry.one", "quiva_kv_entry.two", `quiva_kv_entry.each["v"]`, `quiva_kv_entry.each["w"]`}
	// sharers have properties of one entry each.
	sharers = []string{"quiva_kv_entry_properties.one", "quiva_kv_entry_properties.two", `quiva_kv_entry_properties.each["v"]`}
	// sharedEntries are those whose properties are declared. Others' are
	// foreignProperties.
	sharedEntries = []string{"shared-1", "shared-2"}
	paths         = []string{"a", "limits.rate", "limits.burst"}
	// foreign are the entries and properties that no step declares, and strays those
	// entries that no pattern of except matches.
	foreign = []string{"foreign-1", "foreign-2", "shared-1#others", "shared-1#limits.others"}
	strays  = []string{"stray-1", "stray-2", "stray-3"}
)

func isProperty(key string) bool { return strings.Contains(key, "#") }

// entryOf is the key of an entry, or of that of a property.
func entryOf(key string) string {
	entry, _, _ := strings.Cut(key, "#")
	return entry
}

func isBatch(address string) bool { return strings.HasPrefix(address, "quiva_kv_entries.") }

// valueOf is the value of a number: of an entry, or of a property.
func valueOf(key string, n int) string {
	if isProperty(key) {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf(`{"n":%d}`, n)
}

// objects returns what the state is to hold: entries by address.
func (s step) objects() map[string]map[string]string {
	objects := map[string]map[string]string{}
	for key, declared := range s.declared {
		if objects[declared.address] == nil {
			objects[declared.address] = map[string]string{}
		}
		objects[declared.address][key] = valueOf(key, declared.n)
	}
	return objects
}

// configuration returns the step's in HCL.
func (s step) configuration() string {
	if s.text != "" {
		return s.text
	}
	objects := s.objects()
	instances := map[string][]string{} // addresses by resource
	for _, address := range slices.Sorted(maps.Keys(objects)) {
		instances[blockOf(address)] = append(instances[blockOf(address)], address)
	}
	var text strings.Builder
	for _, resource := range slices.Sorted(maps.Keys(instances)) {
		typeName, name, _ := strings.Cut(resource, ".")
		fmt.Fprintf(&text, "resource %q %q {\n  bucket = \"flags\"\n", typeName, name)
		attribute := "value"
		if typeName == "quiva_kv_entry_properties" {
			attribute = "properties"
		}
		switch held := objects[resource]; {
		case isBatch(resource):
			fmt.Fprintf(&text, "  entries = %s\n", objectJSON(held))
			if resource == s.exclusive {
				fmt.Fprintf(&text, "  exclusive = { except = %s }\n", mustJSON(s.except))
			}
			if slices.Contains(s.limited, resource) {
				text.WriteString("  max_deletions = 1\n")
			}
		case held != nil:
			key, value := oneOf(held)
			fmt.Fprintf(&text, "  key = %q\n  %s = %s\n", key, attribute, value)
		default:
			text.WriteString("  for_each = {\n")
			for _, address := range instances[resource] {
				key, value := oneOf(objects[address])
				fmt.Fprintf(&text, "    %s = { key = %q, of = %s }\n", strings.Trim(strings.TrimPrefix(address, resource), "[]"), key, value)
			}
			fmt.Fprintf(&text, "  }\n  key = each.value.key\n  %s = each.value.of\n", attribute)
		}
		for line, resources := range map[string][]string{
			"overwrite = true": s.overwrite, `on_destroy = "keep"`: s.keep, "depends_on = [" + gateAddress + "]": s.gated,
			"lifecycle {\n    create_before_destroy = true\n  }": s.createBeforeDestroy,
		} {
			if slices.Contains(resources, resource) {
				fmt.Fprintf(&text, "  %s\n", line)
			}
		}
		text.WriteString("}\n")
	}
	if s.gate > 0 {
		provisioner := ""
		if s.gateFails {
			provisioner = "  provisioner \"local-exec\" {\n    command = \"exit 1\"\n  }\n"
		}
		fmt.Fprintf(&text, "resource \"terraform_data\" \"gate\" {\n  triggers_replace = %d\n  lifecycle {\n    create_before_destroy = true\n  }\n%s}\n", s.gate, provisioner)
	}
	for _, moved := range s.moved {
		fmt.Fprintf(&text, "moved {\n  from = %s\n  to = %s\n}\n", moved[0], moved[1])
	}
	for _, resource := range s.forgotten {
		fmt.Fprintf(&text, "removed {\n  from = %s\n  lifecycle {\n    destroy = false\n  }\n}\n", resource)
	}
	return text.String()
}

// oneOf returns the key and the value, in HCL, of an object that has one entry or
// properties of one.
func oneOf(held map[string]string) (key, value string) {
	for key, value := range held {
		if !isProperty(key) {
			return key, value
		}
		return entryOf(key), wholeOf(held)
	}
	return "", ""
}

// String is the step as it can be read: the configuration, what others do, how it is
// applied, and what goes wrong.
func (s step) String() string {
	return fmt.Sprintf("%s  outside: %v, after the plan: %v, before calls: %+v\n  in order: %t, -refresh-only first: %t, options: %+v\n  fails: %+v\n",
		s.configuration(), s.outside, s.between, s.during, s.inOrder, s.refreshOnly, s.options, s.failures)
}
