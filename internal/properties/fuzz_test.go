package properties_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/properties"
)

// sizeLimit keeps a fuzzer from finding that more text takes longer.
const sizeLimit = 2_000

// FuzzProperties: what is set is what is picked, what is foreign stays as it is
// written, and what is removed is gone and nothing else.
func FuzzProperties(f *testing.F) {
	values := []string{`{}`, `{"a":1}`, `{"a":{"b":1.50,"c":[1,{}]},"d":null}`, `{"é":{"":{"":0}}}`, `{"a":1,"a":{"b":2}}`, `5`, `[]`, `{"a":{}}`, `{"a":{"b":{"c":{"d":1}}}}`}
	for _, value := range values {
		for _, wanted := range values {
			f.Add([]byte(value), []byte(wanted))
		}
	}
	f.Fuzz(func(t *testing.T, value, wanted []byte) {
		if len(value) > sizeLimit || len(wanted) > sizeLimit || !json.Valid(value) || !json.Valid(wanted) || !isObject(wanted) {
			return
		}
		set := properties.Set(value, wanted)
		if !json.Valid(set) {
			t.Fatalf("setting %s in %s gives %s", wanted, value, set)
		}
		if picked := properties.Pick(set, wanted); !equal(picked, wanted) {
			t.Fatalf("setting %s in %s gives %s, of which %s is picked", wanted, value, set, picked)
		}
		if again := properties.Set(set, wanted); !equal(again, set) || !bytes.Equal(again, properties.Set(again, wanted)) {
			t.Fatalf("setting it again gives %s after %s", again, set)
		}
		if conflicts := properties.Conflicts(set, wanted, equal); len(conflicts) > 0 {
			t.Fatalf("after setting %s in %s, it conflicts at %s", wanted, value, conflicts)
		}
		// Foreign properties are those that stay when the own ones go, but for objects
		// that these leave empty.
		if foreign, left := without(value, wanted), without(set, wanted); isObject(value) && !reflect.DeepEqual(withoutEmpty(decoded(foreign)), withoutEmpty(decoded(left))) && len(properties.Conflicts(value, wanted, equal)) == 0 {
			t.Fatalf("setting %s in %s leaves %s of what was foreign, %s", wanted, value, left, foreign)
		}
		rest := without(set, wanted)
		if !json.Valid(rest) {
			t.Fatalf("removing %s from %s gives %s", wanted, set, rest)
		}
		if overlap := properties.Overlap(rest, wanted); len(overlap) > 0 {
			t.Fatalf("removing %s from %s leaves %s", wanted, set, overlap)
		}
		if left := properties.Without(wanted, wanted); !isEmpty(left) {
			t.Fatalf("%s without itself is %s", wanted, left)
		}
	})
}

// without removes properties, and gives an object if nothing is left.
func without(value, unwanted []byte) json.RawMessage {
	rest, _ := properties.Remove(value, unwanted)
	if rest == nil {
		return json.RawMessage(`{}`)
	}
	return rest
}

func isObject(text []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) }

func isEmpty(text []byte) bool { return properties.IsNone(text) }

func equal(a, b []byte) bool {
	return reflect.DeepEqual(decoded(a), decoded(b))
}

// decoded keeps every digit and loses the order.
func decoded(text []byte) (value any) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	_ = decoder.Decode(&value)
	return value
}

// withoutEmpty drops empty objects, and those that only held such.
func withoutEmpty(value any) any {
	members, ok := value.(map[string]any)
	if !ok {
		return value
	}
	for name, member := range members {
		if members[name] = withoutEmpty(member); members[name] == any(nil) && member != nil {
			delete(members, name)
		}
	}
	if len(members) == 0 {
		return nil
	}
	return members
}
