package provider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/quivaworks/terraform-provider-quiva/internal/dynamicvalue"
)

// schemaURL is the base URL that the references of a schema are resolved against.
const schemaURL = "schema:///"

// compileSchema reads a schema, which may be an object or a bool.
func compileSchema(value dynamicvalue.Value) (*jsonschema.Schema, error) {
	switch value.Kind() {
	case dynamicvalue.KindObject, dynamicvalue.KindMap, dynamicvalue.KindBool:
	case dynamicvalue.KindString:
		return nil, errors.New("a schema must be an object; got a string; if it is JSON text, decode it: jsondecode(…); if it is the name of a file: jsondecode(file(…))")
	default:
		return nil, fmt.Errorf("a schema must be an object; got a %s", value.Kind())
	}
	text, err := dynamicvalue.Encode(value)
	if err != nil {
		return nil, fmt.Errorf("the schema cannot be written as JSON: %w", err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat() // which readers of a schema expect, whatever its draft
	compiler.UseLoader(noLoader{})
	if err := compiler.AddResource(schemaURL, document); err != nil {
		return nil, explainSchemaError(err)
	}
	compiled, err := compiler.Compile(schemaURL)
	if err != nil {
		return nil, explainSchemaError(err)
	}
	isKeyword := func(name string) bool { return strings.Contains(keywords, " "+name+" ") }
	if object, ok := document.(map[string]any); ok && !slices.ContainsFunc(slices.Collect(maps.Keys(object)), isKeyword) {
		return nil, errors.New("this object has no keyword of JSON Schema that could find an error; the value comes first, then the schema")
	}
	return compiled, nil
}

// keywords are those of all drafts that make a schema refuse something. An object
// without one is no schema: most likely the arguments are exchanged.
const keywords = " $dynamicRef $recursiveRef $ref additionalItems additionalProperties allOf anyOf const contains dependencies dependentRequired dependentSchemas enum " +
	"exclusiveMaximum exclusiveMinimum format if items maxItems maxLength maxProperties maximum minItems minLength minProperties minimum multipleOf not oneOf pattern " +
	"patternProperties prefixItems properties propertyNames required type unevaluatedItems unevaluatedProperties uniqueItems "

// noLoader keeps a schema from reading files and URLs.
type noLoader struct{}

func (noLoader) Load(string) (any, error) { return nil, errors.New("not loaded") }

func explainSchemaError(err error) error {
	var (
		remote  *jsonschema.LoadURLError
		invalid *jsonschema.SchemaValidationError
	)
	switch {
	case errors.As(err, &remote):
		return fmt.Errorf("the schema refers to %q, which is not part of it, and nothing is loaded; put the definition under \"$defs\", and refer to it as \"#/$defs/NAME\"", strings.TrimPrefix(remote.URL, schemaURL))
	case errors.As(err, &invalid):
		var failure *jsonschema.ValidationError
		if errors.As(invalid.Err, &failure) {
			return fmt.Errorf("this is not a JSON Schema:\n\n  %s", strings.Join(describeSchemaErrors(failure), "\n  "))
		}
	}
	return fmt.Errorf("this is not a JSON Schema: %s", strings.ReplaceAll(err.Error(), schemaURL, ""))
}

// schemaTimeout is how long the check of one value may take: definitions that
// refer to each other twice need twice the time with each of them.
const schemaTimeout = 5 * time.Second

// schemaErrors returns what a schema finds wrong with a JSON text while ctx lasts.
// The library cannot be stopped: its work goes on until the process ends.
func schemaErrors(ctx context.Context, schema dynamicvalue.Value, text []byte) ([]string, error) {
	var (
		found   []string
		failure error
		done    = make(chan struct{})
	)
	go func() {
		defer close(done)
		var compiled *jsonschema.Schema
		if compiled, failure = compileSchema(schema); failure == nil {
			found, failure = findErrors(compiled, text)
		}
	}()
	select {
	case <-done:
		return found, failure
	case <-ctx.Done():
		return nil, fmt.Errorf("the check was stopped (%w): it may take at most %s; definitions that refer to each other more than once multiply the time", ctx.Err(), schemaTimeout)
	}
}

// findErrors returns what a schema finds wrong with a JSON text, sorted.
func findErrors(schema *jsonschema.Schema, text []byte) ([]string, error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	var failure *jsonschema.ValidationError
	if err = schema.Validate(value); errors.As(err, &failure) {
		return describeSchemaErrors(failure), nil
	}
	return []string{}, err
}

var english = message.NewPrinter(language.English)

// describeSchemaErrors writes an error in lines: each says where something is
// wrong, as a JSON pointer, and what. Alternatives share one line, since any of
// them may be the one that was meant.
func describeSchemaErrors(failure *jsonschema.ValidationError) []string {
	if len(failure.Causes) == 0 {
		return []string{describeSchemaError(failure)}
	}
	var causes [][]string
	for _, cause := range failure.Causes {
		causes = append(causes, describeSchemaErrors(cause))
	}
	switch failure.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf, *kind.PropertyNames:
		var alternatives []string
		for _, lines := range causes {
			alternatives = append(alternatives, strings.Join(lines, ", "))
		}
		return []string{describeSchemaError(failure) + ": " + strings.Join(alternatives, "; or ")}
	case *kind.Contains, *kind.MinContains:
		return []string{describeSchemaError(failure)} // its causes are those of every item
	default:
		lines := slices.Concat(causes...)
		slices.Sort(lines)
		return slices.Compact(lines)
	}
}

func describeSchemaError(failure *jsonschema.ValidationError) string {
	var pointer strings.Builder
	for _, token := range failure.InstanceLocation {
		pointer.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(token))
	}
	if pointer.Len() > 0 {
		pointer.WriteString(": ")
	}
	return pointer.String() + describeSchemaErrorKind(failure.ErrorKind)
}

// describeSchemaErrorKind says what the library says, but gives all digits of
// numbers, which that rounds.
func describeSchemaErrorKind(of jsonschema.ErrorKind) string {
	numbers := func(keyword string, got, want *big.Rat) string {
		return fmt.Sprintf("%s: got %s, want %s", keyword, decimalText(got), decimalText(want))
	}
	switch of := of.(type) {
	case *kind.Minimum:
		return numbers("minimum", of.Got, of.Want)
	case *kind.Maximum:
		return numbers("maximum", of.Got, of.Want)
	case *kind.ExclusiveMinimum:
		return numbers("exclusiveMinimum", of.Got, of.Want)
	case *kind.ExclusiveMaximum:
		return numbers("exclusiveMaximum", of.Got, of.Want)
	case *kind.MultipleOf:
		return numbers("multipleOf", of.Got, of.Want)
	case *kind.FalseSchema:
		return "not allowed"
	case *kind.RefCycle:
		return "the schema refers to itself in a cycle"
	case *kind.AnyOf:
		return "matches none of anyOf"
	case *kind.OneOf:
		if len(of.Subschemas) == 0 {
			return "matches none of oneOf"
		}
	}
	return of.LocalizedString(english)
}

// decimalText writes a number that came from decimal digits, unless these are
// too many to read.
func decimalText(number *big.Rat) string {
	const readable = 40
	digits, _ := number.FloatPrec()
	if text := number.FloatString(digits); len(text) <= readable {
		return text
	}
	return new(big.Float).SetPrec(512).SetRat(number).Text('g', readable)
}
