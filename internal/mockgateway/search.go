package mockgateway

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strings"
)

// searchByField searches the values as they are now: the mock's index never lags.
//
// The documents name the parameters and say little of what they find. Here, a
// field is a property of the value itself, and a list is found by any of its
// elements.
func (g *Gateway) searchByField(c call) (response, error) {
	limit, err := readLimit(c.record.Query)
	if err != nil {
		return response{}, err
	}
	field, search := c.record.Query.Get("field"), c.record.Query.Get("search")
	switch {
	case field == "":
		return response{}, errors.New("field is required")
	case search == "":
		return response{}, errors.New("search is required")
	}
	var (
		found   []entry
		refused error
	)
	err = g.store.view(c.bucket, func(b *bucket) {
		var matches func(value any) bool
		if matches, refused = newMatcher(b.config.Indexing, c.record.Query); refused != nil {
			return
		}
		for _, e := range b.latest("*", len(b.entries)) {
			if len(found) < limit && slices.ContainsFunc(fieldValues(e.value, field), matches) {
				found = append(found, e)
			}
		}
	})
	if err := errors.Join(err, refused); err != nil {
		return response{}, err
	}
	metadata := fmt.Sprintf(`{"bucket":%s,"field":%s,"search":%s,"index_duration":"0ms","index_hits":%d}`,
		jsonText(c.bucket), jsonText(field), jsonText(search), len(found))
	return c.entriesResponse(found, metadata), nil
}

// fieldValues returns what a field of a value holds: the elements of a list, or
// the one value that it is.
func fieldValues(text, field string) []any {
	var object map[string]any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	_ = decoder.Decode(&object) // which leaves nil for what is no object
	if elements, ok := object[field].([]any); ok {
		return elements
	}
	return []any{object[field]}
}

// newMatcher returns what reports whether a field's value is one that a search
// finds. It fails if the field is not indexed, or not in a way that goes with the
// type of the search.
func newMatcher(indexing *Indexing, query url.Values) (func(value any) bool, error) {
	if indexing == nil {
		return nil, errors.New("the bucket has no index")
	}
	field, search := query.Get("field"), query.Get("search")
	at := slices.IndexFunc(indexing.Mappings, func(m IndexMapping) bool { return m.Field == field })
	if at < 0 {
		return nil, fmt.Errorf("the field %q is not indexed", field)
	}
	searchType, fieldType := cmp.Or(query.Get("search_type"), "exact"), indexing.Mappings[at].FieldType
	isText := fieldType == "text" || fieldType == "keyword"
	matchesText, isTextSearch := textSearches[searchType]
	switch {
	case isText && isTextSearch:
		return textMatcher(fieldType, search, matchesText), nil
	case fieldType == "number" && searchType == "exact":
		return rangeMatcher(search, search)
	case fieldType == "number" && searchType == "range":
		return rangeMatcher(query.Get("min"), query.Get("max"))
	case !isText && searchType == "exact":
		return func(value any) bool { return fmt.Sprint(value) == search }, nil
	}
	return nil, fmt.Errorf("a search of type %q cannot be used with the field %q, which is of type %s", searchType, field, fieldType)
}

// textSearches compare a word with one that is searched for.
var textSearches = map[string]func(word, wanted string) bool{
	"exact":  func(word, wanted string) bool { return word == wanted },
	"prefix": strings.HasPrefix,
	"fuzzy":  isWithTypo,
}

// textMatcher finds a keyword as a whole, and a text that has all words of the
// search, in any case.
func textMatcher(fieldType, search string, matches func(word, wanted string) bool) func(value any) bool {
	words := func(text string) []string { return []string{text} }
	if fieldType == "text" {
		words = func(text string) []string { return strings.Fields(strings.ToLower(text)) }
	}
	return func(value any) bool {
		text, ok := value.(string)
		return ok && !slices.ContainsFunc(words(search), func(wanted string) bool {
			return !slices.ContainsFunc(words(text), func(word string) bool { return matches(word, wanted) })
		})
	}
}

// isWithTypo reports whether two words differ by one character at most, which is
// another one, missing or too many.
func isWithTypo(word, wanted string) bool {
	a, b := []rune(word), []rune(wanted)
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a) <= 1 && len(b) <= 1
}

// rangeMatcher finds numbers between two bounds, both of which it includes. One of
// them may be missing.
func rangeMatcher(smallest, largest string) (func(value any) bool, error) {
	if smallest == "" && largest == "" {
		return nil, errors.New("a range needs min or max")
	}
	for _, bound := range []string{smallest, largest} {
		if _, ok := readNumber(bound); !ok && bound != "" {
			return nil, fmt.Errorf("%q is not a number", bound)
		}
	}
	return func(value any) bool {
		number, ok := value.(json.Number)
		return ok && !isLess(number.String(), smallest) && !isLess(largest, number.String())
	}, nil
}

// isLess compares two numbers. It reports false if one of them is no number.
func isLess(a, b string) bool {
	x, okX := readNumber(a)
	y, okY := readNumber(b)
	return okX && okY && x.Cmp(y) < 0
}

// readNumber keeps more digits than a float64.
func readNumber(text string) (*big.Float, bool) { return new(big.Float).SetPrec(512).SetString(text) }
