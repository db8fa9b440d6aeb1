package quiva

import (
	"context"
	"encoding/base64"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// How many bytes an error shows of a strange response, and of all else that the other side
// says.
const (
	excerptLimit = 200
	messageLimit = 1000
)

// shortestSecret is the length, in bytes, below which a credential is no secret but a
// placeholder, found in any text.
const shortestSecret = 6

// redactor cleans every text that leaves the client in an error or a log. Most of these come
// from the gateway, or from something in its place, which may repeat the credential or send
// control characters to the user's terminal.
type redactor struct {
	secret *strings.Replacer
}

func newRedactor(credential Credential) redactor {
	secret := credential.Secret
	if len(secret) < shortestSecret {
		return redactor{strings.NewReplacer()}
	}
	const redacted = "(redacted)"
	return redactor{strings.NewReplacer(
		secret, redacted,
		url.QueryEscape(secret), redacted,
		url.PathEscape(secret), redacted,
		strings.Trim(strconv.Quote(secret), `"`), redacted,
		base64.StdEncoding.EncodeToString([]byte(secret)), redacted,
	)}
}

// userInfo is the user name and password in a URL.
var userInfo = regexp.MustCompile(`://[^/\s"]*@`)

// clean returns a text without the credential, without what else is secret in a URL, and
// without control and format characters.
func (r redactor) clean(text string) string {
	text = r.secret.Replace(strings.ToValidUTF8(text, "�"))
	if strings.Contains(text, "@") {
		text = userInfo.ReplaceAllString(text, "://(redacted)@")
	}
	return strings.Map(func(c rune) rune {
		if unicode.In(c, unicode.Cc, unicode.Cf) {
			return ' '
		}
		return c
	}, text)
}

// message cleans a message of the gateway for an error.
func (r redactor) message(text string) string {
	return abbreviate(r.clean(text), messageLimit)
}

// error cleans a failure before it is returned.
func (r redactor) error(failure *Error) *Error {
	failure.Path = r.clean(failure.Path)
	failure.Message = r.message(failure.Message)
	failure.Cause = r.message(failure.Cause)
	return failure
}

// log cleans events before they are logged.
func (r redactor) log(log LogFunc) LogFunc {
	if log == nil {
		return func(context.Context, string, map[string]any) {}
	}
	return func(ctx context.Context, message string, fields map[string]any) {
		for name, value := range fields {
			if text, ok := value.(string); ok {
				fields[name] = r.message(text)
			}
		}
		log(ctx, message, fields)
	}
}

// excerpt returns the beginning of a response. Of JSON only the structure and the names are
// shown: it may hold an entry's value.
func (r redactor) excerpt(text string) string {
	text = strings.TrimSpace(text)
	if looksLikeJSON(text) {
		text = maskJSON(text[:min(len(text), beginningLimit)])
	} else {
		text, _, _ = strings.Cut(text, "\n")
	}
	return abbreviate(r.clean(text), excerptLimit)
}

func abbreviate(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}

func looksLikeJSON(text string) bool {
	return text != "" && strings.IndexByte(`{["`, text[0]) >= 0
}

// jsonTokens matches a name, which must have no escape since that may hide anything, another
// string, which may be cut off, another scalar, or white space.
var jsonTokens = regexp.MustCompile(`("[^"\\]*")\s*:|"(?s:[^"\\]|\\.)*\\?"?|[^\s{}\[\]:,"]+|\s+`)

// maskJSON replaces every scalar of a JSON text, which may be broken, by ….
func maskJSON(text string) string {
	return jsonTokens.ReplaceAllStringFunc(text, func(token string) string {
		name := jsonTokens.FindStringSubmatch(token)[1]
		switch {
		case name != "":
			return name + ":"
		case strings.TrimSpace(token) == "":
			return ""
		}
		return "…"
	})
}
