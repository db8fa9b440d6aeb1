package properties_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/properties"
)

func TestPick(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ value, owned, want string }{
		"among others":           {`{"a":1,"b":2,"c":3}`, `{"b":0}`, `{"b":2}`},
		"nested among others":    {`{"a":{"b":1,"c":2},"d":3}`, `{"a":{"c":0}}`, `{"a":{"c":2}}`},
		"in the order of owned":  {`{"a":1,"b":2}`, `{"b":0,"a":0}`, `{"b":2,"a":1}`},
		"not there":              {`{"a":1}`, `{"b":0}`, `{}`},
		"nested, not there":      {`{"a":{"c":1}}`, `{"a":{"b":0}}`, `{"a":{}}`},
		"nothing owned":          {`{"a":1}`, `{}`, `{}`},
		"a list is whole":        {`{"a":[1,{"b":2}]}`, `{"a":[0]}`, `{"a":[1,{"b":2}]}`},
		"an object of others":    {`{"a":{"b":1}}`, `{"a":{}}`, `{"a":{}}`},
		"an object for a number": {`{"a":{"b":1}}`, `{"a":0}`, `{"a":{"b":1}}`},
		"a number for an object": {`{"a":5}`, `{"a":{"b":0}}`, `{"a":5}`},
		"null for an object":     {`{"a":null}`, `{"a":{"b":0}}`, `{"a":null}`},
		"null":                   {`{"a":null}`, `{"a":0}`, `{"a":null}`},
		"not an object":          {`[1]`, `{"a":0}`, `{}`},
		"digits and spaces":      {` { "a" : 1.50 , "b" : [ 1 ] } `, `{"a":0,"b":0}`, `{"a":1.50,"b":[ 1 ]}`},
		"escaped name":           {`{"\u00e9":1}`, `{"é":0}`, `{"é":1}`},
		"twice: the last counts": {`{"a":1,"b":0,"a":2}`, `{"a":0}`, `{"a":2}`},
	} {
		mustBe(t, name, properties.Pick(json.RawMessage(tt.value), json.RawMessage(tt.owned)), tt.want)
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ value, wanted, want string }{
		"no value":                {``, `{"a":1}`, `{"a":1}`},
		"beside others":           {`{"a":1}`, `{"b":2}`, `{"a":1,"b":2}`},
		"in its place":            {`{"a":1,"b":2,"c":3}`, `{"b":0}`, `{"a":1,"b":0,"c":3}`},
		"nested beside others":    {`{"a":{"b":1}}`, `{"a":{"c":2}}`, `{"a":{"b":1,"c":2}}`},
		"a list is whole":         {`{"a":[1,2]}`, `{"a":[3]}`, `{"a":[3]}`},
		"null":                    {`{"a":1}`, `{"a":null}`, `{"a":null}`},
		"an object of others":     {`{"a":{"b":1}}`, `{"a":{}}`, `{"a":{"b":1}}`},
		"an object for a number":  {`{"a":5}`, `{"a":{"b":1}}`, `{"a":{"b":1}}`},
		"a number for an object":  {`{"a":{"b":1}}`, `{"a":5}`, `{"a":5}`},
		"not an object":           {`5`, `{"a":1}`, `{"a":1}`},
		"nothing":                 {`{"a":1}`, `{}`, `{"a":1}`},
		"foreign digits and text": {`{"n":1.50e+3,"\u00e9":"\u00e9 <&>","x": [ 1 ]}`, `{"a":1}`, `{"n":1.50e+3,"\u00e9":"\u00e9 <&>","x":[ 1 ],"a":1}`},
		"escaped name":            {`{"\u00e9":1}`, `{"é":2}`, `{"\u00e9":2}`},
		"halves of surrogates":    {`{"\ud800":1,"\udfff":2,"�":3,"\uFFFD":4}`, `{"a":5,"�":6}`, `{"\ud800":1,"\udfff":2,"�":6,"a":5}`},
		"twice: one is left":      {`{"a":1,"b":0,"a":2}`, `{"a":3}`, `{"a":3,"b":0}`},
	} {
		mustBe(t, name, properties.Set(json.RawMessage(tt.value), json.RawMessage(tt.wanted)), tt.want)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		value, unwanted, want string // want is empty if nothing is left
		removed               bool
	}{
		"beside others":          {`{"a":1,"b":2}`, `{"a":0}`, `{"b":2}`, true},
		"nested beside others":   {`{"a":{"b":1,"c":2}}`, `{"a":{"b":0}}`, `{"a":{"c":2}}`, true},
		"last of its object":     {`{"a":{"b":1},"c":2}`, `{"a":{"b":0}}`, `{"c":2}`, true},
		"last of all":            {`{"a":{"b":{"c":1}}}`, `{"a":{"b":{"c":0}}}`, ``, true},
		"not there":              {`{"a":1}`, `{"b":0}`, `{"a":1}`, false},
		"nested, not there":      {`{"a":{"c":1}}`, `{"a":{"b":0}}`, `{"a":{"c":1}}`, false},
		"an empty object before": {`{"a":{},"c":1}`, `{"a":{"b":0}}`, `{"a":{},"c":1}`, false},
		"empty before":           {`{}`, `{"a":0}`, `{}`, false},
		"a foreign empty object": {`{"a":{},"c":1}`, `{"c":0}`, `{"a":{}}`, true},
		"an object of others":    {`{"a":{"b":1}}`, `{"a":{}}`, `{"a":{"b":1}}`, false},
		"an object of its own":   {`{"a":{},"b":1}`, `{"a":{}}`, `{"b":1}`, true},
		"a list is whole":        {`{"a":[1,2],"b":1}`, `{"a":[1]}`, `{"b":1}`, true},
		"a number for an object": {`{"a":5}`, `{"a":{"b":0}}`, `{"a":5}`, false},
		"an object for a number": {`{"a":{"b":1},"c":2}`, `{"a":5}`, `{"c":2}`, true},
		"not an object":          {`[1]`, `{"a":0}`, `[1]`, false},
		"some of them there":     {`{"a":1,"b":{ "c" : 1 }}`, `{"a":0,"b":{"d":0}}`, `{"b":{ "c" : 1 }}`, true},
		"foreign digits":         {`{"n":1.50e+3,"a":1}`, `{"a":0}`, `{"n":1.50e+3}`, true},
	} {
		rest, removed := properties.Remove(json.RawMessage(tt.value), json.RawMessage(tt.unwanted))
		mustBe(t, name, rest, tt.want)
		if removed != tt.removed {
			t.Errorf("%s: removed is %t", name, removed)
		}
	}
}

