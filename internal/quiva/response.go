package quiva

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// responseBody is what a request expects of a success. It is decoded into, then asked whether
// all that it cannot do without is there.
type responseBody interface{ check() error }

// streamedBody is a responseBody that reads a response as it arrives. It may be asked to more
// than once, since what breaks off is asked for again.
type streamedBody interface {
	responseBody
	read(body io.Reader) error
}

// isSuccess reports whether a status can come with what was asked for.
func isSuccess(status int) bool {
	return slices.Contains([]int{http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent}, status)
}

// unwrap removes the envelope {"status_code":N,"body":…} that services of the gateway build and
// that it does not always strip. It returns the status of the service, or 0 if there is no
// envelope. Where the body of the envelope has no body of its own, the envelope is what the API
// promises, and stays.
func unwrap(text []byte) (status int, inner []byte) {
	var envelope struct {
		Status *int            `json:"status_code"`
		Body   json.RawMessage `json:"body"`
	}
	switch err := json.Unmarshal(text, &envelope); {
	case err != nil || envelope.Status == nil || envelope.Body == nil:
		return 0, text
	case *envelope.Status/100 == 2 && members(envelope.Body)["body"] == nil:
		return *envelope.Status, text
	}
	return *envelope.Status, envelope.Body
}

// noError is the error field of a success. Decoding fails if it is set, whatever else the
// response contains.
type noError struct{}

func (*noError) UnmarshalJSON(text []byte) error {
	if string(text) == "null" || string(text) == `""` {
		return nil
	}
	if said, ok := readError(fmt.Appendf(nil, `{"error":%s}`, text)); ok {
		return fmt.Errorf("%w: %s", errReported, said)
	}
	return errReported
}

var (
	errReported        = errors.New("the response contains an error despite status 200")
	errEmpty           = errors.New("the response is empty")
	errNotUTF8         = errors.New("the response is not valid UTF-8")
	errUnexpectedShape = errors.New("the response is JSON of an unexpected shape")
)

// writeResponse is the response to a write, an object without an error. Nothing at all is one
// too, and no word is demanded: they differ from build to build.
type writeResponse struct {
	Error noError         `json:"error"`
	Body  json.RawMessage `json:"body"`
}

func (w *writeResponse) check() error {
	if bytes.HasPrefix(w.Body, []byte("{")) {
		return json.Unmarshal(w.Body, w)
	}
	return nil
}

// decode reads the last response, a success.
func (c *call) decode(into responseBody) error {
	_, isWrite := into.(*writeResponse)
	isEmpty := len(bytes.TrimSpace(c.body)) == 0
	err := c.streamErr
	switch {
	case isEmpty && isWrite:
		return nil
	case c.stream != nil:
	case isEmpty:
		return errEmpty
	case !utf8.Valid(c.body): // which encoding/json would silently repair
		return errNotUTF8
	default:
		_, inner := unwrap(c.body)
		if err = json.Unmarshal(inner, into); string(bytes.TrimSpace(inner)) == "null" {
			err = errUnexpectedShape
		}
	}
	if err != nil {
		return describeJSONError(c.body, err)
	}
	return into.check()
}

// explain fills in what a response that is no success says.
func (r redactor) explain(failure *Error, text []byte) {
	said, ok := readError(text)
	status := failure.StatusCode
	switch {
	case isRouteMissing(status, text):
		failure.kind = ErrNoRoute
		if failure.Message = said.String(); !ok {
			failure.Excerpt = r.excerpt(string(text))
		}
	case ok:
		failure.Message = said.String()
		if envelope, _ := unwrap(text); envelope == 0 || envelope == status {
			failure.wording = said.missing(status)
		}
	case status == http.StatusTooManyRequests:
		// The one status whose documented body is plain text.
		failure.Message = r.excerpt(string(text))
	case isDenied(status) && len(bytes.TrimSpace(text)) == 0:
		// The gateway does not always say more.
	default:
		failure.Cause, failure.Excerpt = "not a response of the gateway's API", r.excerpt(string(text))
	}
}

// isDenied reports whether a status says that the credential does not permit a call. For a
// restricted key it may be either.
func isDenied(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// isRouteMissing reports whether nothing serves a route on this host: the path has no such
// verb, a router says so in plain text, no service listens to it, or its 500 is empty.
func isRouteMissing(status int, text []byte) bool {
	text = bytes.TrimSpace(text)
	switch status {
	case http.StatusNotFound:
		return len(text) > 0 && text[0] != '<' && !looksLikeJSON(string(text))
	case http.StatusInternalServerError:
		return len(text) == 0 || hasNoResponders(text)
	}
	return status == http.StatusMethodNotAllowed
}

// hasNoResponders reports whether the gateway's message bus says that no service listens to a
// route.
func hasNoResponders(text []byte) bool {
	return bytes.Contains(bytes.ToLower(text), []byte("no responders"))
}

// reportedError is what a response says of an error: its text, and what explains it.
type reportedError struct {
	text    string
	details []string
}

func (e reportedError) String() string {
	if len(e.details) == 0 {
		return e.text
	}
	return e.text + " (" + strings.Join(e.details, ", ") + ")"
}

// missing returns the wording of an error that may mean that something is missing, with its
// status, or "". Only a proof can tell.
func (e reportedError) missing(status int) string {
	if !slices.Contains([]int{http.StatusNotFound, http.StatusBadRequest, http.StatusInternalServerError}, status) {
		return ""
	}
	for _, text := range append([]string{e.text}, e.details...) {
		wording := strings.TrimRight(strings.ToLower(strings.ReplaceAll(text, "_", " ")), " .!")
		if strings.HasSuffix(wording, "not found") {
			return fmt.Sprint(status, " ", wording)
		}
	}
	return ""
}

// readError reads an error, in its envelope or not. Its text is the error or else the message
// or the code; the reason in its details and the code explain it.
func readError(text []byte) (e reportedError, ok bool) {
	if _, inner := unwrap(text); len(inner) > 0 {
		text = inner
	}
	var members, details map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return e, false
	}
	if nested, ok := readError(members["error"]); ok {
		return nested, true
	}
	_ = json.Unmarshal(members["details"], &details)
	for _, member := range []json.RawMessage{members["error"], members["message"], details["reason"], members["code"]} {
		said := scalar(member)
		switch {
		case said == "" || said == e.text:
		case e.text == "":
			e.text = said
		default:
			e.details = append(e.details, said)
		}
	}
	return e, e.text != ""
}

// scalar returns the text of a string or a number, "" of anything else.
func scalar(text json.RawMessage) string {
	switch said := decoded(text).(type) {
	case string:
		return said
	case json.Number:
		return said.String()
	}
	return ""
}

// describeJSONError says what is wrong with a response that does not decode, of which text is
// at least the beginning.
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
	case errors.As(err, &shape):
		return errUnexpectedShape
	case !errors.As(err, &syntax):
		return err
	case !looksLikeJSON(strings.TrimSpace(string(text))):
		return errors.New("the response is not JSON")
	}
	return fmt.Errorf("the response is broken JSON after %d bytes: %w", syntax.Offset, err)
}
