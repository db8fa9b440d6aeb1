package dynamicvalue_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
)

// TestMerge: first the examples of RFC 7396, then what Terraform adds.
func TestMerge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ value, patch, want string }{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`["a","b"]`, `["c","d"]`, `["c","d"]`},
		{`{"a":"b"}`, `["c"]`, `["c"]`},
		{`{"a":"foo"}`, `null`, `null`},
		{`{"a":"foo"}`, `"bar"`, `"bar"`},
		{`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`},
		{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},

		{`{"a":1}`, `{}`, `{"a":1}`},
		{`{"a":1}`, `{"a":{}}`, `{"a":{}}`},
		{`{"a":[null]}`, `{"b":[null,{"c":null}]}`, `{"a":[null],"b":[null,{"c":null}]}`},
		{`{"a":123456789012345678901234567890.5}`, `{"b":1e400}`, `{"a":123456789012345678901234567890.5,"b":1e400}`},
	} {
		if got := mergeJSON(t, tt.value, tt.patch); !dynamicvalue.Equal(got, []byte(tt.want)) {
			t.Errorf("%s merged with %s is %s, want %s", tt.value, tt.patch, got, tt.want)
		}
	}
}

func mergeJSON(t *testing.T, value, patch string) []byte {
	t.Helper()
	decodedValue, errValue := dynamicvalue.Decode([]byte(value))
	decodedPatch, errPatch := dynamicvalue.Decode([]byte(patch))
	if errValue != nil || errPatch != nil {
		t.Fatal(errValue, errPatch)
	}
	merged, err := dynamicvalue.Encode(dynamicvalue.Merge(decodedValue, decodedPatch))
	if err != nil {
		t.Fatal(err)
	}
	return merged
}

// TestMergeTypes: what is not merged keeps its type, and what is not known is not
// taken for anything.
func TestMergeTypes(t *testing.T) {
	t.Parallel()
	list := wire(t, `["list","string"]`, []any{"x"})
	unknown := packed(t, types.StringUnknown())
	unknownObject := packed(t, types.ObjectUnknown(map[string]attr.Type{"a": types.StringType}))
	labels := wire(t, `["map","string"]`, map[string]any{"a": "1", "b": "2"})
	object := func(members map[string]dynamicvalue.Value) dynamicvalue.Value { return dynamicvalue.Object(members) }
	two := wire(t, `"number"`, 2)
	tests := map[string]struct{ value, patch, want dynamicvalue.Value }{
		"list stays a list":          {object(map[string]dynamicvalue.Value{"l": list}), object(map[string]dynamicvalue.Value{"n": two}), object(map[string]dynamicvalue.Value{"l": list, "n": two})},
		"map stays a map":            {labels, object(nil), labels},
		"map becomes an object":      {labels, object(map[string]dynamicvalue.Value{"a": two, "b": dynamicvalue.Null}), object(map[string]dynamicvalue.Value{"a": two})},
		"map as a patch":             {object(map[string]dynamicvalue.Value{"c": two}), labels, object(map[string]dynamicvalue.Value{"a": wire(t, `"string"`, "1"), "b": wire(t, `"string"`, "2"), "c": two})},
		"null string removes":        {labels, wire(t, `["map","string"]`, map[string]any{"a": nil, "b": "3"}), object(map[string]dynamicvalue.Value{"b": wire(t, `"string"`, "3")})},
		"unknown member stays":       {object(map[string]dynamicvalue.Value{"u": unknown}), object(map[string]dynamicvalue.Value{"n": two}), object(map[string]dynamicvalue.Value{"n": two, "u": unknown})},
		"unknown object is merged":   {object(map[string]dynamicvalue.Value{"n": labels}), object(map[string]dynamicvalue.Value{"n": unknownObject}), object(map[string]dynamicvalue.Value{"n": dynamicvalue.Unknown})},
		"unknown member is replaced": {object(map[string]dynamicvalue.Value{"n": unknown}), object(map[string]dynamicvalue.Value{"n": two}), object(map[string]dynamicvalue.Value{"n": two})},
		"unknown member is merged":   {object(map[string]dynamicvalue.Value{"n": dynamicvalue.Unknown}), object(map[string]dynamicvalue.Value{"n": labels}), object(map[string]dynamicvalue.Value{"n": dynamicvalue.Unknown})},
		"unknown value":              {dynamicvalue.Unknown, labels, dynamicvalue.Unknown},
		"unknown patch":              {labels, dynamicvalue.Unknown, dynamicvalue.Unknown},
	}
	for name, tt := range tests {
		if got := dynamicvalue.Merge(tt.value, tt.patch); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

// FuzzMerge: merging Terraform values is merging JSON, by the pseudocode of RFC 7396.
func FuzzMerge(f *testing.F) {
	for i, seed := range seeds {
		f.Add([]byte(seed), []byte(seeds[(i+1)%len(seeds)]))
	}
	f.Add([]byte(`{"a":{"b":1,"c":null},"d":[1]}`), []byte(`{"a":{"b":null,"e":{"f":null}},"d":{"g":1e400}}`))
	f.Fuzz(func(t *testing.T, value, patch []byte) {
		if len(value)+len(patch) > sizeLimit {
			return
		}
		decodedValue, errValue := dynamicvalue.Decode(value)
		decodedPatch, errPatch := dynamicvalue.Decode(patch)
		if errValue != nil || errPatch != nil {
			return
		}
		got, err := dynamicvalue.Encode(dynamicvalue.Merge(decodedValue, decodedPatch))
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(mergePatch(tree(t, value), tree(t, patch)))
		if err != nil {
			t.Fatal(err)
		}
		if !dynamicvalue.Equal(got, want) {
			t.Errorf("%s merged with %s is %s, want %s", value, patch, got, want)
		}
	})
}

// tree is JSON as encoding/json reads it.
func tree(t *testing.T, text []byte) (tree any) {
	t.Helper()
	canonical, err := dynamicvalue.Canonical(text)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(canonical))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

// mergePatch is MergePatch of RFC 7396, section 2.
func mergePatch(target, patch any) any {
	members, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	merged := map[string]any{}
	if target, ok := target.(map[string]any); ok {
		merged = maps.Clone(target)
	}
	for name, member := range members {
		if member == nil {
			delete(merged, name)
		} else {
			merged[name] = mergePatch(merged[name], member)
		}
	}
	return merged
}