// TestWithout: of some properties, those that others have not, and those that they have.
func TestWithout(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ some, others, want, common string }{
		"some of them":           {`{"a":1,"b":2}`, `{"b":3,"c":4}`, `{"a":1}`, `{"b":2}`},
		"nested":                 {`{"a":{"b":1,"c":2}}`, `{"a":{"b":3}}`, `{"a":{"c":2}}`, `{"a":{"b":1}}`},
		"all":                    {`{"a":{"b":1},"c":2}`, `{"c":0,"a":{"b":0}}`, `{}`, `{"a":{"b":1},"c":2}`},
		"none":                   {`{"a":{"b":1}}`, `{}`, `{"a":{"b":1}}`, `{}`},
		"below one of others":    {`{"a":{"b":1,"c":2}}`, `{"a":5}`, `{}`, `{"a":{"b":1,"c":2}}`},
		"above one of others":    {`{"a":5}`, `{"a":{"b":1}}`, `{}`, `{"a":5}`},
		"an object of others":    {`{"a":{}}`, `{"a":{"b":1}}`, `{}`, `{"a":{}}`},
		"members of an object":   {`{"a":{"b":1}}`, `{"a":{}}`, `{"a":{"b":1}}`, `{}`},
		"a list is whole":        {`{"a":[1,2]}`, `{"a":[1]}`, `{}`, `{"a":[1,2]}`},
		"an object of nobody":    {`{"a":{}}`, `{"b":1}`, `{"a":{}}`, `{}`},
		"null is a property too": {`{"a":null}`, `{"a":1}`, `{}`, `{"a":null}`},
	} {
		some, others := json.RawMessage(tt.some), json.RawMessage(tt.others)
		mustBe(t, name, properties.Without(some, others), tt.want)
		mustBe(t, name, properties.Common(some, others), tt.common)
	}
}

