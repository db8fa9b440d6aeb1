package reconcile_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/reconcile"
)

// step is one call of a plan about one object and what is to come of it. Keys are
// those of the bucket "flags", written as "a b".
type step struct {
	object string // its mark
	// One of these: what it was read with, was read with as one that comes into the
	// state, is planned to have, stays with, and is planned to be deleted with.
	read, imported, declare, stay, delete string
	had                                   string // in the state, with declare
	properties                            string // it has of the one key of declare, or was read with
	scope                                 string // a prefix, with declare
	except, keyPrefix                     string
	want                                  string
}

func (s step) make(p *reconcile.Plan) string {
	owner := reconcile.Owner{Mark: s.object, Type: "type_" + s.object}
	fields := strings.Fields
	switch {
	case s.read != "" && s.properties != "":
		own, twice := p.ReadProperties(owner, "flags", s.read, json.RawMessage(s.properties))
		return fmt.Sprint(string(own), " ", twice)
	case s.read != "":
		return strings.Join(p.Read(owner, "flags", fields(s.read), false), " ")
	case s.imported != "":
		return strings.Join(p.Read(owner, "flags", fields(s.imported), true), " ")
	case s.stay != "":
		return fmt.Sprint(p.Stays(s.object))
	case s.delete != "":
		left, conflict := p.Delete(owner, "flags", fields(s.delete))
		return strings.TrimSpace(strings.Join(left, " ") + " " + describeConflict(conflict))
	}
	d := reconcile.Declaration{Owner: owner, Bucket: "flags", Keys: fields(s.declare), HadIn: "flags", Had: fields(s.had), KeyPrefix: s.keyPrefix}
	if s.properties != "" {
		d.Properties = json.RawMessage(s.properties)
	}
	if s.scope != "" {
		except := fields(s.except)
		d.Scope = &reconcile.Scope{Except: except, Contains: func(key string) bool {
			return strings.HasPrefix(key, strings.TrimSuffix(s.scope, "*")) && !slices.Contains(except, key)
		}}
	}
	return describeConflict(p.Declare(d))
}

func describeConflict(conflict *reconcile.Conflict) string {
	if conflict == nil {
		return ""
	}
	kinds := map[reconcile.ConflictKind]string{
		reconcile.DeclaredTwice: "declared twice", reconcile.InProperties: "in properties", reconcile.InScope: "in scope", reconcile.InTwoObjects: "in two",
	}
	text := fmt.Sprintf("%s: %s, by %s", kinds[conflict.Kind], strings.Join(conflict.Keys, " "), conflict.Other.Type)
	if conflict.Kind == reconcile.InScope {
		text += fmt.Sprintf(", except %q, of other %t", conflict.Except, conflict.IsScopeOfOther)
	}
	if len(conflict.Properties) > 0 {
		text += fmt.Sprint(" ", conflict.Properties)
	}
	return text
}

