//go:build unix

package endtoend_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// history is one configuration through time: what it declares changes from step
// to step, and each step is applied. It is data, so that it can be generated,
// printed and made shorter. It fixes what is run; in which order Terraform then
// calls the provider may differ from run to run.
type history struct {
	seed  uint64
	steps []step
}

// step is a configuration and how it is applied.
type step struct {
	// declared are the entries of the configuration, by key, and the properties of
	// shared ones, by entry and path.
	declared map[string]declaration
	// createBeforeDestroy and overwrite are the resources that have this set, keep
	// those of properties that leave them in place when they are destroyed.
	createBeforeDestroy, overwrite, keep []string
	// exclusive are the batches that are the only ones to keep entries.
	exclusive []string
	// moved are the configuration's moved blocks, forgotten the resources of its
	// removed blocks, and imported the objects of its import blocks.
	moved               []move
	forgotten, imported []string
	// refused is a resource that declares all of an entry, with which the
	// configuration is refused before the step is played; its key is empty for
	// none.
	refused wholeEntry
	// outside is what others than Terraform write before the run: n by key, 0 to
	// delete.
	outside map[string]int
	// between is the same between a saved plan and its apply.
	between map[string]int
	// failures strike the apply.
	failures []failure

	// saved applies a saved plan, oneByOne with a parallelism of 1. target and
	// replace are addresses, empty for none.
	saved, oneByOne bool
	target, replace string
	// settle has the configuration applied until it converges, if the run
	// failed, before the next step changes it.
	settle bool
}

// declaration is where an entry or a property is declared, and its value: see
// valueAt.
type declaration struct {
	// address is a resource's, or with ["…"] an instance's.
	address string
	n       int
}

// move is a moved block.
type move struct{ from, to string }

func valueOf(n int) string { return fmt.Sprintf(`{"n":%d}`, n) }

// resourceOf is the address without the instance.
func resourceOf(address string) string {
	resource, _, _ := strings.Cut(address, "[")
	return resource
}

func holdsMany(address string) bool { return strings.HasPrefix(address, "quiva_kv_entries.") }

// entries returns what the gateway is to hold.
func (s step) entries() entries {
	values := entries{}
	for key, declared := range s.declared {
		values[key] = valueAt(key, declared.n)
	}
	return values
}

// objects returns what the state is to hold: entries by address.
func (s step) objects() map[string]entries {
	objects := map[string]entries{}
	for key, declared := range s.declared {
		if objects[declared.address] == nil {
			objects[declared.address] = entries{}
		}
		objects[declared.address][key] = valueAt(key, declared.n)
	}
	return objects
}

// targets reports whether a run of the step is about an address.
func (s step) targets(address string) bool {
	return s.target == "" || s.target == address || s.target == resourceOf(address)
}

// configuration returns the resources and moved blocks in HCL.
func (s step) configuration() string {
	bodies := map[string]*strings.Builder{}
	for _, key := range slices.Sorted(maps.Keys(s.declared)) {
		declared := s.declared[key]
		if isProperty(key) {
			continue
		}
		resource := resourceOf(declared.address)
		body := bodies[resource]
		if body == nil {
			body = new(strings.Builder)
			bodies[resource] = body
		}
		switch _, instance, many := strings.Cut(declared.address, "["); {
		case holdsMany(resource):
			fmt.Fprintf(body, "    %q = { n = %d }\n", key, declared.n)
		case many:
			fmt.Fprintf(body, "    %s = { key = %q, n = %d }\n", strings.TrimSuffix(instance, "]"), key, declared.n)
		default:
			fmt.Fprintf(body, "  key = %q\n  value = { n = %d }\n", key, declared.n)
		}
	}
	var text strings.Builder
	for _, resource := range slices.Sorted(maps.Keys(bodies)) {
		kind, name, _ := strings.Cut(resource, ".")
		fmt.Fprintf(&text, "resource %q %q {\n  bucket = \"flags\"\n", kind, name)
		switch body := bodies[resource]; {
		case holdsMany(resource):
			fmt.Fprintf(&text, "  entries = {\n%s  }\n", body)
			if slices.Contains(s.exclusive, resource) {
				fmt.Fprintf(&text, "  exclusive = {\n    except = [\"foreign/*\", %q, %q, %q]\n    max_deletions = 100\n  }\n", sharedWithOthers, shared, handedOver)
			}
		case resource == manyInstances:
			fmt.Fprintf(&text, "  for_each = {\n%s  }\n  key = each.value.key\n  value = { n = each.value.n }\n", body)
		default:
			text.WriteString(body.String())
		}
		text.WriteString(s.settings(resource) + "}\n")
	}
	text.WriteString(s.sharingConfiguration())
	for _, moved := range s.moved {
		fmt.Fprintf(&text, "moved {\n  from = %s\n  to = %s\n}\n", moved.from, moved.to)
	}
	return text.String()
}

