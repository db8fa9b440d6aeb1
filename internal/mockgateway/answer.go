package mockgateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// answer is a response that is not sent yet.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// statusError is a refusal with a status of its own.
type statusError struct {
	status  int
	message string
}

func (e *statusError) Error() string { return e.message }

func jsonAnswer(status int, body []byte) answer {
	return answer{
		status: status,
		header: http.Header{"Content-Type": {"application/json"}},
		body:   body,
	}
}

func success() answer {
	return jsonAnswer(http.StatusOK, []byte(`{"message":"success"}`))
}

// errorAnswer gives err the status it has, 404 if it is the store's
// errNotFound, and else 400: every other refusal is the request's own fault.
func errorAnswer(err error, wrapped bool) answer {
	status := http.StatusBadRequest
	var own *statusError
	switch {
	case errors.As(err, &own):
		status = own.status
	case errors.Is(err, errNotFound):
		status = http.StatusNotFound
	}
	body := fmt.Sprintf(`{"error":%s}`, jsonText(err.Error()))
	if wrapped {
		body = fmt.Sprintf(`{"status_code":%d,"body":%s}`, status, body)
	}
	return jsonAnswer(status, []byte(body))
}

func plainAnswer(status int, text string) answer {
	return answer{
		status: status,
		header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
		body:   []byte(text + "\n"),
	}
}

func noSuchRoute() answer {
	return plainAnswer(http.StatusNotFound, "404 page not found")
}

func methodNotAllowed(methods map[string]operation) answer {
	a := plainAnswer(http.StatusMethodNotAllowed, "Method Not Allowed")
	a.header.Set("Allow", strings.Join(slices.Sorted(maps.Keys(methods)), ", "))
	return a
}

// jsonText returns v as JSON, with <, > and & as they are.
func jsonText(v any) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(fmt.Sprintf("mockgateway: cannot encode %T: %v", v, err))
	}
	return strings.TrimSuffix(text.String(), "\n")
}
