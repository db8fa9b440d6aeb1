package quiva

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

// responseBody is what a request expects with a status of 200. It is decoded
// into, then asked whether all that it cannot do without is there.
type responseBody interface{ check() error }

// streamedBody is a responseBody that reads a response as it arrives. It may be
// asked to more than once, since what breaks off is asked for again.
type streamedBody interface {
	responseBody
	read(body io.Reader) error
}

// noError is the error field of a response with status 200. Decoding fails if it is
// set, whatever else the response contains.
type noError struct{}

func (*noError) UnmarshalJSON(text []byte) error {
	if string(text) == "null" || string(text) == `""` {
		return nil
	}
	var message string
	if json.Unmarshal(text, &message) == nil {
		return fmt.Errorf("%w: %s", errReported, message)
	}
	return errReported
}

var (
	errReported        = errors.New("the response contains an error despite status 200")
	errEmpty           = errors.New("the response is empty")
	errNotUTF8         = errors.New("the response is not valid UTF-8")
	errUnexpectedShape = errors.New("the response is JSON of an unexpected shape")
)

// successResponse is the response to a write.
type successResponse struct {
	Error   noError `json:"error"`
	Message string  `json:"message"`
	Body    struct {
		Error noError `json:"error"`
	} `json:"body"`
}

func (s *successResponse) check() error {
	if s.Message != "success" {
		return errors.New("the response lacks \"message\": \"success\"")
	}
	return nil
}

// decode decodes the last response, which came with a status of 200.
func (c *call) decode(into responseBody) error {
	switch {
	case c.stream == nil:
		return decodeResponse(c.body, into)
	case c.streamErr != nil:
		return describeJSONError(c.body, c.streamErr)
	default:
		return into.check()
	}
}

// decodeResponse reads what came with a status of 200.
func decodeResponse(text []byte, into responseBody) error {
	if err := validText(text); err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return describeJSONError(text, err)
	}
	return into.check()
}

// explain fills in what a response of another status says.
func (r redactor) explain(failure *Error, text []byte) {
	message, ok := errorMessage(text)
	switch {
	case failure.StatusCode == http.StatusNotFound && isNotFound(text):
		failure.Message, failure.kind = message, ErrNotFound
	case ok && (failure.StatusCode != http.StatusNotFound || message != notFound):
		failure.Message = message
	case failure.StatusCode == http.StatusTooManyRequests:
		// The one status whose documented body is plain text.
		failure.Message = r.excerpt(string(text))
	default:
		failure.Cause = "not a response of the gateway's API"
		failure.Excerpt = r.excerpt(string(text))
	}
}

// notFound is the gateway's error for a missing bucket or key.
const notFound = "not_found"

// isNotFound reports whether the body of a 404 is just what the gateway sends,
// in one of its two forms. Any other body comes from something else.
func isNotFound(text []byte) bool {
	var compact bytes.Buffer
	if json.Compact(&compact, text) != nil {
		return false
	}
	switch compact.String() {
	case `{"error":"not_found"}`, `{"status_code":404,"body":{"error":"not_found"}}`, `{"body":{"error":"not_found"},"status_code":404}`:
		return true
	}
	return false
}

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
		return errEmpty
	case !utf8.Valid(text):
		return errNotUTF8
	}
	return nil
}

// describeJSONError says what is wrong with a response that does not decode, of
// which text is at least the beginning.
func describeJSONError(text []byte, err error) error {
	var (
		syntax *json.SyntaxError
		shape  *json.UnmarshalTypeError
	)
	switch {
	case errors.Is(err, io.EOF):
		return errEmpty
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the response is broken JSON: it ends too early")
	case errors.As(err, &syntax) && !looksLikeJSON(strings.TrimSpace(string(text))):
		return errors.New("the response is not JSON")
	case errors.As(err, &syntax):
		return fmt.Errorf("the response is broken JSON after %d bytes: %w", syntax.Offset, err)
	case errors.As(err, &shape):
		return errUnexpectedShape
	default:
		return err
	}
}
