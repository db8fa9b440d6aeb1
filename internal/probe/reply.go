package probe

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// reply is a response without the envelope in which it may have come.
type reply struct {
	status    int
	outer     int // the HTTP status, which an envelope may contradict
	enveloped bool
	header    http.Header
	text      string
	json      any // nil if the body is not JSON
}

func newReply(response *http.Response, text []byte) reply {
	r := reply{status: response.StatusCode, outer: response.StatusCode, header: response.Header, text: strings.TrimSpace(string(text))}
	_ = json.Unmarshal(text, &r.json) // which leaves nil for what is not JSON
	status, isNumber := r.member("status_code").(float64)
	if object, _ := r.json.(map[string]any); isNumber {
		r.status, r.json, r.enveloped = int(status), object["body"], true
	}
	return r
}

// member follows names through objects.
func (r reply) member(names ...string) any {
	value := r.json
	for _, name := range names {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// problem is the text of an error, empty if there is none.
func (r reply) problem() string {
	texts := []any{r.member("details", "reason"), r.member("error")}
	if r.status >= http.StatusBadRequest {
		texts = append(texts, r.member("message"))
	}
	for _, text := range texts {
		if text, _ := text.(string); text != "" {
			return text
		}
	}
	return ""
}

func (r reply) isSuccess() bool {
	return r.status >= 200 && r.status < 300 && r.problem() == "" && (r.json != nil || r.text == "")
}

// value is that of one entry, out of the string that may hold its text.
func (r reply) value() any {
	value := r.member("body", "value")
	var object map[string]any
	if text, ok := value.(string); ok && json.Unmarshal([]byte(text), &object) == nil {
		return object
	}
	return value
}

func (r reply) results() []map[string]any {
	var list []map[string]any
	results, _ := r.member("body", "results").([]any)
	for _, result := range results {
		object, _ := result.(map[string]any)
		list = append(list, object)
	}
	return list
}

func (r reply) has(key string) bool {
	return slices.ContainsFunc(r.results(), func(result map[string]any) bool { return result["key"] == key })
}

// String has no value.
func (r reply) String() string {
	text := r.problem()
	switch message, ok := r.member("message").(string); {
	case text != "":
	case ok:
		text = message
	case r.json != nil:
		text = typeName(r.json)
	case r.text == "":
		text = "without a body"
	default:
		text = "not JSON: " + r.text
	}
	return fmt.Sprint(r.status, " ", text)
}

var typeNames = strings.NewReplacer("map[string]interface {}", "object", "[]interface {}", "array", "float64", "number", "<nil>", "null")

func typeName(value any) string {
	if value == "" {
		return "empty string"
	}
	return typeNames.Replace(fmt.Sprintf("%T", value))
}
