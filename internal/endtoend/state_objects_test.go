package endtoend_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// stateObject is one object of a state, with the entries that it holds. Of an
// entry that it has some properties of, it holds just these.
type stateObject struct {
	address string
	// deposed is what create_before_destroy leaves until it is destroyed, and
	// tainted what a failed creation does.
	deposed, tainted bool
	exclusive        bool
	// keeps says that its properties stay when it is destroyed.
	keeps   bool
	entries entries
}

func (o stateObject) String() string {
	text := o.address
	if o.deposed {
		text += " (deposed)"
	}
	if o.tainted {
		text += " (tainted)"
	}
	return fmt.Sprint(text, " with ", o.entries)
}

// stateObjects returns the objects of quiva_kv_entry, quiva_kv_entries and
// quiva_kv_entry_properties in the state, none if there is no state yet.
func stateObjects(t *testing.T, w *workspace) []stateObject {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "terraform.tfstate"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Type, Name string
			Instances  []struct {
				IndexKey   any `json:"index_key"`
				Deposed    string
				Status     string
				Attributes struct {
					Key        string
					Value      struct{ Value json.RawMessage }
					Entries    struct{ Value map[string]json.RawMessage }
					Exclusive  any
					Properties struct{ Value json.RawMessage }
					OnDestroy  string `json:"on_destroy"`
				}
			}
		}
	}
	if err := json.Unmarshal(text, &state); err != nil {
		t.Fatal(err)
	}
	compact := func(value json.RawMessage) string {
		var text bytes.Buffer
		if err := json.Compact(&text, value); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	var objects []stateObject
	for _, resource := range state.Resources {
		for _, instance := range resource.Instances {
			object := stateObject{
				address:   resource.Type + "." + resource.Name,
				deposed:   instance.Deposed != "",
				tainted:   instance.Status == "tainted",
				exclusive: instance.Attributes.Exclusive != nil,
				keeps:     instance.Attributes.OnDestroy == "keep",
				entries:   entries{},
			}
			switch index := instance.IndexKey.(type) {
			case string:
				object.address += fmt.Sprintf("[%q]", index)
			case float64:
				object.address += fmt.Sprintf("[%v]", index)
			}
			switch resource.Type {
			case "quiva_kv_entry":
				object.entries[instance.Attributes.Key] = compact(instance.Attributes.Value.Value)
			case "quiva_kv_entries":
				for key, value := range instance.Attributes.Entries.Value {
					object.entries[key] = compact(value)
				}
			case "quiva_kv_entry_properties":
				object.entries[instance.Attributes.Key] = compact(instance.Attributes.Properties.Value)
			default:
				continue
			}
			objects = append(objects, object)
		}
	}
	return objects
}
