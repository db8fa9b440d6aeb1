package quiva

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// responseBody is what a request expects with a status of 200. It is decoded
// into, then asked whether all that it cannot do without is there.
type responseBody interface{ check() error }

// successResponse is the response to a write.
type successResponse struct {
	Message *string `json:"message"`
}

func (s *successResponse) check() error {
	if s.Message == nil {
		return errors.New("the response lacks \"message\"")
	}
	return nil
}

// decodeResponse reads what came with a status of 200.
func decodeResponse(text []byte, into responseBody) error {
	if err := validText(text); err != nil {
		return err
	}
	err := json.Unmarshal(text, into)
	if err != nil {
		err = describeJSONError(text, err)
	} else {
		err = into.check()
	}
	if err != nil {
		if message, ok := errorMessage(text); ok {
			return errors.New("the response contains an error despite status 200: " + message)
		}
	}
	return err
}

// explain fills in what a response of another status says.
func (r redactor) explain(failure *Error, text []byte) {
	message, ok := errorMessage(text)
	switch {
	case failure.StatusCode == http.StatusNotFound && message == notFound:
		failure.Message, failure.kind = message, ErrNotFound
	case ok:
		failure.Message = message
	case failure.StatusCode == http.StatusTooManyRequests:
		// The one status whose documented body is plain text.
		failure.Message = r.excerpt(string(text))
	default:
		failure.Cause = "not a response of the gateway's API"
		failure.Excerpt = r.excerpt(string(text))
	}
}

// notFound is the gateway's own word for a missing bucket or key.
const notFound = "not_found"

// errorMessage reads {"error":"…"} and the form that some layers of the
// gateway wrap it in, {"status_code":…,"body":{"error":"…"}}.
func errorMessage(text []byte) (string, bool) {
	var plain struct {
		Error *string `json:"error"`
	}
	if json.Unmarshal(text, &plain) == nil && plain.Error != nil {
		return *plain.Error, true
	}
	var wrapped struct {
		Body struct {
			Error *string `json:"error"`
		} `json:"body"`
	}
	if json.Unmarshal(text, &wrapped) == nil && wrapped.Body.Error != nil {
		return *wrapped.Body.Error, true
	}
	return "", false
}

// validText refuses what encoding/json would silently repair.
func validText(text []byte) error {
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return errors.New("the response is empty")
	case !utf8.Valid(text):
		return errors.New("the response is not valid UTF-8")
	}
	return nil
}

// describeJSONError says what is wrong with a response that does not decode.
func describeJSONError(text []byte, err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax) && !looksLikeJSON(strings.TrimSpace(string(text))):
		return errors.New("the response is not JSON")
	case errors.As(err, &syntax):
		return fmt.Errorf("the response is broken JSON after %d bytes: %w", syntax.Offset, err)
	default:
		return errors.New("the response is JSON of an unexpected shape")
	}
}