// settings returns the arguments that any resource can have.
func (s step) settings(resource string) string {
	var text strings.Builder
	if slices.Contains(s.overwrite, resource) {
		text.WriteString("  overwrite = true\n")
	}
	if slices.Contains(s.createBeforeDestroy, resource) {
		text.WriteString("  lifecycle {\n    create_before_destroy = true\n  }\n")
	}
	return text.String()
}

// flags are Terraform's that make the plan of the step.
func (s step) flags() []string {
	flags := s.pace()
	if s.target != "" {
		flags = append(flags, "-target="+s.target)
	}
	if s.replace != "" {
		flags = append(flags, "-replace="+s.replace)
	}
	return flags
}

// pace are the flags that an apply of a saved plan takes too.
func (s step) pace() []string {
	if s.oneByOne {
		return []string{"-parallelism=1"}
	}
	return nil
}

// String is the step as a script that can be read: what others do, the
// configuration, the command lines and what goes wrong.
func (s step) String() string {
	var text strings.Builder
	writes := func(when string, values map[string]int) {
		for _, key := range slices.Sorted(maps.Keys(values)) {
			if n := values[key]; n == 0 {
				fmt.Fprintf(&text, "%s: delete %s\n", when, key)
			} else {
				fmt.Fprintf(&text, "%s: write %s = %s\n", when, key, valueAt(key, n))
			}
		}
	}
	writes("outside", s.outside)
	objects := s.objects()
	for _, address := range slices.Sorted(maps.Keys(objects)) {
		fmt.Fprintf(&text, "%s:", address)
		for _, key := range slices.Sorted(maps.Keys(objects[address])) {
			fmt.Fprintf(&text, " %s=%d", key, s.declared[key].n)
		}
		text.WriteString("\n")
	}
	for _, set := range []struct {
		name      string
		resources []string
	}{
		{"create_before_destroy", s.createBeforeDestroy},
		{"exclusive", s.exclusive},
		{"overwrite", s.overwrite},
		{"on_destroy = keep", s.keep},
		{"removed", s.forgotten},
		{"imported", s.imported},
	} {
		if len(set.resources) > 0 {
			fmt.Fprintf(&text, "%s: %s\n", set.name, strings.Join(set.resources, " "))
		}
	}
	for _, moved := range s.moved {
		fmt.Fprintf(&text, "moved: %s to %s\n", moved.from, moved.to)
	}
	if s.refused.key != "" {
		fmt.Fprintf(&text, "refused with all of %s in %s\n", s.refused.key, s.refused.address)
	}
	command := append([]string{"$ terraform apply"}, s.flags()...)
	if s.saved {
		command = append([]string{"$ terraform plan -out=saved"}, append(s.flags(), "&& terraform apply saved")...)
	}
	text.WriteString(strings.Join(command, " ") + "\n")
	writes("outside, after the plan", s.between)
	for _, f := range s.failures {
		fmt.Fprintf(&text, "  %s\n", f)
	}
	if s.settle {
		text.WriteString("  and again until it converges\n")
	}
	return text.String()
}

func (h history) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "seed %d; foreign entries: %v\n", h.seed, foreign)
	for i, s := range h.steps {
		fmt.Fprintf(&text, "step %d\n%s", i+1, indent(s.String()))
	}
	return text.String()
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
}