func TestConflicts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ value, wanted, want, overlap string }{
		"free":                     {`{"a":1}`, `{"b":2}`, `[]`, `[]`},
		"equal":                    {`{"a":1}`, `{"a":1}`, `[]`, `[a]`},
		"another":                  {`{"a":1,"b":1}`, `{"b":2,"a":2}`, `[b a]`, `[b a]`},
		"nested":                   {`{"a":{"b":1,"c":1}}`, `{"a":{"b":2,"d":1}}`, `[a.b]`, `[a.b]`},
		"a number in the way":      {`{"a":5}`, `{"a":{"b":{"c":1}}}`, `[a]`, `[a]`},
		"null in the way":          {`{"a":null}`, `{"a":{"b":1}}`, `[a]`, `[a]`},
		"null is a value":          {`{"a":null}`, `{"a":1}`, `[a]`, `[a]`},
		"an object in its place":   {`{"a":{"b":1}}`, `{"a":5}`, `[a]`, `[a]`},
		"an object of others":      {`{"a":{"b":1}}`, `{"a":{}}`, `[]`, `[]`},
		"below an empty object":    {`{"a":{}}`, `{"a":{"b":1}}`, `[]`, `[]`},
		"no object where one is":   {`{"a":5}`, `{"a":{}}`, `[a]`, `[a]`},
		"a list is whole":          {`{"a":[1]}`, `{"a":[1,2]}`, `[a]`, `[a]`},
		"not an object":            {`5`, `{"a":1}`, `[]`, `[]`}, // the path of the value itself
		"names that need quotes":   {`{"a b":{"":{"é.":1}}}`, `{"a b":{"":{"é.":2}}}`, `[["a b"][""]["é."]]`, `[["a b"][""]["é."]]`},
		"names that need no quote": {`{"größe":{"x-y_1":1}}`, `{"größe":{"x-y_1":2}}`, `[größe.x-y_1]`, `[größe.x-y_1]`},
	} {
		value, wanted := json.RawMessage(tt.value), json.RawMessage(tt.wanted)
		if got := fmt.Sprint(properties.Conflicts(value, wanted, bytes.Equal)); got != tt.want {
			t.Errorf("%s: the conflicts are %s, want %s", name, got, tt.want)
		}
		if got := fmt.Sprint(properties.Overlap(value, wanted)); got != tt.overlap {
			t.Errorf("%s: the overlap is %s, want %s", name, got, tt.overlap)
		}
		if got, reverse := len(properties.Overlap(value, wanted)), len(properties.Overlap(wanted, value)); got != reverse {
			t.Errorf("%s: %d paths overlap one way and %d the other", name, got, reverse)
		}
	}
	if paths := properties.Conflicts(json.RawMessage(`5`), json.RawMessage(`{"a":1}`), bytes.Equal); len(paths) != 1 || len(paths[0]) != 0 {
		t.Errorf("what is not an object conflicts at %q", paths)
	}
}

func mustBe(t *testing.T, name string, got json.RawMessage, want string) {
	t.Helper()
	if string(got) != want {
		t.Errorf("%s: got %s, want %s", name, got, want)
	}
}
