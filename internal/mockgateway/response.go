package mockgateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// response is an HTTP response that is not sent yet.
type response struct {
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

func jsonResponse(status int, body []byte) response {
	return response{
		status: status,
		header: http.Header{"Content-Type": {"application/json"}},
		body:   body,
	}
}

func plainResponse(status int, text string) response {
	return response{
		status: status,
		header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
		body:   []byte(text + "\n"),
	}
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