// TestPlan: what a plan knows of its objects, in the order of its calls.
func TestPlan(t *testing.T) {
	t.Parallel()
	tests := map[string][]step{
		"read twice":               {{object: "x", read: "a b"}, {object: "y", read: "b c", want: "b"}, {object: "x", read: "a b"}},
		"an import gives way none": {{object: "x", read: "a"}, {object: "y", imported: "a"}},
		"imported first":           {{object: "x", imported: "a"}, {object: "y", read: "a", want: "a"}},

		"two creations":             {{object: "x", declare: "a"}, {object: "y", declare: "a b", want: "declared twice: a, by type_x"}},
		"two that stay":             {{object: "x", read: "a"}, {object: "y", imported: "a"}, {object: "x", stay: "a", want: "true"}, {object: "y", stay: "a", want: "false"}},
		"not read, so it is asked":  {{object: "x", stay: "a", want: "false"}},
		"added to one":              {{object: "x", declare: "a", had: "a"}, {object: "y", declare: "a b", had: "b", want: "declared twice: a, by type_x"}},
		"planned twice":             {{object: "x", declare: "a b"}, {object: "x", declare: "a"}, {object: "y", declare: "b"}},
		"a replacement":             {{object: "x", declare: "b", had: "a"}, {object: "x", declare: "b"}, {object: "x", delete: "a"}},
		"given up":                  {{object: "x", declare: "b", had: "a b"}, {object: "y", declare: "a"}},
		"one property twice":        {{object: "x", declare: "a", properties: `{"p":1,"q":1}`}, {object: "y", declare: "a", properties: `{"p":1}`, want: "declared twice: a, by type_x [p]"}},
		"in properties, then whole": {{object: "x", declare: "a", properties: `{"p":1}`}, {object: "y", declare: "a", want: "in properties: a, by type_x"}},
		"whole, then in properties": {{object: "x", declare: "a"}, {object: "y", declare: "a", properties: `{"p":1}`, want: "in properties: a, by type_x"}},
		"from whole to properties":  {{object: "x", delete: "a"}, {object: "y", declare: "a", properties: `{"p":1}`, want: "in properties: a, by type_x"}},
		"properties for the whole":  {{object: "y", declare: "a", properties: `{"p":1}`}, {object: "x", delete: "a", want: "in properties: a, by type_y"}},
		"properties for one of it":  {{object: "y", declare: "a", properties: `{"p":1}`}, {object: "x", declare: "b", had: "a b", want: "in properties: a, by type_y"}},
		"one of it for properties":  {{object: "x", declare: "b", had: "a b"}, {object: "y", declare: "a", properties: `{"p":1}`, want: "in properties: a, by type_x"}},
		"only read as a whole":      {{object: "x", read: "a"}, {object: "y", declare: "a", properties: `{"p":1}`}},
		"properties read twice":     {{object: "x", read: "a", properties: `{"p":1}`, want: `{"p":1} []`}, {object: "y", read: "a", properties: `{"p":1,"q":2}`, want: `{"q":2} [p]`}},

		// Without a refresh, none of two objects gives way.
		"deleted, and it stays":      {{object: "x", delete: "a"}, {object: "y", declare: "a", had: "a", want: "in two: a, by type_x"}},
		"it stays, and deleted":      {{object: "y", declare: "a", had: "a"}, {object: "x", delete: "a", want: "a in two: a, by type_y"}},
		"given up, and it stays":     {{object: "x", declare: "b", had: "a b"}, {object: "y", declare: "a", had: "a", want: "in two: a, by type_x"}},
		"it stays, and given up":     {{object: "y", declare: "a", had: "a"}, {object: "x", declare: "b", had: "a b", want: "in two: a, by type_y"}},
		"given up by both":           {{object: "x", declare: "b", had: "a b"}, {object: "y", declare: "c", had: "a c"}},
		"deleted before it was read": {{object: "x", delete: "a"}, {object: "y", read: "a", want: "a"}, {object: "x", read: "a"}, {object: "y2", declare: "a"}},

		"a creation, then deleted":     {{object: "x", declare: "a"}, {object: "y", delete: "a b", want: "a"}},
		"read, then another deleted":   {{object: "x", read: "a"}, {object: "x", declare: "a", had: "a"}, {object: "y", delete: "a b", want: "a"}},
		"imported, and it goes":        {{object: "x", imported: "a b"}, {object: "y", imported: "a"}, {object: "y", declare: "a", had: "a"}, {object: "x", declare: "b", had: "a b", want: "in two: a, by type_y"}},
		"imported, and it goes unread": {{object: "y", imported: "a"}, {object: "y", declare: "a", had: "a"}, {object: "x", declare: "b", had: "a b", want: "in two: a, by type_y"}},
		"imported, and it is deleted":  {{object: "x", read: "a"}, {object: "y", imported: "a"}, {object: "y", declare: "a", had: "a"}, {object: "x", delete: "a", want: "a"}},
		"both deleted":                 {{object: "x", delete: "a"}, {object: "y", delete: "a"}},
		"deleted, and then imported":   {{object: "x", delete: "a"}, {object: "y", imported: "a"}, {object: "y", declare: "a", had: "a", want: "in two: a, by type_x"}},
		// Terraform 1.11 plans the deletion of an orphan before it reads it.
		"read, then another deleted and read": {
			{object: "x", read: "a"}, {object: "y", delete: "a", want: "a"}, {object: "y", read: "a", want: "a"}, {object: "x", declare: "a", had: "a"},
		},
		"read, given up, then deleted": {{object: "x", read: "a b"}, {object: "x", declare: "b", had: "a b"}, {object: "y", delete: "a"}},

		"in the scope of another":    {{object: "x", declare: "a", scope: "*", except: "c"}, {object: "y", declare: "b d", want: `in scope: b d, by type_x, except ["c" "b" "d"], of other true`}},
		"another in its scope":       {{object: "y", declare: "b"}, {object: "x", declare: "a", scope: "*", except: "c", want: `in scope: b, by type_y, except ["c" "b"], of other false`}},
		"with a prefix of their own": {{object: "y", declare: "t/b t/c", keyPrefix: "t/"}, {object: "x", declare: "a", scope: "*", want: `in scope: t/b t/c, by type_y, except ["t/*"], of other false`}},
		"excepted":                   {{object: "x", declare: "a", scope: "*", except: "b"}, {object: "y", declare: "b"}},
		"only read, or deleted":      {{object: "y", read: "b"}, {object: "z", delete: "c"}, {object: "x", declare: "a", scope: "*"}},
		"a replaced scope":           {{object: "x", declare: "a", had: "a", scope: "*"}, {object: "x", declare: "a", scope: "t/"}, {object: "y", declare: "b"}},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := reconcile.NewPlan()
			for i, step := range steps {
				if got := step.make(plan); got != step.want {
					t.Errorf("call %d: %q, want %q", i+1, got, step.want)
				}
			}
		})
	}
}

// TestPlanBucketDeletion: nothing can stay in a bucket that is deleted.
func TestPlanBucketDeletion(t *testing.T) {
	t.Parallel()
	plan := reconcile.NewPlan()
	plan.Declare(reconcile.Declaration{Owner: reconcile.Owner{Mark: "x"}, Bucket: "flags", Keys: []string{"a"}})
	plan.DeleteBucket("flags")
	if left, _ := plan.Delete(reconcile.Owner{Mark: "y"}, "flags", []string{"a"}); len(left) > 0 {
		t.Errorf("%q are to be left", left)
	}
	if !plan.IsBucketDeleted("flags") || plan.IsBucketDeleted("others") {
		t.Error("the wrong bucket is deleted")
	}
}
