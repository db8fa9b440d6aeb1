package quiva

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// Error is a request that failed for good.
type Error struct {
	// Method and Path are the request's; the path is percent-encoded and
	// includes the endpoint's prefix.
	Method, Path string
	// StatusCode is the last answer's, or 0 if there was none.
	StatusCode int
	// Message is what the gateway itself said about the failure, if it did.
	Message string
	// Body is the first line of an answer that is not the gateway's, with
	// values masked.
	Body string
	// Err is why there is no answer, or what is wrong with it.
	Err error
	// Attempts is how often the request was sent, Elapsed how long all of
	// them and the pauses in between took.
	Attempts int
	Elapsed  time.Duration
}

// Error says all of it in one or two sentences, without any credential.
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s", e.Method, e.Path)
	if e.StatusCode == 0 {
		text.WriteString(" failed")
	} else {
		fmt.Fprintf(&text, " was answered with status %d", e.StatusCode)
		if name := http.StatusText(e.StatusCode); name != "" {
			fmt.Fprintf(&text, " (%s)", name)
		}
	}
	if e.Message != "" {
		fmt.Fprintf(&text, ": %s", tidy(e.Message))
	}
	if e.Err != nil {
		fmt.Fprintf(&text, ": %v", e.Err)
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&text, " (%d tries in %s)", e.Attempts, e.Elapsed.Round(time.Millisecond*100))
	}
	if e.Body != "" {
		fmt.Fprintf(&text, "\nThe answer began: %s", e.Body)
	}
	return text.String()
}

func (e *Error) Unwrap() error { return e.Err }

// notFound is the gateway's own word for a missing bucket or key.
const notFound = "not_found"

// IsNotFound reports whether the gateway itself said that the bucket or the
// key does not exist. A 404 of anything else, such as a proxy that knows no
// such path, is not that.
func IsNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.StatusCode == http.StatusNotFound && e.Message == notFound
}

// explain fills in what an answer other than 200 says.
func (c *Client) explain(failure *Error, text string) {
	message, ok := errorMessage(text)
	text = c.redact(text)
	switch {
	case ok:
		failure.Message = c.redact(message)
	case failure.StatusCode == http.StatusTooManyRequests:
		// The one status whose documented body is plain text.
		failure.Message = firstLine(text)
	default:
		failure.Err = errors.New("not an answer of the gateway's API")
		failure.Body = firstLine(text)
	}
}

// errorMessage reads {"error":"…"} and the form that some layers of the
// gateway wrap it in, {"status_code":…,"body":{"error":"…"}}.
func errorMessage(text string) (string, bool) {
	var plain struct {
		Error *string `json:"error"`
	}
	if json.Unmarshal([]byte(text), &plain) == nil && plain.Error != nil {
		return *plain.Error, true
	}
	var wrapped struct {
		Body struct {
			Error *string `json:"error"`
		} `json:"body"`
	}
	if json.Unmarshal([]byte(text), &wrapped) == nil && wrapped.Body.Error != nil {
		return *wrapped.Body.Error, true
	}
	return "", false
}

// validText refuses what encoding/json would silently repair.
func validText(text []byte) error {
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return errors.New("the answer is empty")
	case !utf8.Valid(text):
		return errors.New("the answer is not valid UTF-8")
	}
	return nil
}

// describeJSONError says what is wrong with an answer that does not decode.
func describeJSONError(text []byte, err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax) && !looksLikeJSON(strings.TrimSpace(string(text))):
		return errors.New("the answer is not JSON")
	case errors.As(err, &syntax):
		return fmt.Errorf("the answer is broken JSON after %d bytes: %w", syntax.Offset, err)
	default:
		return errors.New("the answer is JSON of an unexpected shape")
	}
}

func looksLikeJSON(text string) bool {
	return text != "" && strings.IndexByte(`{["`, text[0]) >= 0
}

// How many bytes an error shows of a strange answer, and of a gateway's message.
const (
	firstLineLimit = 200
	messageLimit   = 1000
)

// firstLine returns the beginning of an answer for an error message. Of JSON
// only the structure and the names are shown: it may hold an entry's value.
func firstLine(text string) string {
	text = strings.TrimSpace(text)
	if looksLikeJSON(text) {
		return maskJSON(text)
	}
	line, _, _ := strings.Cut(text, "\n")
	return abbreviate(strings.Map(printable, strings.ToValidUTF8(line, "�")), firstLineLimit)
}

// tidy makes a message of the other side fit to be shown.
func tidy(message string) string {
	return abbreviate(strings.Map(printable, message), messageLimit)
}

// printable keeps an answer from playing with the user's terminal.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}

func abbreviate(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}

// maskJSON replaces every scalar of a JSON text by …, up to firstLineLimit
// bytes. It works on broken JSON too.
func maskJSON(text string) string {
	var masked strings.Builder
	for i := 0; i < len(text) && masked.Len() < firstLineLimit; {
		switch b := text[i]; {
		case strings.IndexByte("{}[]:,", b) >= 0:
			masked.WriteByte(b)
			i++
		case b == ' ' || b == '\n' || b == '\r' || b == '\t':
			i++
		case b == '"':
			end := stringEnd(text, i)
			// A name with an escape in it may hide anything.
			isName := strings.HasPrefix(strings.TrimLeft(text[end:], " \t\r\n"), ":")
			if name := text[i:end]; isName && !strings.Contains(name, `\`) {
				masked.WriteString(strings.Map(printable, strings.ToValidUTF8(name, "�")))
			} else {
				masked.WriteString("…")
			}
			i = end
		default:
			for i < len(text) && strings.IndexByte("{}[]:,\" \n\r\t", text[i]) < 0 {
				i++
			}
			masked.WriteString("…")
		}
	}
	return abbreviate(masked.String(), firstLineLimit)
}

// stringEnd returns the index after the JSON string that begins at start.
func stringEnd(text string, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// shortestSecret is the length, in bytes, below which a credential is no secret
// but a placeholder, found in any text.
const shortestSecret = 6

// redact removes the credential from a text of the other side, in case that
// echoes what it was sent.
func (c *Client) redact(text string) string {
	secret := c.credential.Secret
	if len(secret) < shortestSecret {
		return text
	}
	for _, form := range []string{
		secret,
		url.QueryEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)),
	} {
		text = strings.ReplaceAll(text, form, "(redacted)")
	}
	return text
}
