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
	config, ok := g.Bucket(c.bucket)
	if !ok {
		return response{}, errNoBucket
	}
	matches, err := newMatcher(config.Indexing, c.record.Query)
	if err != nil {
		return response{}, err
	}
	field, search := c.record.Query.Get("field"), c.record.Query.Get("search")
	found, _, err := g.latestEntries(c, func(e entry) bool { return slices.ContainsFunc(fieldValues(e.value, field), matches) })
	metadata := fmt.Sprintf(`{"bucket":%s,"field":%s,"search":%s,"index_duration":"0ms","index_hits":%d}`,
		jsonText(c.bucket), jsonText(field), jsonText(search), len(found))
	return c.entriesResponse(found, metadata), err
}

// fieldValues returns the texts of what a field of a value holds: of the elements of a
// list, or of the one value that it is.
func fieldValues(text, field string) (texts []string) {
	var object map[string]any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	_ = decoder.Decode(&object) // which leaves nil for what is no object
	elements, ok := object[field].([]any)
	if !ok {
		elements = []any{object[field]}
	}
	for _, element := range elements {
		if element != nil {
			texts = append(texts, fmt.Sprint(element))
		}
	}
	return texts
}

// newMatcher returns what reports whether a field's value, as text, is one that a search
// finds: a text by its words, in any case, and all else as a whole.
func newMatcher(indexing *Indexing, query url.Values) (func(text string) bool, error) {
	field, search := query.Get("field"), query.Get("search")
	switch {
	case field == "" || search == "":
		return nil, errors.New("field and search are required")
	case indexing == nil:
		return nil, errors.New("the bucket has no index")
	}
	at := slices.IndexFunc(indexing.Mappings, func(m IndexMapping) bool { return m.Field == field })
	if at < 0 {
		return nil, fmt.Errorf("the field %q is not indexed", field)
	}
	searchType, fieldType := cmp.Or(query.Get("search_type"), "exact"), indexing.Mappings[at].FieldType
	smallest, largest := readNumber(query.Get("min")), readNumber(query.Get("max"))
	matchesWord, ok := textSearches[searchType]
	switch {
	case searchType == "range" && fieldType == "number" && (smallest != nil || largest != nil):
		return func(text string) bool {
			number := readNumber(text)
			return number != nil && (smallest == nil || smallest.Cmp(number) <= 0) && (largest == nil || number.Cmp(largest) <= 0)
		}, nil
	case !ok, searchType != "exact" && fieldType != "text" && fieldType != "keyword":
		return nil, fmt.Errorf("a search of type %q cannot be used with the field %q, which is of type %s", searchType, field, fieldType)
	case fieldType != "text":
		return func(text string) bool { return matchesWord(text, search) }, nil
	}
	return func(text string) bool {
		words := strings.Fields(strings.ToLower(text))
		return !slices.ContainsFunc(strings.Fields(strings.ToLower(search)), func(wanted string) bool {
			return !slices.ContainsFunc(words, func(word string) bool { return matchesWord(word, wanted) })
		})
	}, nil
}

// textSearches compare a word with one that is searched for.
var textSearches = map[string]func(word, wanted string) bool{
	"exact":  func(word, wanted string) bool { return word == wanted },
	"prefix": strings.HasPrefix,
	"fuzzy":  isWithTypo,
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

// readNumber keeps more digits than a float64. It returns nil for what is no number.
func readNumber(text string) *big.Float {
	number, _ := new(big.Float).SetPrec(512).SetString(text)
	return number
}
